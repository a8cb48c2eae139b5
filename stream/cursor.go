package stream

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// cursor is where a client is: the id of an event. It means something to every
// edge of a store.
type cursor struct {
	// second is the latest in which an alert was received that was shown so far,
	// in seconds since the Unix epoch.
	second int64
	// known is how many alerts of the lateLook seconds before it had been found,
	// and sent if they are shown; place is how many of that second had been sent.
	known, place int64
	// run names the reader that wrote it.
	run string
	// alert is the id of the event's alert, escaped.
	alert string
}

// lateLook is over how many seconds before a client's last one it is noticed
// that alerts became visible after it left.
const lateLook = 60

// longestCursor is more than any has: ids are up to 512 bytes before escaping.
const longestCursor = 2000

// String is the text that parseCursor reads. It has no line breaks.
func (c cursor) String() string {
	return fmt.Sprintf("%d-%d-%d-%s-%s", c.second, c.known, c.place, c.run, c.alert)
}

// escapeID makes an alert's id, which other programs may have chosen, a part of
// a line. Ours stay as they are.
func escapeID(id string) string { return url.QueryEscape(id) }

// parseCursor reads the id of a client's last event. ok is false if it is none
// of ours, too old, or from the future.
func parseCursor(text string, now time.Time) (c cursor, ok bool) {
	parts := strings.SplitN(text, "-", 5)
	if len(parts) != 5 || len(text) > longestCursor {
		return cursor{}, false
	}
	second, err := strconv.ParseInt(parts[0], 10, 64)
	if err != nil || second < now.Add(-oldestResume).Unix() || second > now.Add(time.Minute).Unix() {
		return cursor{}, false
	}
	known, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil || known < 0 {
		return cursor{}, false
	}
	place, err := strconv.ParseInt(parts[2], 10, 64)
	if err != nil || place < 0 {
		return cursor{}, false
	}
	return cursor{second: second, known: known, place: place, run: parts[3], alert: parts[4]}, true
}
