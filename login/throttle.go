package login

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/peba-edge/peba/intake"
)

// How failed logins throttle a source. The first few are free (people mistype); then the
// pause doubles up to a maximum. After some time without a login the source is
// forgotten.
const (
	freeFailures = 3
	firstDelay   = 250 * time.Millisecond
	maxDelay     = 8 * time.Second
	patience     = 20 * time.Second
	forgetAfter  = 15 * time.Minute
	maxSources   = 100_000
	// maxFreshQueue is the maximum number of pending logins of a source without
	// failures: a whole fleet may be behind one address after a restart.
	maxFreshQueue = 1000
	// maxRetryAfter limits how long a rejected client is asked to wait.
	maxRetryAfter = time.Minute
)

// throttle verifies one login at a time per source, with a pause after failed ones. It
// never throttles an account, which would let anyone lock out others.
type throttle struct {
	sources *otter.Cache[netip.Prefix, *source]
}

// source is the state of one network: pending logins and failures.
type source struct {
	mu       sync.Mutex
	failures int
	// next is when the next login may be verified.
	next time.Time
	// busy is true while a login is being verified; queue holds the waiting
	// ones.
	busy  bool
	queue []*pending
}

// pending is one login in a queue.
type pending struct {
	// turn receives nil, or an error if the login no longer fits.
	turn chan error
}

func newThrottle() (*throttle, error) {
	sources, err := otter.New(&otter.Options[netip.Prefix, *source]{
		MaximumSize:      maxSources,
		ExpiryCalculator: otter.ExpiryAccessing[netip.Prefix, *source](forgetAfter),
	})
	if err != nil {
		return nil, fmt.Errorf("creating the login throttle: %w", err)
	}
	return &throttle{sources: sources}, nil
}

// close ends the background work of the cache of sources.
func (t *throttle) close() { t.sources.StopAllGoroutines() }

// enter waits for the turn of a login from an address. The caller must end the turn with
// leave. The error is an *Error if too many are pending.
func (t *throttle) enter(ctx context.Context, from netip.Addr) (*source, error) {
	s, _ := t.sources.ComputeIfAbsent(intake.SourceNetwork(from), func() (*source, bool) { return new(source), false })
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

// await waits for the turn, in order of arrival.
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

// leave ends a turn and records whether the login failed. Logins that would then wait
// longer than patience are rejected immediately.
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

// crowded returns an *Error if a login with so many before it would wait too long. For a
// source with a failure, each of those counts as another failure. The caller holds s.mu.
func (s *source) crowded(now time.Time, before int) error {
	if s.failures == 0 {
		if before > maxFreshQueue {
			return tooMany(firstDelay)
		}
		return nil
	}
	wait := max(0, s.next.Sub(now))
	for i := range before {
		if wait += delay(s.failures + 1 + i); wait > maxRetryAfter {
			break
		}
	}
	if wait > patience {
		return tooMany(min(wait, maxRetryAfter))
	}
	return nil
}

// delay returns the pause after a source's n-th failure.
func delay(failures int) time.Duration {
	if failures <= freeFailures {
		return 0
	}
	d := firstDelay
	for i := freeFailures + 1; i < failures && d < maxDelay; i++ {
		d *= 2
	}
	return min(d, maxDelay)
}

func tooMany(retryAfter time.Duration) error {
	return &Error{Reason: reasonTooMany, RetryAfter: retryAfter}
}
