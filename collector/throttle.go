package collector

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/maypok86/otter/v2"
)

// How wrong log-ins throttle a source. The first few cost nothing (people mistype); then
// the pause doubles up to the longest. After a quiet while all is forgotten.
const (
	freeFailures   = 3
	firstDelay     = 250 * time.Millisecond
	longestDelay   = 8 * time.Second
	patience       = 20 * time.Second
	forgetAfter    = 15 * time.Minute
	trackedSources = 100_000
	// freshQueue is how many log-ins of a source without a failure may be pending: a
	// whole fleet behind one address after a restart.
	freshQueue = 1000
	// longestRetry caps what a rejected client is asked to wait.
	longestRetry = time.Minute
)

// throttle gives each source one turn at a time to have a log-in verified, and a pause
// between turns after wrong ones. It never throttles an account: that would let anyone
// lock anyone out.
type throttle struct {
	sources *otter.Cache[netip.Prefix, *source]
}

// source is what one network has pending, and what it did.
type source struct {
	mu       sync.Mutex
	failures int
	// next is when the next log-in may be verified.
	next time.Time
	// busy is true while a turn is taken, queue holds those who come after it.
	busy  bool
	queue []*pending
}

// pending is one log-in in a queue.
type pending struct {
	// turn gets nil, or the error of one that there is no room for any more.
	turn chan error
}

func newThrottle() (*throttle, error) {
	sources, err := otter.New(&otter.Options[netip.Prefix, *source]{
		MaximumSize:      trackedSources,
		ExpiryCalculator: otter.ExpiryAccessing[netip.Prefix, *source](forgetAfter),
	})
	if err != nil {
		return nil, fmt.Errorf("making the log-in throttle: %w", err)
	}
	return &throttle{sources: sources}, nil
}

// enter returns when it is the turn of a log-in from an address. The caller must end the
// turn with leave. The error is an *AuthError if too many are pending already.
func (t *throttle) enter(ctx context.Context, from netip.Addr) (*source, error) {
	s, _ := t.sources.ComputeIfAbsent(SourceNetwork(from), func() (*source, bool) { return new(source), false })
	ctx, cancel := context.WithTimeoutCause(ctx, patience, tooMany(patience))
	defer cancel()
	if err := s.await(ctx); err != nil {
		return nil, err
	}
	s.mu.Lock()
	pause := time.Until(s.next)
	s.mu.Unlock()
	if pause <= 0 {
		return s, nil
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return s, nil
	case <-ctx.Done():
		s.leave(false)
		return nil, fmt.Errorf("waiting to log in: %w", context.Cause(ctx))
	}
}

// await takes the turn, when all who came earlier have had theirs.
func (s *source) await(ctx context.Context) error {
	s.mu.Lock()
	if !s.busy {
		s.busy = true
		s.mu.Unlock()
		return nil
	}
	if err := s.crowded(time.Now(), len(s.queue)+1); err != nil {
		s.mu.Unlock()
		return err
	}
	p := &pending{turn: make(chan error, 1)}
	s.queue = append(s.queue, p)
	s.mu.Unlock()
	select {
	case err := <-p.turn:
		return err
	case <-ctx.Done():
	}
	s.mu.Lock()
	i := slices.Index(s.queue, p)
	if i >= 0 {
		s.queue = slices.Delete(s.queue, i, i+1)
	}
	s.mu.Unlock()
	if i < 0 && <-p.turn == nil { // its turn came at the same moment
		s.leave(false)
	}
	return fmt.Errorf("waiting to log in: %w", context.Cause(ctx))
}

// leave ends a turn, in which the credentials may have turned out wrong. Those who would
// then have to wait longer than patience are rejected at once.
func (s *source) leave(wrong bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if wrong {
		now := time.Now()
		s.failures++
		s.next = now.Add(delay(s.failures))
		kept := s.queue[:0]
		for _, p := range s.queue {
			if err := s.crowded(now, len(kept)); err != nil {
				p.turn <- err
			} else {
				kept = append(kept, p)
			}
		}
		clear(s.queue[len(kept):])
		s.queue = kept
	}
	if len(s.queue) == 0 {
		s.busy, s.queue = false, nil
		return
	}
	s.queue[0].turn <- nil
	s.queue = slices.Delete(s.queue, 0, 1)
}

// crowded returns an *AuthError if a log-in with as many before it would have to wait too
// long. From a source with a failure, each of those counts as another one. s.mu is held.
func (s *source) crowded(now time.Time, before int) error {
	if s.failures == 0 {
		if before > freshQueue {
			return tooMany(firstDelay)
		}
		return nil
	}
	wait := max(0, s.next.Sub(now))
	for i := range before {
		if wait += delay(s.failures + 1 + i); wait > longestRetry {
			break
		}
	}
	if wait > patience {
		return tooMany(min(wait, longestRetry))
	}
	return nil
}

// delay is the pause after a source's failure with that number.
func delay(failures int) time.Duration {
	if failures <= freeFailures {
		return 0
	}
	d := firstDelay
	for i := freeFailures + 1; i < failures && d < longestDelay; i++ {
		d *= 2
	}
	return min(d, longestDelay)
}

func tooMany(retryAfter time.Duration) error {
	return &AuthError{Reason: reasonTooMany, RetryAfter: retryAfter}
}

// SourceNetwork is what counts as one source: an IPv4 address, or the /64 that
// one IPv6 customer has all addresses of.
func SourceNetwork(source netip.Addr) netip.Prefix {
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
