package esclient

import (
	"math/rand/v2"
	"sync"
	"time"
)

// Bounds on the size of a bulk request, in bytes. A document that is larger than
// the limit of the moment goes alone.
const (
	leastRequest = 64 << 10
	firstRequest = 1 << 20
	mostRequest  = 4 << 20
	requestStep  = leastRequest / 2
)

// slowRequest is what a bulk request may take before the next ones are smaller.
const slowRequest = 2 * time.Second

// pace finds the size of requests that the cluster takes well: it grows step by
// step while answers are quick, and shrinks at once when they are not.
type pace struct {
	mu   sync.Mutex
	size int
	// ceiling is half of what something on the way found too large. It rises
	// slowly, because the limit is somewhere above, and may change.
	ceiling int
}

func newPace() *pace { return &pace{size: firstRequest, ceiling: mostRequest} }

// limit is how many bytes the next request may have.
func (p *pace) limit() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.size
}

// answered is for a request that the cluster took.
func (p *pace) answered(size int, took time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case took > slowRequest:
		p.set(p.size * 3 / 4)
	case took < slowRequest/2 && size >= p.size/2: // small ones prove nothing
		p.ceiling = min(p.ceiling+p.ceiling>>8+1, mostRequest)
		p.set(p.size + requestStep)
	}
}

// busy is for a 429.
func (p *pace) busy() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.set(p.size / 2)
}

// tooLarge is for a request of several documents that got a 413.
func (p *pace) tooLarge(size int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ceiling = min(p.ceiling, size/2)
	p.size = min(p.size, p.ceiling)
}

func (p *pace) set(size int) {
	p.size = min(max(size, leastRequest), p.ceiling)
}

// backoff is how long failures are waited out: each wait is up to twice as long as
// the one before, and between half and the whole of that by chance, so that many
// edges do not come back at the same moment.
type backoff struct{ first, most time.Duration }

// after returns the wait after n failures in a row.
func (b backoff) after(n int) time.Duration {
	wait := b.most
	if shift := n - 1; shift < 30 && b.first<<shift < b.most {
		wait = b.first << shift
	}
	return wait/2 + rand.N(wait/2+1)
}
