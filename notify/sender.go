package notify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"
)

const (
	// maxWaiting is the capacity of the queue, in events.
	maxWaiting = 100
	// postTimeout is how long a receiver may take to answer.
	postTimeout = 10 * time.Second
	// grace is how long the sender goes on after it was closed.
	grace = 5 * time.Second
	// maxAnswer is how much of an answer is read, in bytes, to use the connection again.
	maxAnswer = 64 << 10
)

// backOff returns the pauses before the second and later attempts.
func backOff() []time.Duration {
	return []time.Duration{time.Second, 5 * time.Second, 25 * time.Second}
}

// newClient follows no redirects: a POST would become a GET.
func newClient() *http.Client {
	return &http.Client{
		Transport:     http.DefaultTransport.(*http.Transport).Clone(),
		Timeout:       postTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// sender posts queued events one after the other.
type sender struct {
	target *url.URL
	client *http.Client
	logger *zap.Logger

	mu     sync.Mutex
	closed bool
	queue  chan []byte
	// dropped counts events since the last time that it was logged.
	dropped atomic.Int64

	stop context.CancelFunc
	done chan struct{}
}

func newSender(target *url.URL, client *http.Client, logger *zap.Logger) *sender {
	ctx, stop := context.WithCancel(context.Background())
	s := &sender{
		target: target, client: client, logger: logger.With(zap.String("receiver", target.Host)),
		queue: make(chan []byte, maxWaiting), stop: stop, done: make(chan struct{}),
	}
	go s.run(ctx)
	return s
}

// enqueue drops the body if the queue is full or the sender is closed.
func (s *sender) enqueue(body []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		select {
		case s.queue <- body:
			return
		default:
		}
	}
	s.drop()
}

func (s *sender) drop() {
	s.dropped.Add(1)
	metrics.events.WithLabelValues(dropped).Inc()
}

// close lets the sender finish queued events within the grace period. The returned
// channel is closed when that is over.
func (s *sender) close() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.closed = true
		close(s.queue)
		time.AfterFunc(grace, s.stop)
	}
	return s.done
}

func (s *sender) run(ctx context.Context) {
	defer close(s.done)
	defer s.client.CloseIdleConnections()
	defer s.stop()
	for body := range s.queue {
		if ctx.Err() != nil {
			s.drop()
			continue
		}
		err := s.deliver(ctx, body)
		outcome := sent
		if err != nil {
			outcome = failed
			s.logger.Error("an event was not delivered", zap.Error(err))
		}
		metrics.events.WithLabelValues(outcome).Inc()
		s.logDropped()
	}
	s.logDropped()
}

// logDropped logs how many events were dropped since the last time.
func (s *sender) logDropped() {
	if n := s.dropped.Swap(0); n > 0 {
		s.logger.Error("events were dropped: too many were waiting, or the server stopped", zap.Int64("events", n))
	}
}

// deliver posts until the receiver accepts the event, or retries are used up or
// pointless.
func (s *sender) deliver(ctx context.Context, body []byte) error {
	err := s.post(ctx, body)
	for _, pause := range backOff() {
		var status statusError
		if err == nil || errors.As(err, &status) && !status.temporary() {
			return err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return fmt.Errorf("%w (no time is left to retry)", err)
		}
		err = s.post(ctx, body)
	}
	return err
}

// post makes one attempt. Its errors do not show the URL: many have a secret in their path.
func (s *sender) post(ctx context.Context, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.target.String(), bytes.NewReader(body))
	if err != nil {
		return errURL
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "peba_notify")
	resp, err := s.client.Do(req)
	if err != nil {
		var shown *url.Error
		if errors.As(err, &shown) {
			err = shown.Err
		}
		return fmt.Errorf("posting to %s: %w", s.target.Host, err)
	}
	defer resp.Body.Close()
	// The body and errors of reading it do not matter.
	_, _ = io.CopyN(io.Discard, resp.Body, maxAnswer)
	if resp.StatusCode/100 != 2 {
		return statusError(resp.StatusCode)
	}
	return nil
}

// statusError is an HTTP status other than success.
type statusError int

func (e statusError) Error() string {
	return fmt.Sprintf("the receiver answered with status %d", int(e))
}

// temporary reports whether a retry may succeed.
func (e statusError) temporary() bool {
	return e >= 500 || e == http.StatusTooManyRequests || e == http.StatusRequestTimeout
}
