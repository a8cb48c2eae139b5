package stream

import (
	"fmt"
	"strconv"
)

// countedSpan is the number of seconds whose arrival counts a new client gets, and
// how long counts of zero are sent.
const countedSpan = 300

// arrivals tracks the arrival counts per second that a channel's clients have been
// sent. The counts are exact, whereas alert events are a selection.
type arrivals struct {
	// told is the first second whose count has not been sent yet.
	told int64
	// changed is the first second before told whose count has changed since; 0: none.
	changed int64
	// quiet is set once clients were sent zeros for the last countedSpan seconds.
	quiet bool
}

// counter returns how many alerts were found in a span of seconds.
type counter = func(from, to int64) int64

// change records that a second has more alerts than before.
func (a *arrivals) change(at int64) {
	if at < a.told && (a.changed == 0 || at < a.changed) {
		a.changed = at
	}
}

// update returns the event for existing clients: the counts from the first second
// that changed or is new up to the given one, or nil if there is nothing to send.
func (a *arrivals) update(to int64, count counter) []byte {
	from := a.told
	if a.changed != 0 {
		from = a.changed
	}
	to = max(to, a.told)
	recent := count(to-countedSpan, to)
	if from == to || recent == 0 && a.quiet && a.changed == 0 {
		return nil
	}
	a.told, a.changed, a.quiet = to, 0, recent == 0
	return countEvent(max(from, to-history), to, count)
}

// first returns the event for a new client.
func (a *arrivals) first(to int64, count counter) []byte {
	to = max(to, a.told)
	return countEvent(to-countedSpan, to, count)
}

// countEvent returns the event with the number of alerts that arrived in each
// second of a span.
func countEvent(from, to int64, count counter) []byte {
	text := fmt.Appendf(nil, "event: count\ndata: {\"from\":%d,\"counts\":[", from)
	for at := from; at < to; at++ {
		if at > from {
			text = append(text, ',')
		}
		text = strconv.AppendInt(text, count(at, at+1), 10)
	}
	return append(text, "]}\n\n"...)
}
