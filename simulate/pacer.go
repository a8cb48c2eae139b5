package simulate

import (
	"context"
	"time"

	"golang.org/x/time/rate"
)

// catchUp is how much of a stall is made up for: messages that were due in its last
// 100 ms go out at once. The others are left out, so that a server that was slow is not
// hit by all that was missed.
const catchUp = 100 * time.Millisecond

// newPacer returns a limiter that spaces messages of batch alerts evenly. alertsPerSecond 0
// sets no limit.
func newPacer(alertsPerSecond float64, batch int) *rate.Limiter {
	if alertsPerSecond == 0 {
		return rate.NewLimiter(rate.Inf, 1)
	}
	messages := alertsPerSecond / float64(batch)
	burst := 1 + int(messages*catchUp.Seconds())
	p := rate.NewLimiter(rate.Limit(messages), burst)
	p.AllowN(time.Now(), burst-1) // a new limiter would start with a burst
	return p
}

// wait returns when the next message is due, or with an error when ctx ends. It waits for
// that end even if the message is due after it, where Wait returns at once: a run takes as
// long as it was asked to.
func wait(ctx context.Context, p *rate.Limiter) error {
	err := p.Wait(ctx)
	if err != nil {
		<-ctx.Done()
	}
	return err
}

// sleep waits for d, or returns ctx's error earlier.
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
