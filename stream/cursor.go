package stream

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// cursor is a client's position in the stream, sent as the id of an event. Every
// edge of a store understands it.
type cursor struct {
	// second is the latest arrival time of the alerts shown so far, in seconds
	// since the Unix epoch.
	second int64
	// known is the number of alerts found in the lateLook seconds before it, and
	// sent if shown. place is the number of alerts sent of that second.
	known, place int64
	// run identifies the reader that wrote it.
	run string
	// alert is the id of the event's alert, escaped.
	alert string
}

// lateLook is the number of seconds before a client's last one in which late
// alerts are detected.
const lateLook = 60

// longestCursor is an upper limit: ids have up to 512 bytes before escaping.
const longestCursor = 2000

// String returns the text that parseCursor parses, without line breaks.
func (c cursor) String() string {
	return fmt.Sprintf("%d-%d-%d-%s-%s", c.second, c.known, c.place, c.run, c.alert)
}

// escapeID escapes an alert's id for use in a line. Other programs may have
// chosen it; our ids stay unchanged.
func escapeID(id string) string { return url.QueryEscape(id) }

// parseCursor parses the id of a client's last event. ok is false if it is
// invalid, too old, or from the future.
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
