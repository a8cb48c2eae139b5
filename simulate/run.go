package simulate

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// pause is what a sender waits after a message got no answer at all, so that a
// server that is away is not hammered.
const pause = 200 * time.Millisecond

// Run plays the sensors until the limits of c are reached or ctx is done; then
// messages still without answers are given up and count as refused. The summary
// is complete either way; the error is that of c.Validate.
func Run(ctx context.Context, c Config) (Summary, error) {
	if err := c.Validate(); err != nil {
		return Summary{}, err
	}
	endpoint, err := c.endpoint()
	if err != nil {
		return Summary{}, err
	}
	if c.Concurrency == 0 {
		c.Concurrency = DefaultConcurrency
	}
	r := &run{
		Config: c, endpoint: endpoint, client: c.Client, pacer: newPacer(c.Rate, c.Batch),
		tally: newTally(), fleet: NewFleet(c.Seed, c.Sensors), left: c.Alerts,
	}
	if r.client == nil {
		r.client = newClient(c.Concurrency)
		defer r.client.CloseIdleConnections()
	}
	return r.play(ctx), nil
}

// run is one Run.
type run struct {
	Config
	endpoint string
	client   *http.Client
	pacer    *pacer
	tally    *tally

	mu    sync.Mutex
	fleet *Fleet
	left  int // alerts still to send, if Alerts sets a limit
}

func (r *run) play(ctx context.Context) Summary {
	sending := ctx
	if r.Duration > 0 {
		var cancel context.CancelFunc
		sending, cancel = context.WithTimeout(ctx, r.Duration)
		defer cancel()
	}
	stop := r.showProgress()
	var senders sync.WaitGroup
	for range r.Concurrency {
		senders.Go(func() { r.send(ctx, sending) })
	}
	senders.Wait()
	stop()
	return r.tally.snapshot()
}

// send sends messages until sending is done or there are no more to send; ctx
// is for the answers.
func (r *run) send(ctx, sending context.Context) {
	for r.pacer.wait(sending) == nil {
		body, alerts := r.next()
		if alerts == 0 {
			return
		}
		r.tally.sent(alerts)
		start := time.Now()
		refused, answered := post(ctx, r.client, r.endpoint, body)
		if answered {
			r.tally.answered(time.Since(start))
		}
		r.tally.settled(alerts, refused)
		if !answered && sleep(sending, pause) != nil {
			return
		}
	}
}

// next makes the next message and says how many alerts it has, none when all
// were sent.
func (r *run) next() ([]byte, int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := r.Batch
	if r.Alerts > 0 {
		n = min(n, r.left)
		r.left -= n
	}
	if n == 0 {
		return nil, 0
	}
	return r.fleet.Message(time.Now(), r.User, r.Token, n), n
}
