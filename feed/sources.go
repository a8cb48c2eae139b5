package feed

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/peba-edge/peba/store"
)

// Bounds of Sources: a sender with a login can invent addresses and sensors.
const (
	// MaxSources is the maximum number of addresses. Beyond it those with the fewest
	// alerts are dropped.
	MaxSources = 2_000_000
	// maxOrigins is the maximum number of origins; further ones count as one sensor.
	maxOrigins = 1_000_000
)

// Sources counts the alerts of each source address by slot of received time. It reads a
// store, and then only what is new. It is shared by all feeds and by the configurations
// of a reload; methods are safe for concurrent use.
type Sources struct {
	mu   sync.Mutex
	slot time.Duration
	// window is how far back alerts were read.
	window time.Duration
	// byDomain is for the community and for private users, whose alerts come from
	// separate readings.
	byDomain [2]reading
	byAddr   map[netip.Addr][]count
	origins  originTable
	max      int
}

// reading is how far the alerts of a domain have been read.
type reading struct {
	domain store.Domain
	// until is the received time up to which all alerts were read.
	until time.Time
	// slots has the number of alerts read by the start of their slot.
	slots map[int64]int64
}

// count is the number of alerts of a source with one origin in one slot.
type count struct {
	origin uint32
	alerts uint32
	// first and last are received times, in seconds since the Unix epoch. Both are in the
	// slot.
	first, last uint32
}

// NewSources returns an empty table.
func NewSources() *Sources {
	s := &Sources{max: MaxSources}
	s.reset(0)
	return s
}

// reset forgets everything.
func (s *Sources) reset(slot time.Duration) {
	s.slot = slot
	s.byAddr = make(map[netip.Addr][]count)
	s.origins = newOriginTable()
	for i, domain := range []store.Domain{store.Community, store.Private} {
		s.byDomain[i] = reading{domain: domain, slots: make(map[int64]int64)}
	}
}

// slotWidths are the widths of slots, widest first: divisors of a day.
var slotWidths = [...]time.Duration{time.Hour, 10 * time.Minute, time.Minute, 10 * time.Second, time.Second}

// slotOf returns the width of slots for a window: at most a 24th of it. The window of a
// feed begins at the start of a slot, so that it is longer by less than that.
func slotOf(window time.Duration) time.Duration {
	for _, width := range slotWidths {
		if width <= window/24 {
			return width
		}
	}
	return time.Second
}

// Update reads what is needed for windows of that length that end at a time, with slots of
// the given width. It stops early, without an error, when budget has passed; behind is true
// if there is more to read.
func (s *Sources) Update(ctx context.Context, from store.Reader, at time.Time, window, slot, budget time.Duration) (behind bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	// A longer window, after a reload, begins before what was read, and so does one after the
	// clock was set back.
	if s.slot != slot || window > s.window || s.isAhead(at) {
		s.reset(slot)
	}
	s.window = window
	oldest := store.BucketStart(at.Add(-window), slot)
	s.drop(oldest)
	deadline := time.Now().Add(budget)
	for i := range s.byDomain {
		r := &s.byDomain[i]
		for r.until = later(r.until, oldest); r.until.Before(at); {
			end := earlier(store.BucketStart(r.until, slot).Add(slot), at)
			if time.Now().After(deadline) {
				return true, nil
			}
			began := time.Now()
			if err := s.read(ctx, from, r, r.until, end); err != nil {
				return false, err
			}
			r.until = end
			if end.Before(at) { // a long way to go: leave the store to others half of the time
				pause(ctx, time.Since(began))
			}
		}
	}
	s.evict()
	return false, nil
}

// isAhead reports whether alerts were read far beyond a time. Configurations that share the
// table are at most an interval apart.
func (s *Sources) isAhead(at time.Time) bool {
	for i := range s.byDomain {
		if s.byDomain[i].until.Sub(at) > s.slot+5*time.Minute {
			return true
		}
	}
	return false
}

// Verify compares the numbers of alerts with the store's, and reads the slots again that
// differ: alerts may become countable long after they were received. It reads at
// most until budget has passed. It must follow a complete Update.
func (s *Sources) Verify(ctx context.Context, from store.Reader, at time.Time, window, budget time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	oldest := store.BucketStart(at.Add(-window), s.slot)
	deadline := time.Now().Add(budget)
	for i := range s.byDomain {
		r := &s.byDomain[i]
		end := earlier(at, r.until)
		groups, err := from.Group(ctx, store.Filter{Domain: r.domain, From: oldest, To: end}, store.Grouping{Bucket: s.slot})
		if err != nil {
			return fmt.Errorf("counting the alerts of feeds: %w", err)
		}
		stored := make(map[int64]int64, len(groups))
		for _, g := range groups {
			stored[g.Start.Unix()] = g.Count
		}
		for start := oldest; start.Before(end); start = start.Add(s.slot) {
			if stored[start.Unix()] == r.slots[start.Unix()] || time.Now().After(deadline) {
				continue
			}
			s.forget(r.domain, start.Unix(), start.Add(s.slot).Unix())
			delete(r.slots, start.Unix())
			if err := s.read(ctx, from, r, start, earlier(start.Add(s.slot), end)); err != nil {
				return err
			}
		}
	}
	return nil
}

// readBy are the dimensions of a reading, in the order of newOrigin's key.
var readBy = []store.Dimension{
	store.SourceIP, store.PeerType, store.SourceDoubt, store.SensorUUID, store.Hostname, store.ExternalIP, store.Interaction,
}

// read adds the alerts received in a part of a slot.
func (s *Sources) read(ctx context.Context, from store.Reader, r *reading, start, end time.Time) error {
	groups, err := from.Group(ctx, store.Filter{Domain: r.domain, From: start, To: end}, store.Grouping{By: readBy, Times: true})
	if err != nil {
		return fmt.Errorf("reading the alerts of feeds: %w", err)
	}
	slot := store.BucketStart(start, s.slot).Unix()
	for i := range groups {
		g := &groups[i]
		r.slots[slot] += g.Count
		addr, err := netip.ParseAddr(g.Key[0])
		if err != nil {
			continue // a sensor that sends no address cannot be listed
		}
		s.add(addr.Unmap().WithZone(""), slot, count{
			origin: s.origins.id(newOrigin(g.Key, r.domain)), alerts: saturated(g.Count),
			first: uint32(g.First.Unix()), last: uint32(g.Last.Unix()),
		})
	}
	return nil
}

// add merges a count into the source's.
func (s *Sources) add(addr netip.Addr, slot int64, c count) {
	counts := s.byAddr[addr]
	for i := range slices.Backward(counts) {
		known := &counts[i]
		if known.origin != c.origin || int64(known.first) < slot || int64(known.first) >= slot+int64(s.slot/time.Second) {
			continue
		}
		known.alerts = saturated(int64(known.alerts) + int64(c.alerts))
		known.first, known.last = min(known.first, c.first), max(known.last, c.last)
		return
	}
	s.byAddr[addr] = append(counts, c)
}

// saturated returns n, or the largest number that fits.
func saturated(n int64) uint32 { return uint32(min(n, 1<<32-1)) }

// drop forgets what was received before a time.
func (s *Sources) drop(oldest time.Time) {
	stale := false
	for i := range s.byDomain {
		for start := range s.byDomain[i].slots {
			if start < oldest.Unix() {
				delete(s.byDomain[i].slots, start)
				stale = true
			}
		}
	}
	if stale {
		s.forget(store.Both, 0, oldest.Unix())
		s.origins.compact(s.byAddr)
	}
}

// forget removes the counts of a domain whose slot begins in a span of seconds.
func (s *Sources) forget(domain store.Domain, from, to int64) {
	for addr, counts := range s.byAddr {
		kept := slices.DeleteFunc(counts, func(c count) bool {
			return int64(c.first) >= from && int64(c.first) < to &&
				(domain == store.Both || s.origins.list[c.origin].domain == domain)
		})
		if len(kept) == 0 {
			delete(s.byAddr, addr)
		} else if len(kept) < len(counts) {
			s.byAddr[addr] = kept
		}
	}
}

// evict drops the sources with the fewest alerts if there are too many, the longest
// silent first.
func (s *Sources) evict() {
	if len(s.byAddr) <= s.max {
		return
	}
	type weight struct {
		addr   netip.Addr
		alerts int64
		last   uint32
	}
	all := make([]weight, 0, len(s.byAddr))
	for addr, counts := range s.byAddr {
		w := weight{addr: addr}
		for _, c := range counts {
			w.alerts += int64(c.alerts)
			w.last = max(w.last, c.last)
		}
		all = append(all, w)
	}
	slices.SortFunc(all, func(a, b weight) int {
		return cmp.Or(cmp.Compare(a.alerts, b.alerts), cmp.Compare(a.last, b.last), a.addr.Compare(b.addr))
	})
	for _, w := range all[:len(all)-s.max*9/10] {
		delete(s.byAddr, w.addr)
	}
}

// Size returns the number of sources.
func (s *Sources) Size() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.byAddr)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// pause waits, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}
