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
	// maxItem is what memcached takes by default, less its own header and the name.
	maxItem = 1<<20 - 1<<10

	// maxRelative is the longest life that memcached does not take for a date.
	maxRelative = 30 * 24 * time.Hour
)

var (
	errClosed    = errors.New("memcached: the cache is closed")
	errLeftAlone = errors.New("memcached: the server does not answer, and is left alone for a while")
)

// handle is a cache in some servers.
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

// Get implements cache.Cache. It does not end with ctx, but at the time-out. A
// value that is not signed by the secret is not there. Who asks for a key while
// its value is on the way gets the same: a page's many readers ask for few keys.
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

// get returns what is kept under name, with the value out of its seal, or nil.
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

// Set implements cache.Cache. It waits for the server: who comes next must find
// the value, or would compute it too. What does not fit is not kept, and neither
// is what it was to replace.
func (h *handle) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	name := h.seal.name(key)
	// Who comes after this must not get what was read before it.
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

// expiration is ttl as memcached wants it: in seconds, and the date of its end
// when it is long. The seal knows it exactly.
func expiration(now time.Time, ttl time.Duration) int32 {
	seconds := int64((ttl + time.Second - 1) / time.Second)
	if ttl > maxRelative-time.Second {
		seconds += now.Unix()
	}
	return int32(min(seconds, math.MaxInt32))
}

// ask has the server of name do one thing, unless it is left alone. What is not
// there is no error.
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

// learn tells the breaker of s how a call ended.
func (h *handle) learn(s *server, err error) {
	if err != nil {
		metrics.failures.Inc()
	}
	if !isUnanswered(err) {
		s.breaker.succeeded()
		return
	}
	if pause, opened := s.breaker.failed(); opened {
		// Connections that time out may do so because they are old.
		_ = s.client.Close()
		h.logger.Warn("memcached does not answer: it is left alone, and answers are computed without it",
			zap.Stringer("server", s.address), zap.Duration("first_pause", pause), zap.Error(err))
	}
}

// probe asks s whether it is there.
func (h *handle) probe(s *server) {
	err := s.call((*memcache.Client).Ping)
	s.breaker.probed(err == nil)
	if err == nil {
		h.logger.Info("memcached answers again", zap.Stringer("server", s.address))
	}
}

// Ping implements cache.Cache: it asks every server, those left alone too.
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

// Close implements cache.Cache. It waits for calls under way, and so for the
// time-out at most.
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
		// What closing dead connections says is of no use: values are not lost by it.
		_ = s.client.Close()
	}
	return nil
}

var _ cache.Cache = (*handle)(nil)
