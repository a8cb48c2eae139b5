package cache

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

const (
	// staleKeep is how long a value is kept past its ttl, to be served while
	// computing a newer one fails.
	staleKeep = 24 * time.Hour

	// maxRenewal limits for how long past its ttl a value is returned without
	// waiting for the new one: one more ttl, but at most this.
	maxRenewal = time.Minute

	// fillTimeout ends a computation, since nobody may be waiting for it any
	// more.
	fillTimeout = 30 * time.Second
)

// Status says where a Result comes from.
type Status int8

const (
	// Hit means a fresh value from the cache.
	Hit Status = iota
	// Miss means a value computed just now and kept.
	Miss
	// Stale means a value past its ttl: a new one is being computed, or
	// computing it failed (see Result.Err).
	Stale
	// Bypass means a value computed just now and not kept.
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

// Result is a value with its status and age.
type Result struct {
	// Value is shared: it must not be changed.
	Value []byte
	// Status says where Value comes from.
	Status Status
	// Age is the time since the computation of Value began.
	Age time.Duration
	// Fresh is how long Value stays fresh; zero for Stale and Bypass.
	Fresh time.Duration
	// Err is the error of computing a newer value. It is set only if Status is
	// Stale, and nil while a new value is being computed.
	Err error

	// renewable is set while Value may be returned before the new one is
	// computed.
	renewable bool
}

// Loader gets values from a cache and computes missing ones. All methods are
// safe for concurrent use.
type Loader struct {
	cache    Cache
	flights  singleflight.Group
	failures failures
	// renewals holds the keys that are renewed in the background.
	renewals sync.Map
}

// fillFunc computes a value.
type fillFunc = func(ctx context.Context) ([]byte, error)

// NewLoader returns a Loader on c. The caller closes c.
func NewLoader(c Cache) *Loader {
	return &Loader{cache: c}
}

// Load returns the value of key: from the cache while it is younger than ttl,
// otherwise by calling fill, never more than once at a time per key. With ttl 0
// it uses no cache (Bypass).
//
// For one more ttl, at most a minute, it returns the old value at once (Stale)
// while one call of fill computes the new one. Only later callers wait.
//
// fill runs in its own goroutine. Its context keeps ctx's values but not its
// end, since others may be waiting too; it ends after 30 seconds. Load itself
// returns as soon as ctx ends. If fill fails or panics, Load returns the last
// value (Stale) if the cache still has it, otherwise the error. For the next
// second the key's other callers get the same without a call of fill.
//
// Errors of the cache are not returned: they only cost time.
func (l *Loader) Load(ctx context.Context, key string, ttl time.Duration, fill fillFunc) (Result, error) {
	if ttl > 0 {
		r, found := l.get(ctx, key)
		switch {
		case found && r.Status == Hit:
			return r, nil
		case found && r.renewable:
			if r.Err = l.failures.recent(key); r.Err == nil {
				l.renew(ctx, key, ttl, fill)
			}
			return r, nil
		}
	}
	return l.join(ctx, key, flight{ttl: ttl, fill: fill})
}

// Refresh computes and keeps a new value of key, unless the one in the cache
// stays fresh for longer than within: caches may be shared, and one edge's work
// is enough. It waits for a computation in progress, and callers of Load wait
// for this one. It returns the error of fill, now or within the last second.
// With ttl 0 it does nothing.
func (l *Loader) Refresh(ctx context.Context, key string, ttl, within time.Duration, fill fillFunc) error {
	if ttl <= 0 {
		return nil
	}
	if r, found := l.get(ctx, key); found && r.Fresh > within {
		return nil
	}
	for {
		r, err := l.join(ctx, key, flight{ttl: ttl, within: within, fill: fill})
		if err != nil {
			return err
		}
		// A flight of Load may have been satisfied with less.
		if r.Status != Hit || r.Fresh > within {
			return r.Err
		}
	}
}

// renew computes a new value in the background, unless that is in progress.
func (l *Loader) renew(ctx context.Context, key string, ttl time.Duration, fill fillFunc) {
	if _, underWay := l.renewals.LoadOrStore(key, struct{}{}); underWay {
		return
	}
	go func() {
		defer l.renewals.Delete(key)
		// failures remembers an error for the next caller.
		_, _ = l.join(context.WithoutCancel(ctx), key, flight{ttl: ttl, fill: fill})
	}()
}

// get returns the cached value, as Hit or Stale.
func (l *Loader) get(ctx context.Context, key string) (Result, bool) {
	framed, found, err := l.cache.Get(ctx, key)
	if err != nil || !found {
		return Result{}, false
	}
	return unframe(framed, time.Now())
}

// flight is one computation of a value, skipped if the cache has one that stays
// fresh for longer than within.
type flight struct {
	ttl, within time.Duration
	fill        fillFunc
}

// join waits for the flight of key. It starts f if there is none.
func (l *Loader) join(ctx context.Context, key string, f flight) (Result, error) {
	if err := ctx.Err(); err != nil {
		return Result{}, err // nobody to compute for
	}
	landing := l.flights.DoChan(key, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), fillTimeout)
		defer cancel()
		return l.fly(ctx, key, f)
	})
	select {
	case landed := <-landing:
		if landed.Err != nil {
			return Result{}, landed.Err
		}
		return landed.Val.(Result), nil
	case <-ctx.Done():
		return Result{}, ctx.Err()
	}
}

// fly computes the value and keeps it. It checks the cache first: the previous
// flight may have ended after the caller checked.
func (l *Loader) fly(ctx context.Context, key string, f flight) (Result, error) {
	var (
		old    Result
		hasOld bool
	)
	if f.ttl > 0 {
		if old, hasOld = l.get(ctx, key); hasOld && old.Fresh > f.within {
			return old, nil
		}
	}
	err := l.failures.recent(key)
	if err == nil {
		var value []byte
		asOf := time.Now()
		if value, err = call(ctx, f.fill); err == nil {
			return l.keep(ctx, key, f.ttl, value, asOf), nil
		}
		l.failures.remember(key, err)
	}
	if !hasOld {
		return Result{}, err
	}
	old.Status, old.Fresh, old.Err = Stale, 0, err
	return old, nil
}

// keep puts a new value into the cache.
func (l *Loader) keep(ctx context.Context, key string, ttl time.Duration, value []byte, asOf time.Time) Result {
	now := time.Now()
	if ttl <= 0 {
		return Result{Value: value, Status: Bypass, Age: max(0, now.Sub(asOf))}
	}
	// A value that the cache rejects is computed again next time.
	_ = l.cache.Set(ctx, key, frame(value, asOf, now.Add(ttl)), ttl+staleKeep)
	return Result{Value: value, Status: Miss, Age: max(0, now.Sub(asOf)), Fresh: ttl}
}

// PanicError is returned by Load if fill panics.
type PanicError struct {
	// Value is the value of the panic.
	Value any
	// Stack is the stack trace.
	Stack []byte
}

// Error returns the value of the panic without the stack.
func (e *PanicError) Error() string {
	return fmt.Sprintf("computing a value panicked: %v", e.Value)
}

// call calls fill and recovers from a panic, which would otherwise end the
// process.
func call(ctx context.Context, fill fillFunc) (value []byte, err error) {
	defer func() {
		if v := recover(); v != nil {
			value, err = nil, &PanicError{Value: v, Stack: debug.Stack()}
		}
	}()
	return fill(ctx)
}
