package esclient

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/esclient/cluster"
	"github.com/peba-edge/peba/esclient/index"
	"github.com/peba-edge/peba/esclient/search"
	"github.com/peba-edge/peba/store"
)

type object = map[string]any

// esStore is one opener's reference to a cluster. Calls hold mu for reading, so
// that Close waits for them.
type esStore struct {
	client  *cluster.Client
	names   *index.Names
	indices *index.Manager
	reader  *search.Reader
	mirror  *mirror
	out     *outgoing
	logger  *zap.Logger
	opts    store.Options
	where   string
	now     func() time.Time

	// ready is closed once templates and indices exist: before that
	// Elasticsearch would create indices with guessed mappings.
	ready   chan struct{}
	laidOut sync.Once
	// troubles are those of the last maintenance of the indices.
	troubles atomic.Pointer[troubles]

	stop       context.CancelFunc
	background sync.WaitGroup

	mu     sync.RWMutex
	closed bool
}

// firstLook limits how long Open waits for a cluster.
const firstLook = 10 * time.Second

// open connects, and maintains the indices at once if the cluster answers.
func (m *Module) open(ctx context.Context, opts store.Options) (*esStore, error) {
	c, err := cluster.New(m.cluster())
	if err != nil {
		return nil, err
	}
	indices, err := index.New(c, &m.Index, index.Options{Shards: m.Shards, Replicas: m.Replicas, Logger: m.logger})
	if err != nil {
		return nil, err
	}
	users, err := openMirror(m.Spool.Path, m.logger)
	if err != nil {
		return nil, err
	}
	s := &esStore{
		client: c, names: &m.Index, indices: indices, reader: search.New(c, indices, &m.Index), mirror: users, logger: m.logger, opts: opts, now: time.Now,
		where: m.location(), ready: make(chan struct{}),
	}
	looking, cancel := context.WithTimeout(ctx, firstLook)
	defer cancel()
	again := layoutEvery
	if err := s.layOut(looking); err != nil {
		again = layoutRetry
		s.troubles.Store(&troubles{layout: err})
		if ctx.Err() != nil {
			s.client.Close()
			return nil, ctx.Err()
		}
		s.logger.Warn("Elasticsearch is not ready: alerts are queued in the spool", zap.Error(err))
	}
	if s.out, err = openOutgoing(ctx, m, s); err != nil {
		s.client.Close()
		return nil, err
	}
	if s.look(looking) != nil {
		again = layoutRetry // where an error is told
	}
	// Lives on after ctx: what is open is closed by Close.
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop = stop
	s.background.Go(func() { s.keepLayout(running, again) })
	s.background.Go(func() { s.keepMirror(running) })
	return s, nil
}

// location describes where alerts are stored and queued.
func (m *Module) location() string {
	var urls []string
	for _, u := range m.urls {
		urls = append(urls, u.Redacted())
	}
	return strings.Join(urls, " ") + ", spool " + m.Spool.Path
}

// Location implements store.Located.
func (s *esStore) Location() string { return s.where }

// enter begins a call; s.mu.RUnlock ends it.
func (s *esStore) enter() error {
	s.mu.RLock()
	if s.closed {
		s.mu.RUnlock()
		return fmt.Errorf("the elasticsearch store is closed: %w", store.ErrUnavailable)
	}
	return nil
}

// ask makes a call that returns a value.
func ask[T any](s *esStore, f func() (T, error)) (T, error) {
	if err := s.enter(); err != nil {
		var none T
		return none, err
	}
	defer s.mu.RUnlock()
	return f()
}

// run makes a call that returns only an error.
func (s *esStore) run(f func() error) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.mu.RUnlock()
	return f()
}

// Close ends the background work, after the calls in progress.
func (s *esStore) Close() error {
	s.mu.Lock()
	closed := s.closed
	s.closed = true
	s.mu.Unlock()
	if closed {
		return nil
	}
	s.stop()
	s.background.Wait()
	err := s.out.leave(s)
	s.client.Close()
	return err
}

// Ping implements store.Store. It returns an error if alerts cannot be accepted,
// or those in the cluster are unavailable. See Degraded for other problems.
func (s *esStore) Ping(ctx context.Context) error {
	return s.run(func() error {
		if err := s.out.ping(); err != nil {
			return err
		}
		h, err := s.health(ctx)
		if err == nil && h.Status == "red" {
			err = fmt.Errorf("%w: indices of alerts are red, %d shards have no node", store.ErrUnavailable, h.Unassigned)
		}
		if err == nil {
			err = unanswerable(s.indices.Faults())
		}
		if err != nil {
			return &store.PartError{Part: "elasticsearch", Err: err}
		}
		return nil
	})
}

// Put implements store.Writer: it returns once the alerts are in the spool.
func (s *esStore) Put(ctx context.Context, records []alert.Record) error {
	return s.run(func() error { return s.out.put(ctx, records) })
}

// Retire implements store.Writer.
func (s *esStore) Retire(ctx context.Context, receivedBefore time.Time) error {
	return s.run(func() error {
		defer s.out.seen.forget()
		return s.indices.Retire(ctx, receivedBefore)
	})
}

// Newest implements store.Reader.
func (s *esStore) Newest(ctx context.Context, f store.Filter, n int, fields ...string) ([]alert.Document, error) {
	return ask(s, func() ([]alert.Document, error) { return s.reader.Newest(ctx, f, n, fields...) })
}

// Count implements store.Reader.
func (s *esStore) Count(ctx context.Context, f store.Filter) (int64, error) {
	return ask(s, func() (int64, error) { return s.reader.Count(ctx, f) })
}

// Group implements store.Reader.
func (s *esStore) Group(ctx context.Context, f store.Filter, g store.Grouping) ([]store.Group, error) {
	return ask(s, func() ([]store.Group, error) { return s.reader.Group(ctx, f, g) })
}

// Yield implements store.Outbox.
func (s *esStore) Yield() { s.out.yield(s) }

// Settle implements store.Outbox.
func (s *esStore) Settle(ctx context.Context) (time.Time, error) {
	return ask(s, func() (time.Time, error) {
		oldest := s.out.spool.Stats().Oldest // before what is stored meanwhile
		if oldest.IsZero() {
			oldest = s.now()
		}
		return oldest, s.reader.Refresh(ctx)
	})
}

// CountDeadLetters implements store.DeadLetters.
func (s *esStore) CountDeadLetters(ctx context.Context) (int64, error) {
	return ask(s, func() (int64, error) { return s.out.dead.CountDeadLetters(ctx) })
}

// ListDeadLetters implements store.DeadLetters.
func (s *esStore) ListDeadLetters(ctx context.Context, before int64, n int) ([]store.DeadLetter, error) {
	return ask(s, func() ([]store.DeadLetter, error) { return s.out.dead.ListDeadLetters(ctx, before, n) })
}

// DeadLetter implements store.DeadLetters.
func (s *esStore) DeadLetter(ctx context.Context, id int64) (store.DeadLetter, error) {
	return ask(s, func() (store.DeadLetter, error) { return s.out.dead.DeadLetter(ctx, id) })
}

// RequeueDeadLetter implements store.DeadLetters.
func (s *esStore) RequeueDeadLetter(ctx context.Context, id int64) error {
	return s.run(func() error { return s.out.dead.RequeueDeadLetter(ctx, id) })
}

// DropDeadLetter implements store.DeadLetters.
func (s *esStore) DropDeadLetter(ctx context.Context, id int64) error {
	return s.run(func() error { return s.out.dead.DropDeadLetter(ctx, id) })
}

var (
	_ store.Store       = (*esStore)(nil)
	_ store.DeadLetters = (*esStore)(nil)
	_ store.Outbox      = (*esStore)(nil)
	_ store.Located     = (*esStore)(nil)
	_ store.Degrader    = (*esStore)(nil)
)
