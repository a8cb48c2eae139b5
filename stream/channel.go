package stream

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/peba-edge/peba/alert"
)

// channel holds the events for the clients of one domain.
type channel struct {
	run      string
	trackers []*tracker // of its alerts
	live     bool       // false while added alerts are older than the reader
	// high is the latest second with a shown alert.
	high int64
	// shown counts shown alerts by the second of arrival.
	shown map[int64]int
	// recent has the last events in the order sent.
	recent []entry
	// fresh has the encoded events of this round.
	fresh             []byte
	found, shownAlike int64 // alerts of this round
	rate              rate
	arrivals          arrivals
}

// entry is an event of a channel.
type entry struct {
	second int64
	alert  string
	live   bool
	text   []byte
}

func newChannel(run string, trackers ...*tracker) *channel {
	return &channel{run: run, trackers: trackers, shown: make(map[int64]int)}
}

// begin marks the end of adding alerts older than the reader.
func (ch *channel) begin(now time.Time) {
	ch.live = true
	ch.fresh = nil
	ch.arrivals = arrivals{}
	ch.found, ch.shownAlike = 0, 0
	ch.rate.since = now
}

// known returns how many alerts of the channel were found in a span of seconds.
func (ch *channel) known(from, to int64) int64 {
	var n int64
	for _, t := range ch.trackers {
		n += t.found(from, to)
	}
	return n
}

// add puts new alerts of one second on the channel, up to the limit shown. found
// is their total number, including unread ones.
func (ch *channel) add(at int64, events []*event, found int64, encode func(*alert.Document) ([]byte, error)) error {
	ch.found += found
	ch.arrivals.change(at)
	chosen := evenly(events, shownPerSecond-ch.shown[at])
	if len(chosen) == 0 {
		return nil
	}
	ch.high = max(ch.high, at)
	known := ch.known(ch.high-lateLook, ch.high)
	for i, e := range chosen {
		if e.data == nil {
			var err error
			if e.data, err = encode(e.doc); err != nil {
				return err
			}
			e.doc = nil
		}
		ch.shown[at]++
		id := cursor{second: ch.high, known: known, place: int64(ch.shown[ch.high]), run: ch.run, alert: e.id}
		if at < ch.high { // later ones have not been sent yet
			id.known -= int64(len(chosen) - 1 - i)
		}
		text := fmt.Appendf(nil, "id: %s\nevent: alert\ndata: %s\n\n", id, e.data)
		ch.recent = append(ch.recent, entry{second: at, alert: e.id, live: ch.live, text: text})
		ch.fresh = append(ch.fresh, text...)
	}
	ch.shownAlike += int64(len(chosen))
	ch.recent = slices.Delete(ch.recent, 0, max(0, len(ch.recent)-maxReplayed))
	return nil
}

// evenly selects n elements of a list at even distances.
func evenly(list []*event, n int) []*event {
	if n <= 0 {
		return nil
	}
	if len(list) <= n {
		return list
	}
	chosen := make([]*event, n)
	for i := range chosen {
		chosen[i] = list[i*len(list)/n]
	}
	return chosen
}

// chunk returns the events of a round: alerts, arrival counts, and the rate if it
// changed. It returns nothing before begin. to is the next second to read.
func (ch *channel) chunk(to int64) []byte {
	if !ch.live {
		return nil
	}
	chunk := ch.fresh
	ch.fresh = nil
	chunk = append(chunk, ch.arrivals.update(to, ch.known)...)
	if ch.rate.changed {
		ch.rate.changed = false
		chunk = append(chunk, ch.rate.text...)
	}
	return chunk
}

// measure ends a round.
func (ch *channel) measure(now time.Time) {
	ch.rate.add(now, ch.found, ch.shownAlike)
	ch.found, ch.shownAlike = 0, 0
}

// forget drops the seconds before the given one.
func (ch *channel) forget(before int64) {
	maps.DeleteFunc(ch.shown, func(at int64, _ int) bool { return at < before })
}
