// Package cache defines the cache of answers and the Loader that all answers go
// through. The implementations are cache/memory and cache/memcached.
package cache

import (
	"context"
	"time"
)

// Opener is implemented by guest modules in the namespace peba.caches. They
// must not allocate or use the network before Open.
type Opener interface {
	Open(ctx context.Context) (Cache, error)
}

// Cache keeps answers for a limited time. All methods are safe for concurrent
// use. A cache may drop any value at any time.
type Cache interface {
	// Get returns the value, or false if there is none. The value is shared and
	// must not be changed. An error means that the cache did not answer.
	Get(ctx context.Context, key string) (value []byte, found bool, err error)

	// Set keeps the value for ttl. The cache owns value from then on.
	Set(ctx context.Context, key string, value []byte, ttl time.Duration) error

	// Ping returns nil when the cache answers.
	Ping(ctx context.Context) error

	// Close releases this handle.
	Close() error
}
