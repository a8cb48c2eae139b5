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
// they know of more alerts before the client's last one than had been sent when
// it left, some became visible late. Which is not known, so that those of a while
// are sent again: better twice than never.
func (ch *channel) after(c cursor) (events []entry, later int64) {
	at := slices.IndexFunc(ch.recent, func(e entry) bool { return e.alert == c.alert })
	switch {
	case at >= 0 && ch.recent[at].live && c.run == ch.run:
		events = ch.recent[at+1:]
	case ch.known(c.second-lateLook, c.second) > c.known || at >= 0 && ch.placeOf(c, at) > c.place:
		events = ch.since(c.second-lateLook, at)
	default:
		inOrder := at >= 0 && ch.recent[at].second == c.second
		for i, e := range ch.recent {
			if e.second > c.second || e.second == c.second && inOrder && i > at {
				events = append(events, e)
			}
		}
	}
	for _, e := range events {
		if e.second > c.second {
			later++
		}
	}
	return events, later
}

// placeOf is the place that a cursor would have here, whose alert is the one at
// the given index.
func (ch *channel) placeOf(c cursor, at int) int64 {
	list := ch.recent
	if list[at].second == c.second {
		list = list[:at+1]
	} // else all of that second were sent before the alert, which was late
	var place int64
	for _, e := range list {
		if e.second == c.second {
			place++
		}
	}
	return place
}

// since returns the events from a second on, but the one at the given index.
func (ch *channel) since(second int64, but int) []entry {
	var events []entry
	for i, e := range ch.recent {
		if e.second >= second && i != but {
			events = append(events, e)
		}
	}
	return events
}
