package sqlite

import (
	"math"
	"slices"
	"time"

	"github.com/peba-edge/peba/store"
)

// Which questions roll-ups answer, and which spans of them.

// rollupFor returns the kind of roll-up that answers a question exactly: it
// counts by all that is asked for, and by all that is chosen by.
func rollupFor(f store.Filter, g store.Grouping) (kind int, ok bool) {
	switch {
	case f.SourceIP != "" || g.Times:
		return 0, false
	case g.Bucket < 0 || g.Bucket%(slotSeconds*time.Second) != 0:
		return 0, false
	case !f.From.IsZero() && !f.To.IsZero() && f.To.Sub(f.From) < 2*slotSeconds*time.Second:
		return 0, false // the alerts are as few
	}
	if _, err := communities(f.Domain); err != nil {
		return 0, false // the alerts' question returns the error
	}
	for i := range kinds {
		if kinds[i].answers(f, g) {
			return i, true
		}
	}
	return 0, false
}

// answers says whether a kind counts by all that a question is about.
func (k *kind) answers(f store.Filter, g store.Grouping) bool {
	if k.time != f.Time || k.web != f.Web {
		return false
	}
	if f.PeerType != "" && !k.has(store.PeerType) {
		return false
	}
	for _, by := range g.By {
		if !k.has(by) {
			return false
		}
	}
	return true
}

func (k *kind) has(by store.Dimension) bool { return slices.Contains(k.by, by) }

// The slots before and after all that there are; multiples of all widths of
// buckets do not overflow near them.
const (
	firstSlot = math.MinInt64 / 8 / daySlots * daySlots
	lastSlot  = math.MaxInt64 / 8 / daySlots * daySlots
)

// window is a span of time in seconds, from inclusive and to exclusive; an end
// may be open.
type window struct {
	from, to         int64
	openFrom, openTo bool
	nothing          bool // it is known to hold no alert
	torn             bool // some alerts of its first slot may have been retired
}

// whole returns the whole slots of a window, and what is left of it at its
// ends: spans of less than a slot, or one of less than two.
func (w window) whole() (from, to int64, edges []window) {
	from, to = firstSlot, lastSlot
	switch {
	case w.torn:
		from = slotOf(w.from) + 1
	case !w.openFrom:
		from = ceilTo(w.from, slotSeconds) / slotSeconds
	}
	if !w.openTo {
		to = floorTo(w.to, slotSeconds) / slotSeconds
	}
	if from >= to {
		return 0, 0, []window{w}
	}
	if start := from * slotSeconds; !w.openFrom && w.from < start {
		edges = append(edges, window{from: w.from, to: start})
	}
	if end := to * slotSeconds; !w.openTo && end < w.to {
		edges = append(edges, window{from: end, to: w.to})
	}
	return from, to, edges
}

// part is a row of roll-ups of one width.
type part struct{ width, from, to int64 }

// cover divides slots into the widest roll-ups that neither end nor a bucket
// cuts through. bucket is in slots, or 0.
func cover(from, to, bucket int64, widths []int64) []part {
	if from >= to || len(widths) == 0 {
		return nil
	}
	width := widths[0]
	low, high := ceilTo(from, width), floorTo(to, width)
	if low >= high || bucket%width != 0 {
		return cover(from, to, bucket, widths[1:])
	}
	parts := cover(from, low, bucket, widths[1:])
	parts = append(parts, part{width, low, high})
	return append(parts, cover(high, to, bucket, widths[1:])...)
}
