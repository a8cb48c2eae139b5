package cache

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"golang.org/x/sync/singleflight"
)

const (
	// staleKeep is how long a value is kept past its ttl, to be served while
	// nothing newer can be had.
	staleKeep = 24 * time.Hour

	// fillTimeout ends a computation that nobody may be waiting for any more.
	fillTimeout = 30 * time.Second
)

// Status says where a Result comes from.
type Status int8

const (
	// Hit is a fresh value from the cache.
	Hit Status = iota
	// Miss is a value computed just now, and kept.
	Miss
	// Stale is a value past its ttl: computing a new one failed.
	Stale
	// Bypass is a value computed just now, and not kept.
	Bypass
)

// String returns the status as one lower-case word.
func (s Status) String() string {
	switch s {
	case Hit:
		return "hit"
	case Miss:
		return "miss"
	case Stale:
		return "stale"
	case Bypass:
		return "bypass"
	default:
		return fmt.Sprintf("status(%d)", int8(s))
	}
}

// Result is a value and what is known of it.
type Result struct {
	// Value is shared: it must not be changed.
	Value []byte
	// Status says where Value comes from.
	Status Status
	// Age is the time since Value was computed.
	Age time.Duration
	// Fresh is for how long Value still holds; zero for Stale and Bypass.
	Fresh time.Duration
	// Err says why there is no newer value; set when Status is Stale, and only then.
	Err error
}

// Loader gets values from a cache and computes those that are missing. All
// methods may be called from many goroutines at once.
type Loader struct {
	cache    Cache
	flights  singleflight.Group
	failures failures
}

// NewLoader returns a Loader on c, which stays the caller's to close.
func NewLoader(c Cache) *Loader {
	return &Loader{cache: c}
}

// Load returns the value of key: from the cache while it is younger than ttl,
// otherwise by calling fill, never more than once at a time for one key. With
// ttl 0 nothing is looked up or kept (Bypass).
//
// fill runs in a goroutine of its own, under a context that keeps ctx's values
// but not its end, since others may be waiting too: it ends after 30 seconds.
// Load itself returns as soon as ctx ends. When fill fails or panics, the last
// value is returned (Stale) if the cache still has it, otherwise the error; in
// the next second the key's other callers get the same without a call of fill.
//
// A cache that fails costs only time: its errors are not returned.
func (l *Loader) Load(ctx context.Context, key string, ttl time.Duration, fill func(ctx context.Context) ([]byte, error)) (Result, error) {
	if ttl > 0 {
		if r, found := l.get(ctx, key); found && r.Status == Hit {
			return r, nil
		}
	}
	return l.join(ctx, key, ttl, fill)
}

// get returns what the cache has, as Hit or as Stale.
func (l *Loader) get(ctx context.Context, key string) (Result, bool) {
	framed, found, err := l.cache.Get(ctx, key)
	if err != nil || !found {
		return Result{}, false
	}
	return unframe(framed, time.Now())
}

// join waits for the flight of key, which it starts if there is none.
func (l *Loader) join(ctx context.Context, key string, ttl time.Duration, fill func(ctx context.Context) ([]byte, error)) (Result, error) {
	if err := ctx.Err(); err != nil {
		return Result{}, err // nobody to compute for
	}
	flight := l.flights.DoChan(key, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), fillTimeout)
		defer cancel()
		return l.fly(ctx, key, ttl, fill)
	})
	select {
	case landed := <-flight:
		if landed.Err != nil {
			return Result{}, landed.Err
		}
		return landed.Val.(Result), nil
	case <-ctx.Done():
		return Result{}, ctx.Err()
	}
}

// fly computes the value and keeps it. It looks into the cache first: the last
// flight may have landed after its caller looked.
func (l *Loader) fly(ctx context.Context, key string, ttl time.Duration, fill func(ctx context.Context) ([]byte, error)) (Result, error) {
	var (
		old    Result
		hasOld bool
	)
	if ttl > 0 {
		if old, hasOld = l.get(ctx, key); hasOld && old.Status == Hit {
			return old, nil
		}
	}
	err := l.failures.recent(key)
	if err == nil {
		var value []byte
		if value, err = call(ctx, fill); err == nil {
			return l.keep(ctx, key, ttl, value), nil
		}
		l.failures.remember(key, err)
	}
	if !hasOld {
		return Result{}, err
	}
	old.Err = err
	return old, nil
}

// keep puts a new value into the cache.
func (l *Loader) keep(ctx context.Context, key string, ttl time.Duration, value []byte) Result {
	if ttl <= 0 {
		return Result{Value: value, Status: Bypass}
	}
	framed := frame(value, time.Now(), ttl)
	// What a cache does not take is computed again the next time.
	_ = l.cache.Set(ctx, key, framed, ttl+staleKeep)
	return Result{Value: framed[headerSize:], Status: Miss, Fresh: ttl}
}

// PanicError is what Load returns when fill panics.
type PanicError struct {
	// Value is what fill panicked with.
	Value any
	// Stack is where.
	Stack []byte
}

// Error returns the value that fill panicked with, without the stack.
func (e *PanicError) Error() string {
	return fmt.Sprintf("computing a value panicked: %v", e.Value)
}

// call calls fill. A panic there would end the process, as it does in any
// goroutine that is not the HTTP server's.
func call(ctx context.Context, fill func(ctx context.Context) ([]byte, error)) (value []byte, err error) {
	defer func() {
		if v := recover(); v != nil {
			value, err = nil, &PanicError{Value: v, Stack: debug.Stack()}
		}
	}()
	return fill(ctx)
}
