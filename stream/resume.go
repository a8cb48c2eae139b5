package stream

import (
	"fmt"
	"slices"
)

// welcome returns what a client is sent at first: what it missed, and the rate.
func (r *reader) welcome(w welcome) []byte {
	ch := r.channels[w.domain]
	var chunk []byte
	if w.resumes {
		entries, later := ch.after(w.after)
		missed := w.earlier + ch.known(max(r.first, w.countedTo, w.after.second+1), r.frontier) - later
		switch {
		case w.uncounted:
			chunk = append(chunk, "event: missed\ndata: {\"alerts\":null}\n\n"...)
		case missed > 0:
			chunk = fmt.Appendf(chunk, "event: missed\ndata: {\"alerts\":%d}\n\n", missed)
		}
		for _, e := range entries {
			chunk = append(chunk, e.text...)
		}
	}
	return append(chunk, ch.rate.text...)
}

// after returns the events to send again to a client that comes back, and how
// many of them are of seconds after its last one.
//
// The reader that sent the client's last event knows what it sent afterwards.
// For the others alerts have an order: by the second, then the store's. When
// more alerts are known now of the time before the client's last second than
// when it left, some came late. Which is not known, so that those of a while
// are sent again: better twice than never.
func (ch *channel) after(c cursor) (events []entry, later int64) {
	at := slices.IndexFunc(ch.recent, func(e entry) bool { return e.alert == c.alert })
	if at >= 0 && ch.recent[at].live && c.run == ch.run {
		events = ch.recent[at+1:]
		for _, e := range events {
			if e.second > c.second {
				later++
			}
		}
		return events, later
	}
	late := ch.known(c.second-lateLook, c.second) > c.known
	inOrder := at >= 0 && ch.recent[at].second == c.second
	for i, e := range ch.recent {
		switch {
		case e.second > c.second:
			later++
		case e.second == c.second:
			if !inOrder || i <= at {
				continue
			}
		default:
			if !late || i == at || e.second < c.second-lateLook {
				continue
			}
		}
		events = append(events, e)
	}
	return events, later
}
