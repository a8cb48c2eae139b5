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
	"github.com/peba-edge/peba/store"
)

// esStore is one opener's view of a cluster. Calls hold mu for reading, so that
// Close waits for those under way.
type esStore struct {
	client *client
	names  *Indices
	layout *layout
	schema *schema
	mirror *mirror
	out    *outgoing
	logger *zap.Logger
	opts   store.Options
	where  string
	now    func() time.Time

	// ready is closed when template and indices have been there: before that
	// Elasticsearch would make indices of its own idea.
	ready   chan struct{}
	laidOut sync.Once
	// troubles are those of the last look after the indices.
	troubles atomic.Pointer[troubles]

	stop       context.CancelFunc
	background sync.WaitGroup

	mu     sync.RWMutex
	closed bool
}

// firstLook is how long Open waits for a cluster.
const firstLook = 10 * time.Second

// open connects, and looks after the indices at once if the cluster answers.
func (m *Module) open(ctx context.Context, opts store.Options) (*esStore, error) {
	c, err := newClient(m)
	if err != nil {
		return nil, err
	}
	l, err := newLayout(m)
	if err != nil {
		return nil, err
	}
	users, err := openMirror(m.Spool.Path, m.logger)
	if err != nil {
		return nil, err
	}
	s := &esStore{
		client: c, names: &m.Index, layout: l, schema: newSchema(c, l, m.logger), mirror: users, logger: m.logger, opts: opts, now: time.Now,
		where: m.location(), ready: make(chan struct{}),
	}
	looking, cancel := context.WithTimeout(ctx, firstLook)
	defer cancel()
	again := layoutEvery
	if err := s.layOut(looking); err != nil {
		again = layoutRetry
		s.troubles.Store(&troubles{layout: err})
		if ctx.Err() != nil {
			s.client.close()
			return nil, ctx.Err()
		}
		s.logger.Warn("Elasticsearch is not ready: what sensors send waits in the spool", zap.Error(err))
	}
	if s.out, err = openOutgoing(ctx, m, s); err != nil {
		s.client.close()
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

// location says where alerts are, and where they are before that.
func (m *Module) location() string {
	var urls []string
	for _, u := range m.urls {
		urls = append(urls, u.Redacted())
	}
	return strings.Join(urls, " ") + ", spool " + m.Spool.Path
}

// Location implements store.Located.
func (s *esStore) Location() string { return s.where }

// enter starts a call; s.mu.RUnlock ends it.
func (s *esStore) enter() error {
	s.mu.RLock()
	if s.closed {
		s.mu.RUnlock()
		return fmt.Errorf("the elasticsearch store is closed: %w", store.ErrUnavailable)
	}
	return nil
}

// ask does a call that returns something.
func ask[T any](s *esStore, f func() (T, error)) (T, error) {
	if err := s.enter(); err != nil {
		var none T
		return none, err
	}
	defer s.mu.RUnlock()
	return f()
}

// run does a call that returns an error only.
func (s *esStore) run(f func() error) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.mu.RUnlock()
	return f()
}

// Close ends what runs in the background, after the calls under way.
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
	s.client.close()
	return err
}

// Ping implements store.Store: it is an error that alerts cannot be taken in, or
// that those in the cluster cannot be reached. See Degraded for the rest.
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
			err = s.unanswerable()
		}
		if err != nil {
			return &store.PartError{Part: "elasticsearch", Err: err}
		}
		return nil
	})
}

// Put implements store.Writer: it returns when the alerts are in the spool.
func (s *esStore) Put(ctx context.Context, records []alert.Record) error {
	return s.run(func() error { return s.out.put(ctx, records) })
}

// PutStatistic implements store.Writer.
func (s *esStore) PutStatistic(ctx context.Context, stat store.Statistic) error {
	return s.run(func() error { return s.putStatistic(ctx, stat) })
}

// Retire implements store.Writer.
func (s *esStore) Retire(ctx context.Context, receivedBefore time.Time) error {
	return s.run(func() error {
		defer s.out.recent.forget()
		return s.retire(ctx, receivedBefore)
	})
}

// Newest implements store.Reader.
func (s *esStore) Newest(ctx context.Context, f store.Filter, n int, fields ...string) ([]alert.Document, error) {
	return ask(s, func() ([]alert.Document, error) { return s.newest(ctx, f, n, fields) })
}

// Count implements store.Reader.
func (s *esStore) Count(ctx context.Context, f store.Filter) (int64, error) {
	return ask(s, func() (int64, error) { return s.count(ctx, f) })
}

// Group implements store.Reader.
func (s *esStore) Group(ctx context.Context, f store.Filter, g store.Grouping) ([]store.Group, error) {
	return ask(s, func() ([]store.Group, error) { return s.group(ctx, f, g) })
}

// Statistics implements store.Reader.
func (s *esStore) Statistics(ctx context.Context, from, to time.Time) ([]store.Statistic, error) {
	return ask(s, func() ([]store.Statistic, error) { return s.statistics(ctx, from, to) })
}

// Payload implements store.Reader.
func (s *esStore) Payload(ctx context.Context, hash string) (store.Payload, error) {
	return ask(s, func() (store.Payload, error) { return s.payload(ctx, hash) })
}

// CVEs implements store.Reader.
func (s *esStore) CVEs(ctx context.Context) ([]store.CVE, error) {
	return ask(s, func() ([]store.CVE, error) { return s.cves(ctx) })
}

// User implements store.Users.
func (s *esStore) User(ctx context.Context, name string) (store.User, error) {
	return ask(s, func() (store.User, error) { return s.user(ctx, name) })
}

// ListUsers implements store.Users.
func (s *esStore) ListUsers(ctx context.Context) ([]store.User, error) {
	return ask(s, func() ([]store.User, error) { return s.listUsers(ctx) })
}

// PutUser implements store.Users.
func (s *esStore) PutUser(ctx context.Context, u store.User) error {
	return s.run(func() error { return s.putUser(ctx, u) })
}

// RemoveUser implements store.Users.
func (s *esStore) RemoveUser(ctx context.Context, name string) error {
	return s.run(func() error { return s.removeUser(ctx, name) })
}

// Yield implements store.Outbox.
func (s *esStore) Yield() { s.out.yield(s) }

// PutSensors implements store.Writer.
func (s *esStore) PutSensors(ctx context.Context, records []store.SensorRecord) error {
	return s.run(func() error { return s.putSensors(ctx, records) })
}

// Sensors implements store.Reader.
func (s *esStore) Sensors(ctx context.Context, community bool, n int, visit func(store.SensorRecord) error) error {
	return s.run(func() error { return s.sensors(ctx, community, n, visit) })
}

// Settle implements store.Outbox.
func (s *esStore) Settle(ctx context.Context) (time.Time, error) {
	return ask(s, func() (time.Time, error) {
		oldest := s.out.spool.Stats().Oldest // before what is stored meanwhile
		if oldest.IsZero() {
			oldest = s.now()
		}
		return oldest, s.refresh(ctx)
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
