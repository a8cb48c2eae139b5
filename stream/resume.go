package stream

import (
	"fmt"
	"slices"
)

// welcome returns a client's first chunk: the events it missed, recent arrival
// counts, and the rate.
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
	chunk = append(chunk, ch.arrivals.first(r.frontier, ch.known)...)
	return append(chunk, ch.rate.text...)
}

// after returns the events for a reconnecting client, and how many of them are
// of seconds after its last one.
//
// The reader that sent the client's last event knows what it sent afterwards.
// Other readers use the order of alerts: by second, then the store's. If they
// know more alerts before the client's last one than it had been sent, some
// became visible late. Which ones is unknown, so all alerts of a while are sent
// again: better twice than never.
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

// placeOf returns the place of a cursor whose alert is at the given index here.
func (ch *channel) placeOf(c cursor, at int) int64 {
	list := ch.recent
	if list[at].second == c.second {
		list = list[:at+1]
	} // otherwise the alert was late, and all others of that second were sent before it
	var place int64
	for _, e := range list {
		if e.second == c.second {
			place++
		}
	}
	return place
}

// since returns the events from a second on, except the one at the given index.
func (ch *channel) since(second int64, but int) []entry {
	var events []entry
	for i, e := range ch.recent {
		if e.second >= second && i != but {
			events = append(events, e)
		}
	}
	return events
}
