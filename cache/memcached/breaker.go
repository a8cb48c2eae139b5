package memcached

import (
	"sync"
	"time"
)

const (
	// maxFailures in a row open the breaker.
	maxFailures = 3

	// firstPause is the first cooldown. Each further one is twice as long as
	// the one before, until a call succeeds.
	firstPause = 500 * time.Millisecond
	maxPause   = 8 * time.Second
)

// breaker is a circuit breaker for one server. Once open it stays open until a
// probe succeeds. Probes run in the background: readers never wait for them.
type breaker struct {
	firstPause time.Duration

	mu       sync.Mutex
	failures int // in a row
	open     bool
	pause    time.Duration // the last one; 0 since a call succeeded
	until    time.Time     // when a probe may start
	probing  bool
}

// ask reports whether the server may be asked, and whether the caller must start
// a probe and then call probed.
func (b *breaker) ask() (ask, probe bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.open {
		return true, false
	}
	if b.probing || time.Now().Before(b.until) {
		return false, false
	}
	b.probing = true
	return false, true
}

// succeeded records a call that the server answered.
func (b *breaker) succeeded() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.failures, b.pause, b.open = 0, 0, false
}

// failed records a call that the server did not answer. It reports whether the
// breaker opened just now, and for how long.
func (b *breaker) failed() (pause time.Duration, opened bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.failures++
	if b.open || b.failures < maxFailures {
		return 0, false
	}
	b.rest()
	return b.pause, true
}

// probed records the result of a probe. After a success the breaker closes, but
// one failure opens it again: the server may answer only probes.
func (b *breaker) probed(answered bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.probing = false
	switch {
	case !b.open: // another call was answered meanwhile
	case answered:
		b.open, b.failures = false, maxFailures-1
	default:
		b.rest()
	}
}

// rest opens the breaker for the next cooldown.
func (b *breaker) rest() {
	b.open = true
	b.pause = min(max(b.firstPause, 2*b.pause), maxPause)
	b.until = time.Now().Add(b.pause)
}
