package sender

import (
	"math/rand/v2"
	"sync"
	"time"

	"github.com/peba-edge/peba/esclient/cluster"
)

// Bounds on the size of a bulk request, in bytes. A document that is larger than
// the limit of the moment goes alone.
const (
	minRequest   = 64 << 10
	firstRequest = 1 << 20
	maxRequest   = 4 << 20
	requestStep  = minRequest / 2
)

// slowRequest is the duration of a bulk request above which the next ones get smaller.
const slowRequest = 2 * time.Second

// requestSize is the adaptive size of bulk requests: it grows step by step while
// answers are fast, and shrinks immediately when they are not.
type requestSize struct {
	mu   sync.Mutex
	size int
	// ceiling is half of a size that was rejected as too large. It rises
	// slowly, because the real limit is higher and may change.
	ceiling int
}

func newRequestSize() *requestSize { return &requestSize{size: firstRequest, ceiling: maxRequest} }

// limit returns the maximum size of the next request in bytes.
func (r *requestSize) limit() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.size
}

// answered is for a request that the cluster took.
func (r *requestSize) answered(size int, took time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case took > slowRequest:
		r.set(r.size * 3 / 4)
	case took < slowRequest/2 && size >= r.size/2: // small ones prove nothing
		r.ceiling = min(r.ceiling+r.ceiling>>8+1, maxRequest)
		r.set(r.size + requestStep)
	}
}

// busy is for a 429.
func (r *requestSize) busy() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.set(r.size / 2)
}

// failed is for a request of n documents that failed as a whole.
func (r *requestSize) failed(err error, size, n int) {
	switch {
	case cluster.IsStatus(err, statusTooLarge) && n > 1:
		r.tooLarge(size)
	case cluster.IsStatus(err, statusTooMany):
		r.busy()
	}
}

// tooLarge is for a request of several documents that got a 413.
func (r *requestSize) tooLarge(size int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ceiling = min(r.ceiling, size/2)
	r.size = min(r.size, r.ceiling)
}

func (r *requestSize) set(size int) {
	r.size = min(max(size, minRequest), r.ceiling)
}

// backoff is an exponential back-off with jitter: each wait is up to twice as long
// as the one before, randomly between half and all of that, so that many edges do
// not retry at the same moment.
type backoff struct{ first, max time.Duration }

// after returns the wait after n failures in a row.
func (b backoff) after(n int) time.Duration {
	wait := b.max
	if shift := n - 1; shift < 30 && b.first<<shift < b.max {
		wait = b.first << shift
	}
	return wait/2 + rand.N(wait/2+1)
}
