// Package cache says what a cache of answers is, and holds the Loader that all
// answers go through. The implementations are cache/memory and cache/memcached.
package cache

import (
	"context"
	"time"
)

// Opener is what a guest module in the namespace peba.caches implements.
// Open is the first moment at which it may allocate or use the network.
type Opener interface {
	Open(ctx context.Context) (Cache, error)
}

// Cache keeps answers for a while. All methods may be called from many
// goroutines at once. A cache may forget anything at any time.
type Cache interface {
	// Get returns the value, or false when there is none. The value is shared:
	// it must not be changed. An error means the cache could not be asked.
	Get(ctx context.Context, key string) (value []byte, found bool, err error)

	// Set keeps the value for ttl. The cache owns value from then on.
	Set(ctx context.Context, key string, value []byte, ttl time.Duration) error

	// Ping returns nil when the cache answers.
	Ping(ctx context.Context) error

	// Close gives this handle back.
	Close() error
}
