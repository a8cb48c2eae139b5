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

// Feed feeds clients. Its reader runs only while there are clients.
type Feed struct {
	o      Options
	ctx    context.Context
	cancel context.CancelFunc
	// wake signals the reader that clients are waiting.
	wake    chan struct{}
	reading sync.WaitGroup
	counts  singleflight.Group

	mu      sync.Mutex
	clients map[*Client]struct{}
	// networks counts the clients per network.
	networks map[netip.Prefix]int
	// waiting has the clients without a first chunk; some may have disconnected.
	waiting []*Client
	running bool
	closed  bool
	// unreadable is set from a failure to read the store until a read succeeds.
	unreadable bool
}

// New returns a feed without clients. The caller must close it.
func New(o Options) *Feed {
	ctx, cancel := context.WithCancel(context.Background())
	return &Feed{o: o, ctx: ctx, cancel: cancel, wake: make(chan struct{}, 1), clients: make(map[*Client]struct{}),
		networks: make(map[netip.Prefix]int)}
}

// Subscribe adds a client from a network for the alerts of a domain. lastEventID is its
// Last-Event-ID, from this feed or another one of the same store; an invalid one is ignored.
// The error is or wraps ErrFull, ErrShare, ErrClosed or ctx's. The caller must close the
// client.
func (f *Feed) Subscribe(ctx context.Context, from netip.Prefix, domain store.Domain, lastEventID string) (*Client, error) {
	c := &Client{feed: f, from: from, domain: domain, chunks: make(chan []byte, bufferedChunks), gone: make(chan struct{})}
	// Limits concurrency: a reload disconnects all clients at once.
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

// add reserves a place for a client.
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

// await passes a client to the reader, and starts the reader if needed.
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
	default: // it will check anyway
	}
}

// countEarlier counts the alerts that a client missed before the reader's
// history. Many clients that reconnect after an outage need the same count.
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

// end ends the stream of a client, unless it has disconnected. The caller holds
// f.mu.
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

// run reads the store about once a second while there are clients. Alerts
// received before start are not new.
func (f *Feed) run(start time.Time) {
	r := newReader(f.o, start)
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
			if f.ctx.Err() == nil {
				f.readable(err)
			}
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

// readable records whether a round could read the store, and sends clients an
// event if that changed.
func (f *Feed) readable(err error) {
	f.mu.Lock()
	changed := f.unreadable != (err != nil)
	f.unreadable = err != nil
	if changed {
		for c := range f.clients {
			c.warned = err != nil
			f.send(c, storeEvent(err == nil))
		}
	}
	f.mu.Unlock()
	if changed && err != nil {
		f.o.Failed(fmt.Errorf("reading new alerts: %w", err))
	}
}

// storeEvent returns the event that says whether the store can be read.
func storeEvent(available bool) []byte {
	return fmt.Appendf(nil, "event: store\ndata: {\"available\":%t}\n\n", available)
}

// nextRound returns when to read again: once the next second has settled, or
// later so as not to overload a slow store.
func nextRound(start, end time.Time) time.Time {
	next := start.Add(-settle).Truncate(time.Second).Add(time.Second + settle)
	if pause := end.Add(3 * end.Sub(start)); pause.After(next) {
		return pause
	}
	return next
}

// deliver sends the events of a round. It never blocks.
func (f *Feed) deliver(r *reader) {
	var chunks [channels][]byte
	for i := range r.channels {
		chunks[i] = r.channels[i].chunk(r.frontier)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for c := range f.clients {
		if c.admitted && len(chunks[c.domain]) > 0 {
			f.send(c, chunks[c.domain])
		}
	}
}

// send queues a chunk for a client, or ends its stream if it has too many. The
// caller holds f.mu.
func (f *Feed) send(c *Client, chunk []byte) {
	select {
	case c.chunks <- chunk:
	default:
		f.end(c, ErrSlow)
	}
}

// admit sends waiting clients what they missed, and reports whether there are
// clients. A client keeps waiting if its last event is of a second not yet read
// here: another edge may be slightly ahead.
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
		if f.unreadable && !c.warned {
			c.warned = true
			f.send(c, storeEvent(false))
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

// rest stops the reader if there are no clients.
func (f *Feed) rest() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.clients) > 0 {
		return false
	}
	f.running = false
	f.unreadable = false // the next reader sees for itself
	return true
}
