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
		entries, missed := ch.after(w.after, max(r.first, w.countedTo), r.frontier)
		missed += w.earlier
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
// many alerts it missed beside these, from one second to another.
//
// The reader that sent the client's last event knows what it sent afterwards.
// For the others alerts have an order: by the second, then the store's. When
// more alerts are known now of the time before the client's last second than
// when it left, some came late. Which is not known, so that those of a while
// are sent again: better twice than never.
func (ch *channel) after(c cursor, from, to int64) (events []entry, missed int64) {
	at := slices.IndexFunc(ch.recent, func(e entry) bool { return e.alert == c.alert })
	if at >= 0 && ch.recent[at].live && c.run == ch.run {
		return ch.recent[at+1:], 0
	}
	late := ch.known(c.second-lateLook, c.second) > c.known
	inOrder := at >= 0 && ch.recent[at].second == c.second
	var later int64
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
	return events, max(0, ch.known(max(from, c.second+1), to)-later)
}
