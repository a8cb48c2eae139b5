package stream

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/peba-edge/peba/alert"
)

// channel is what the clients of one domain are sent.
type channel struct {
	run      string
	trackers []*tracker // of its alerts
	live     bool       // false as long as what is added was there at the start
	// high is the latest second of which an alert was shown.
	high int64
	// shown is how many alerts were, by the second received.
	shown map[int64]int
	// recent are the last events, in the order in which they were sent.
	recent []entry
	// fresh are the events of this round, as they are sent.
	fresh             []byte
	found, shownAlike int64 // alerts of this round
	rate              rate
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

// begin ends the time in which what is added was there already.
func (ch *channel) begin(now time.Time) {
	ch.live = true
	ch.fresh = nil
	ch.found, ch.shownAlike = 0, 0
	ch.rate.since = now
}

// known is how many alerts of the channel were found in a span of seconds.
func (ch *channel) known(from, to int64) int64 {
	var n int64
	for _, t := range ch.trackers {
		n += t.found(from, to)
	}
	return n
}

// add puts new alerts of one second on the channel, or as many of them as may be
// shown. found is how many there are with those that were not read.
func (ch *channel) add(at int64, events []*event, found int64, encode func(*alert.Document) ([]byte, error)) error {
	ch.found += found
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
		if at < ch.high { // those behind it have not been sent yet
			id.known -= int64(len(chosen) - 1 - i)
		}
		text := fmt.Appendf(nil, "id: %s\nevent: alert\ndata: %s\n\n", id, e.data)
		ch.recent = append(ch.recent, entry{second: at, alert: e.id, live: ch.live, text: text})
		ch.fresh = append(ch.fresh, text...)
	}
	ch.shownAlike += int64(len(chosen))
	ch.recent = slices.Delete(ch.recent, 0, max(0, len(ch.recent)-mostReplayed))
	return nil
}

// evenly chooses n of a list, at even distances.
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

// chunk returns what a round found, and the rate where there is news of it.
func (ch *channel) chunk() []byte {
	chunk := ch.fresh
	ch.fresh = nil
	if ch.rate.news {
		ch.rate.news = false
		chunk = append(chunk, ch.rate.text...)
	}
	return chunk
}

// measure ends a round.
func (ch *channel) measure(now time.Time) {
	ch.rate.add(now, ch.found, ch.shownAlike)
	ch.found, ch.shownAlike = 0, 0
}

// forget drops what is known of the seconds before one.
func (ch *channel) forget(before int64) {
	maps.DeleteFunc(ch.shown, func(at int64, _ int) bool { return at < before })
}
