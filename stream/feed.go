package stream

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/peba-edge/peba/store"
)

// Feed feeds clients. Its reader runs only while there are some.
type Feed struct {
	o      Options
	ctx    context.Context
	cancel context.CancelFunc
	// wake tells the reader that clients are waiting.
	wake    chan struct{}
	reading sync.WaitGroup
	counts  singleflight.Group

	mu      sync.Mutex
	clients map[*Client]struct{}
	// networks counts the clients by where they come from.
	networks map[netip.Prefix]int
	// waiting are the clients that no chunk was sent to yet; some may have gone.
	waiting []*Client
	running bool
	closed  bool
}

// New returns a feed without clients. It is to be closed.
func New(o Options) *Feed {
	ctx, cancel := context.WithCancel(context.Background())
	return &Feed{o: o, ctx: ctx, cancel: cancel, wake: make(chan struct{}, 1), clients: make(map[*Client]struct{}),
		networks: make(map[netip.Prefix]int)}
}

// Subscribe adds a client, from a network, of a domain's alerts. lastEventID is what it sent as
// Last-Event-ID, of this feed or another one of the same store; one that makes no
// sense is as good as none. The error is, or wraps, ErrFull, ErrShare, ErrClosed or ctx's.
// The client is to be closed.
func (f *Feed) Subscribe(ctx context.Context, from netip.Prefix, domain store.Domain, lastEventID string) (*Client, error) {
	c := &Client{feed: f, from: from, domain: domain, chunks: make(chan []byte, bufferedChunks), gone: make(chan struct{})}
	// Not all at the same moment: a reload sends all clients away at once.
	c.chunks <- fmt.Appendf(nil, "retry: %d\n\n", 2000+rand.IntN(2000))
	if err := f.add(c); err != nil {
		return nil, err
	}
	if after, ok := parseCursor(lastEventID, time.Now()); ok {
		c.after = &after
		if err := f.countEarlier(ctx, c); err != nil {
			c.Close()
			return nil, err
		}
	}
	f.await(c)
	return c, nil
}

// add takes a place for a client.
func (f *Feed) add(c *Client) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return ErrClosed
	}
	if len(f.clients) >= f.o.MaxClients {
		return fmt.Errorf("%w: %d, which is the limit", ErrFull, len(f.clients))
	}
	if f.networks[c.from] >= f.o.MaxPerNetwork {
		return ErrShare
	}
	f.clients[c] = struct{}{}
	f.networks[c.from]++
	return nil
}

// await hands a client to the reader, and starts that if it does not run.
func (f *Feed) await(c *Client) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return // the client has been told
	}
	f.waiting = append(f.waiting, c)
	if !f.running {
		f.running = true
		start := time.Now()
		f.reading.Go(func() { f.run(start) })
	}
	select {
	case f.wake <- struct{}{}:
	default: // it will look anyway
	}
}

// countEarlier counts what a client missed before the time of which the reader
// knows. Many that come back after an outage ask for the same.
func (f *Feed) countEarlier(ctx context.Context, c *Client) error {
	from := time.Unix(c.after.second+1, 0).UTC()
	to := time.Now().Add(-history / 2 * time.Second).UTC().Truncate(time.Minute)
	if !from.Before(to) {
		return nil
	}
	c.countedTo = to.Unix()
	count := f.counts.DoChan(fmt.Sprint(c.domain, from.Unix(), c.countedTo), func() (any, error) {
		return f.o.Reader.Count(f.ctx, store.Filter{Domain: c.domain, From: from, To: to})
	})
	select {
	case done := <-count:
		if c.uncounted = done.Err != nil; c.uncounted {
			f.o.Failed(fmt.Errorf("counting what a stream missed: %w", done.Err))
		} else {
			c.earlier = done.Val.(int64)
		}
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close ends all streams, with ErrClosed, and the reader.
func (f *Feed) Close() {
	f.mu.Lock()
	f.closed = true
	for c := range f.clients {
		f.end(c, ErrClosed)
	}
	f.waiting = nil
	f.mu.Unlock()
	f.cancel()
	f.reading.Wait()
}

// end ends the stream of a client, unless that has gone. f.mu is held.
func (f *Feed) end(c *Client, cause error) {
	if _, there := f.clients[c]; !there {
		return
	}
	delete(f.clients, c)
	if f.networks[c.from]--; f.networks[c.from] == 0 {
		delete(f.networks, c.from)
	}
	c.cause = cause
	close(c.gone)
}

// run reads the store about once a second, while there are clients. What was
// received before start is not new.
func (f *Feed) run(start time.Time) {
	r := newReader(f.o, start)
	failing := false
	alone := time.Now() // since when there are no clients
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-f.ctx.Done():
			return
		case <-f.wake:
		case <-timer.C:
			start := time.Now()
			err := r.round(f.ctx, start)
			if err != nil && !failing && f.ctx.Err() == nil {
				f.o.Failed(fmt.Errorf("reading new alerts: %w", err))
			}
			failing = err != nil
			f.deliver(r)
			timer.Reset(time.Until(nextRound(start, time.Now())))
		}
		if f.admit(r) {
			alone = time.Now()
		}
		if time.Since(alone) > linger && f.rest() {
			return
		}
	}
}

// nextRound is when to read again: when the next second has settled; or later,
// so that a store which takes long is not kept busy by this.
func nextRound(start, end time.Time) time.Time {
	next := start.Add(-settle).Truncate(time.Second).Add(time.Second + settle)
	if pause := end.Add(3 * end.Sub(start)); pause.After(next) {
		return pause
	}
	return next
}

// deliver sends what a round found. Nobody is waited for.
func (f *Feed) deliver(r *reader) {
	var chunks [channels][]byte
	for i := range r.channels {
		chunks[i] = r.channels[i].chunk()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for c := range f.clients {
		if c.admitted && len(chunks[c.domain]) > 0 {
			f.send(c, chunks[c.domain])
		}
	}
}

// send gives a chunk to a client, or ends its stream if it has too many. f.mu
// is held.
func (f *Feed) send(c *Client, chunk []byte) {
	select {
	case c.chunks <- chunk:
	default:
		f.end(c, ErrSlow)
	}
}

// admit sends waiting clients what they missed, and tells whether there are
// clients. Those stay waiting whose last event is of a second that has not been
// read here yet: another edge may be a little ahead.
func (f *Feed) admit(r *reader) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	first := make(map[welcome][]byte) // many have the same
	waiting := f.waiting
	f.waiting = nil
	for _, c := range waiting {
		if _, there := f.clients[c]; !there {
			continue
		}
		if !r.begun || c.after != nil && c.after.second >= r.frontier {
			f.waiting = append(f.waiting, c)
			continue
		}
		w := c.welcome()
		chunk, done := first[w]
		if !done {
			chunk = r.welcome(w)
			first[w] = chunk
		}
		c.admitted = true
		if len(chunk) > 0 {
			f.send(c, chunk)
		}
	}
	return len(f.clients) > 0
}

// rest ends the reader if there are no clients.
func (f *Feed) rest() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.clients) > 0 {
		return false
	}
	f.running = false
	return true
}
