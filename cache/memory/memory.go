// Package memory keeps answers in this process, in as many bytes as configured.
package memory

import (
	"context"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/dustin/go-humanize"
	"github.com/maypok86/otter/v2"

	"github.com/peba-edge/peba/cache"
)

func init() {
	caddy.RegisterModule(new(Module))
}

const (
	defaultSize = 64 << 20
	// A smaller size is probably a number without its unit.
	minSize = 64 << 10

	// allowedSizes describes valid sizes in errors.
	allowedSizes = "at least 64KiB, with a unit, such as 64MiB"
)

// Module keeps answers in the memory of this process. They survive a config reload unless it
// changes the size.
type Module struct {
	// Maximum memory for answers in bytes, at least 64 KiB. The least used answers are
	// evicted first. Default: 67108864 (64 MiB).
	Size int64 `json:"size,omitempty"`
}

// CaddyModule returns the Caddy module information.
func (*Module) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "peba.caches.memory",
		New: func() caddy.Module { return new(Module) },
	}
}

// Provision fills in the default.
func (m *Module) Provision(caddy.Context) error {
	if m.Size == 0 {
		m.Size = defaultSize
	}
	return nil
}

// Validate checks the size.
func (m *Module) Validate() error {
	if m.Size < minSize {
		return fmt.Errorf("size of the memory cache: got %d bytes, must be %s", m.Size, allowedSizes)
	}
	return nil
}

// pools are the caches of this process by size. A config reload opens its cache
// before the old config closes it, and so reuses it.
var pools = caddy.NewUsagePool()

// Open returns a handle on the cache of this size.
func (m *Module) Open(context.Context) (cache.Cache, error) {
	size := m.Size
	shared, _, err := pools.LoadOrNew(size, func() (caddy.Destructor, error) {
		return newPool(size)
	})
	if err != nil {
		return nil, fmt.Errorf("opening the memory cache: %w", err)
	}
	return &handle{pool: shared.(*pool)}, nil
}

// pool is a cache shared by handles.
type pool struct {
	size    int64
	entries *otter.Cache[string, entry]
}

type entry struct {
	value []byte
	ttl   time.Duration
}

// overhead is the approximate memory of an entry in bytes, beyond key and value
// (measured: 135).
const overhead = 160

func weight(key string, e entry) int64 {
	return int64(len(key)) + int64(cap(e.value)) + overhead
}

func newPool(size int64) (*pool, error) {
	entries, err := otter.New(&otter.Options[string, entry]{
		MaximumWeight: uint64(size),
		// Set rejects values with a weight over 32 bits.
		Weigher: func(key string, e entry) uint32 { return uint32(weight(key, e)) },
		ExpiryCalculator: otter.ExpiryWritingFunc(func(e otter.Entry[string, entry]) time.Duration {
			return e.Value.ttl
		}),
	})
	if err != nil {
		return nil, err
	}
	return &pool{size: size, entries: entries}, nil
}

// Get implements cache.Cache.
func (p *pool) Get(_ context.Context, key string) ([]byte, bool, error) {
	e, found := p.entries.GetIfPresent(key)
	return e.value, found, nil
}

// Set implements cache.Cache. A value larger than the whole cache is not kept,
// and the value it should replace is removed.
func (p *pool) Set(_ context.Context, key string, value []byte, ttl time.Duration) error {
	e := entry{value: value, ttl: ttl}
	if ttl <= 0 || weight(key, e) > min(p.size, math.MaxUint32) {
		p.entries.Invalidate(key)
		return nil
	}
	p.entries.Set(key, e)
	return nil
}

// Ping implements cache.Cache: memory always answers.
func (p *pool) Ping(context.Context) error { return nil }

// Destruct ends the goroutine that removes expired entries.
func (p *pool) Destruct() error {
	p.entries.StopAllGoroutines()
	return nil
}

// handle is one user's share of a pool.
type handle struct {
	*pool
	close sync.Once
}

// Close implements cache.Cache.
func (h *handle) Close() error {
	var err error
	h.close.Do(func() { _, err = pools.Delete(h.size) })
	return err
}

// UnmarshalCaddyfile parses the module's name and its only argument. Syntax:
//
//	memory [SIZE]
//
// SIZE is a number with a unit: 64MiB, 64MB, 1GiB, …
func (m *Module) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // the module's name
	if d.NextArg() {
		size, err := humanize.ParseBytes(d.Val())
		if err != nil || size < minSize || size > math.MaxInt64 {
			return d.Errf("cache memory: size: got %q, must be %s", d.Val(), allowedSizes)
		}
		m.Size = int64(size)
	}
	if d.NextArg() {
		return d.Errf("cache memory: unexpected %q: expected one SIZE", d.Val())
	}
	if d.NextBlock(d.Nesting()) {
		return d.Errf("cache memory: unknown option %q: expected one SIZE and no options", d.Val())
	}
	return nil
}

var (
	_ caddy.Provisioner     = (*Module)(nil)
	_ caddy.Validator       = (*Module)(nil)
	_ caddyfile.Unmarshaler = (*Module)(nil)
	_ cache.Opener          = (*Module)(nil)
	_ cache.Cache           = (*handle)(nil)
	_ caddy.Destructor      = (*pool)(nil)
)
