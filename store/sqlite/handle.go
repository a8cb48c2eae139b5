package sqlite

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
)

// handle is one opener's reference to a database. Calls hold mu for reading, so
// that Close waits for them.
type handle struct {
	db     *database
	newCVE func(store.CVE)
	// counted is store.Options.Counted.
	counted func(stored, duplicate int)

	mu     sync.RWMutex
	closed bool
}

// enter begins a call; h.mu.RUnlock ends it.
func (h *handle) enter() error {
	h.mu.RLock()
	if h.closed {
		h.mu.RUnlock()
		return fmt.Errorf("store %s is closed: %w", h.db.path, store.ErrUnavailable)
	}
	return nil
}

// run makes a call that returns only an error.
func (h *handle) run(f func(*database) error) error {
	if err := h.enter(); err != nil {
		return err
	}
	defer h.mu.RUnlock()
	return f(h.db)
}

// ask makes a call that returns a value.
func ask[T any](h *handle, f func(*database) (T, error)) (T, error) {
	if err := h.enter(); err != nil {
		var none T
		return none, err
	}
	defer h.mu.RUnlock()
	return f(h.db)
}

// Close releases the handle; the last one closes the file.
func (h *handle) Close() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil
	}
	h.closed = true
	return h.db.remove(h)
}

// Location implements store.Located.
func (h *handle) Location() string { return h.db.path }

func (h *handle) Ping(ctx context.Context) error {
	return h.run(func(d *database) error { return d.ping(ctx) })
}

// Put announces new CVEs outside its call, since handlers may use the store.
func (h *handle) Put(ctx context.Context, records []alert.Record) error {
	fresh, err := ask(h, func(d *database) (taken, error) { return d.put(ctx, records) })
	if err != nil {
		return err
	}
	h.db.announce(fresh.cves)
	if h.counted != nil {
		h.counted(fresh.alerts, len(records)-fresh.alerts)
	}
	return nil
}

func (h *handle) Retire(ctx context.Context, receivedBefore time.Time) error {
	return h.run(func(d *database) error { return d.retire(ctx, receivedBefore) })
}

func (h *handle) Newest(ctx context.Context, f store.Filter, n int, _ ...string) ([]alert.Document, error) {
	return ask(h, func(d *database) ([]alert.Document, error) { return d.newest(ctx, f, n) })
}

func (h *handle) Count(ctx context.Context, f store.Filter) (int64, error) {
	return ask(h, func(d *database) (int64, error) { return d.count(ctx, f) })
}

func (h *handle) Group(ctx context.Context, f store.Filter, g store.Grouping) ([]store.Group, error) {
	return ask(h, func(d *database) ([]store.Group, error) { return d.group(ctx, f, g) })
}

var (
	_ store.Store   = (*handle)(nil)
	_ store.Located = (*handle)(nil)
)
