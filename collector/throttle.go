package collector

import (
	"context"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"github.com/maypok86/otter/v2"
)

// How wrong log-ins slow a source down: the first few cost nothing (somebody
// mistypes), then the wait doubles up to the longest; who would have to queue
// longer than patience is told to come again. After a quiet while all is forgotten.
const (
	freeFailures   = 3
	firstDelay     = 250 * time.Millisecond
	longestDelay   = 8 * time.Second
	patience       = 20 * time.Second
	forgetAfter    = 15 * time.Minute
	trackedSources = 100_000
)

// throttle slows down log-ins from sources with wrong ones, before anything is
// checked. It never slows an account: that would let anyone lock anyone out.
type throttle struct {
	sources *otter.Cache[netip.Prefix, *failures]
}

// failures is what one source did.
type failures struct {
	mu    sync.Mutex
	count int
	// next is when the next log-in may be checked.
	next time.Time
}

func newThrottle() (*throttle, error) {
	sources, err := otter.New(&otter.Options[netip.Prefix, *failures]{
		MaximumSize:      trackedSources,
		ExpiryCalculator: otter.ExpiryAccessing[netip.Prefix, *failures](forgetAfter),
	})
	if err != nil {
		return nil, fmt.Errorf("making the log-in throttle: %w", err)
	}
	return &throttle{sources: sources}, nil
}

// wait returns when a log-in from source may be checked: one at a time, each
// after its delay. The error is an *AuthError if too many wait already.
func (t *throttle) wait(ctx context.Context, source netip.Addr) error {
	f, ok := t.sources.GetIfPresent(sourceNetwork(source))
	if !ok {
		return nil
	}
	delay, err := f.reserve(time.Now())
	if err != nil || delay <= 0 {
		return err
	}
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("waiting to log in: %w", ctx.Err())
	}
}

// reserve takes the next turn and returns how long it is until then.
func (f *failures) reserve(now time.Time) (time.Duration, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.count <= freeFailures {
		return 0, nil
	}
	turn := f.next
	if turn.Before(now) {
		turn = now
	}
	wait := turn.Sub(now)
	if wait > patience {
		return 0, &AuthError{Reason: reasonTooMany, RetryAfter: wait}
	}
	f.next = turn.Add(f.delay())
	return wait, nil
}

// delay is the time between two log-ins at the present count.
func (f *failures) delay() time.Duration {
	d := firstDelay
	for i := freeFailures + 1; i < f.count && d < longestDelay; i++ {
		d *= 2
	}
	return min(d, longestDelay)
}

// failed notes a wrong log-in.
func (t *throttle) failed(source netip.Addr) {
	f, _ := t.sources.ComputeIfAbsent(sourceNetwork(source), func() (*failures, bool) {
		return new(failures), false
	})
	f.mu.Lock()
	defer f.mu.Unlock()
	f.count++
	if f.count == freeFailures+1 {
		f.next = time.Now().Add(f.delay())
	}
}

// sourceNetwork is what counts as one source: an IPv4 address, or the /64 that
// one IPv6 customer has all addresses of.
func sourceNetwork(source netip.Addr) netip.Prefix {
	source = source.Unmap().WithZone("")
	bits := source.BitLen()
	if source.Is6() {
		bits = 64
	}
	prefix, err := source.Prefix(bits)
	if err != nil { // only the zero Addr has none: all unknown sources are one
		return netip.Prefix{}
	}
	return prefix
}
