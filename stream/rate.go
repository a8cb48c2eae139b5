package stream

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// rate is how many alerts a second there are on a channel, and how many of them
// are shown: averages, so that alerts which become visible in bursts are a rate too.
type rate struct {
	since  time.Time // when the first round was
	rounds []counted // of the last rateSpan
	last   [2]float64
	text   []byte // the event; nil until there was an alert
	news   bool   // whether clients are to be told
}

// counted is what a round found and showed.
type counted struct {
	at           time.Time
	found, shown int64
}

// add counts a round. There is news when the rate is another, and always while
// not all are shown.
func (r *rate) add(now time.Time, found, shown int64) {
	// The round ten seconds ago is out, also if this one is a little early.
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
	r.last, r.news = next, true
	r.text = fmt.Appendf(nil, "event: rate\ndata: {\"perSecond\":%g,\"shown\":%g}\n\n", next[0], next[1])
}
