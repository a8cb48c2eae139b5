package memcached

import (
	"context"
	"errors"
	"hash/crc32"
	"math"
	"sync"
	"time"

	"github.com/bradfitz/gomemcache/memcache"
	"go.uber.org/zap"
	"golang.org/x/sync/singleflight"

	"github.com/peba-edge/peba/cache"
)

const (
	// maxItem is memcached's default limit, less its own header and the name.
	maxItem = 1<<20 - 1<<10

	// maxRelative is the longest lifetime that memcached does not interpret as
	// a date.
	maxRelative = 30 * 24 * time.Hour
)

var (
	errClosed    = errors.New("memcached: the cache is closed")
	errLeftAlone = errors.New("memcached: the server does not answer and is not asked during the cooldown")
)

// handle is a cache distributed over some servers.
type handle struct {
	servers []*server
	seal    *sealer
	logger  *zap.Logger
	reads   singleflight.Group

	mu         sync.RWMutex // held for reading while servers are used
	closed     bool
	background sync.WaitGroup
}

func newHandle(addresses []address, timeout time.Duration, seal *sealer, logger *zap.Logger) *handle {
	h := &handle{seal: seal, logger: logger}
	for _, a := range addresses {
		h.servers = append(h.servers, newServer(a, timeout))
	}
	return h
}

// Get implements cache.Cache. It ends at the timeout, not with ctx. Values not
// signed by the secret count as missing. Concurrent calls for the same key share
// one request: a page's many readers ask for few keys.
func (h *handle) Get(ctx context.Context, key string) ([]byte, bool, error) {
	if err := ctx.Err(); err != nil {
		return nil, false, err
	}
	name := h.seal.name(key)
	value, err, _ := h.reads.Do(name, func() (any, error) { return h.get(name) })
	if err != nil {
		return nil, false, err
	}
	found := value.(*memcache.Item)
	if found == nil {
		return nil, false, nil
	}
	return found.Value, true, nil
}

// get returns the item under name with its value unsealed, or nil.
func (h *handle) get(name string) (item *memcache.Item, err error) {
	err = h.ask(name, func(c *memcache.Client) (err error) {
		item, err = c.Get(name)
		return err
	})
	if err != nil || item == nil {
		return nil, err
	}
	value, genuine, alive := h.seal.unseal(name, item.Value, time.Now())
	if !genuine {
		metrics.forged.Inc()
	}
	if !alive {
		return nil, nil
	}
	item.Value = value
	return item, nil
}

// Set implements cache.Cache. It waits for the server, since the next caller
// would otherwise compute the value too. A value that does not fit is not kept,
// and the value it should replace is removed.
func (h *handle) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	name := h.seal.name(key)
	// Later callers must not get what was read before this.
	defer h.reads.Forget(name)
	if ttl <= 0 || sealSize+len(value) > maxItem {
		return h.ask(name, func(c *memcache.Client) error { return c.Delete(name) })
	}
	now := time.Now()
	item := &memcache.Item{
		Key:        name,
		Value:      h.seal.seal(name, value, now.Add(ttl)),
		Expiration: expiration(now, ttl),
	}
	return h.ask(name, func(c *memcache.Client) error { return c.Set(item) })
}

// expiration converts ttl for memcached: seconds, or the end date if ttl is
// long. The seal has the exact time.
func expiration(now time.Time, ttl time.Duration) int32 {
	seconds := int64((ttl + time.Second - 1) / time.Second)
	if ttl > maxRelative-time.Second {
		seconds += now.Unix()
	}
	return int32(min(seconds, math.MaxInt32))
}

// ask calls the server of name, unless its breaker is open. A missing key is
// not an error.
func (h *handle) ask(name string, do func(*memcache.Client) error) error {
	h.mu.RLock()
	defer h.mu.RUnlock()
	if h.closed {
		return errClosed
	}
	s := h.servers[crc32.ChecksumIEEE([]byte(name))%uint32(len(h.servers))]
	ask, probe := s.breaker.ask()
	if probe {
		h.background.Go(func() { h.probe(s) })
	}
	if !ask {
		return errLeftAlone
	}
	err := s.call(do)
	if errors.Is(err, memcache.ErrCacheMiss) {
		err = nil
	}
	h.learn(s, err)
	return err
}

// learn reports the result of a call to the breaker of s.
func (h *handle) learn(s *server, err error) {
	if err != nil {
		metrics.failures.Inc()
	}
	if !isUnanswered(err) {
		s.breaker.succeeded()
		return
	}
	if pause, opened := s.breaker.failed(); opened {
		// Connections may time out because they are stale.
		_ = s.client.Close()
		h.logger.Warn("memcached does not answer: answers are computed without it during a cooldown",
			zap.Stringer("server", s.address), zap.Duration("first_pause", pause), zap.Error(err))
	}
}

// probe checks whether s answers.
func (h *handle) probe(s *server) {
	err := s.call((*memcache.Client).Ping)
	s.breaker.probed(err == nil)
	if err == nil {
		h.logger.Info("memcached answers again", zap.Stringer("server", s.address))
	}
}

// Ping implements cache.Cache: it asks every server, even if its breaker is
// open.
func (h *handle) Ping(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	h.mu.RLock()
	defer h.mu.RUnlock()
	if h.closed {
		return errClosed
	}
	answers := make(chan error, len(h.servers))
	for _, s := range h.servers {
		h.background.Go(func() { answers <- s.call((*memcache.Client).Ping) })
	}
	for range h.servers {
		select {
		case err := <-answers:
			if err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// Close implements cache.Cache. It waits for calls in progress, at most for the
// timeout.
func (h *handle) Close() error {
	h.mu.Lock()
	wasClosed := h.closed
	h.closed = true
	h.mu.Unlock()
	if wasClosed {
		return nil
	}
	h.background.Wait()
	for _, s := range h.servers {
		// Errors of closing dead connections do not matter: no value is lost.
		_ = s.client.Close()
	}
	return nil
}

var _ cache.Cache = (*handle)(nil)
