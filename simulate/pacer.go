package simulate

import (
	"context"
	"sync"
	"time"
)

// lateness is how far behind its time a message may go out and still have the
// next ones catch up. After longer stalls the schedule starts anew: a server
// that was slow is not hit by all that was missed.
const lateness = 100 * time.Millisecond

// pacer spaces messages evenly. Times are counted from the first message and
// not from one to the next, so that the rate does not drift.
type pacer struct {
	interval time.Duration // 0 paces nothing

	mu   sync.Mutex
	next time.Time
}

func newPacer(rate float64, batch int) *pacer {
	if rate == 0 {
		return &pacer{}
	}
	return &pacer{interval: time.Duration(float64(batch) / rate * float64(time.Second))}
}

// wait returns when the next message is due, or with ctx's error.
func (p *pacer) wait(ctx context.Context) error {
	if p.interval == 0 {
		return ctx.Err()
	}
	return sleep(ctx, time.Until(p.reserve(time.Now())))
}

// reserve takes the next place in the schedule.
func (p *pacer) reserve(now time.Time) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	at := p.next
	if at.Before(now.Add(-max(lateness, p.interval))) {
		at = now
	}
	p.next = at.Add(p.interval)
	return at
}

// sleep returns after d, or earlier with ctx's error.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
