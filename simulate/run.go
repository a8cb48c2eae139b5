package simulate

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	// pause is how long a sender waits after a message without any answer, so as
	// not to flood a server that is down.
	pause = 200 * time.Millisecond
	// patience is how long a run continues without a single answer.
	patience = 10 * time.Second
)

// ErrNoServer means that a run ended because no server answered.
var ErrNoServer = errors.New("no server answers")

// Run simulates the sensors until the limits of c are reached or ctx is done.
// Messages without an answer at that point count as unanswered. The summary is
// always complete. The error is that of c.Validate, or ErrNoServer.
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
	return r.play(ctx)
}

// run is one Run.
type run struct {
	Config
	endpoint string
	client   *http.Client
	pacer    *rate.Limiter
	tally    *tally

	mu    sync.Mutex
	fleet *Fleet
	left  int       // alerts still to send, if Alerts sets a limit
	hold  time.Time // the server asked not to send before
}

func (r *run) play(ctx context.Context) (Summary, error) {
	sending, giveUp := context.WithCancelCause(ctx)
	defer giveUp(nil)
	if r.Duration > 0 {
		var cancel context.CancelFunc
		sending, cancel = context.WithTimeout(sending, r.Duration)
		defer cancel()
	}
	stop := r.showProgress()
	var senders sync.WaitGroup
	for range r.Concurrency {
		senders.Go(func() { r.send(ctx, sending, giveUp) })
	}
	senders.Wait()
	stop()
	if cause := context.Cause(sending); errors.Is(cause, ErrNoServer) {
		return r.tally.snapshot(), cause
	}
	return r.tally.snapshot(), nil
}

// send sends messages until sending is done or all are sent; ctx is for the
// answers. It gives up if no sender got an answer for too long.
func (r *run) send(ctx, sending context.Context, giveUp context.CancelCauseFunc) {
	for wait(sending, r.pacer) == nil && r.waitForServer(sending) == nil {
		body, alerts := r.next()
		if alerts == 0 {
			return
		}
		r.tally.sent(alerts)
		start := time.Now()
		o := post(ctx, r.client, r.endpoint, body)
		r.tally.settled(alerts, o, time.Since(start))
		r.postpone(o.retryAfter)
		if o.answered {
			continue
		}
		if !r.tally.hasAnswers() && time.Since(r.tally.start) >= patience {
			giveUp(fmt.Errorf("%w at %s: %s", ErrNoServer, r.endpoint, strings.TrimPrefix(o.reason, noAnswerPrefix)))
			return
		}
		if sleep(sending, pause) != nil {
			return
		}
	}
}

// postpone records that the server asked every sensor to wait.
func (r *run) postpone(wait time.Duration) {
	if wait <= 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if until := time.Now().Add(wait); until.After(r.hold) {
		r.hold = until
	}
}

// waitForServer waits as long as the server asked.
func (r *run) waitForServer(ctx context.Context) error {
	r.mu.Lock()
	hold := r.hold
	r.mu.Unlock()
	return sleep(ctx, time.Until(hold))
}

// next generates the next message and returns its number of alerts, 0 if all
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
