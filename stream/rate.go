package stream

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// rate is the number of alerts per second on a channel, and how many of them are
// shown. They are averages, to smooth alerts that become visible in bursts.
type rate struct {
	since   time.Time // when the first round was
	rounds  []counted // of the last rateSpan
	last    [2]float64
	text    []byte // the event; nil before the first alert
	changed bool   // whether to send it to clients
}

// counted has the numbers of alerts that a round found and showed.
type counted struct {
	at           time.Time
	found, shown int64
}

// add counts a round. The event is sent if the rate has changed, and always
// while not all alerts are shown.
func (r *rate) add(now time.Time, found, shown int64) {
	// Drops the round ten seconds ago, even if this one is slightly early.
	r.rounds = slices.DeleteFunc(r.rounds, func(c counted) bool { return now.Sub(c.at) > rateSpan-settle })
	r.rounds = append(r.rounds, counted{now, found, shown})
	var sum counted
	for _, c := range r.rounds {
		sum.found += c.found
		sum.shown += c.shown
	}
	span := min(rateSpan, max(time.Second, now.Sub(r.since))).Seconds()
	tenths := func(n int64) float64 { return math.Round(float64(n)/span*10) / 10 }
	next := [2]float64{tenths(sum.found), tenths(sum.shown)}
	if next == r.last && sum.found == sum.shown {
		return
	}
	r.last, r.changed = next, true
	r.text = fmt.Appendf(nil, "event: rate\ndata: {\"perSecond\":%g,\"shown\":%g}\n\n", next[0], next[1])
}
