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
	// nothing newer can be had.
	staleKeep = 24 * time.Hour

	// maxRenewal is for how long past its ttl, at most, a value is returned
	// without waiting for the new one; before that limit comes one more ttl.
	maxRenewal = time.Minute

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
	// Stale is a value past its ttl: a new one is being computed, or computing
	// it failed (see Result.Err).
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
	// Digest is the first half of Value's SHA-256; see ETag.
	Digest [digestSize]byte
	// Status says where Value comes from.
	Status Status
	// Age is the time since Value was computed.
	Age time.Duration
	// Fresh is for how long Value still holds; zero for Stale and Bypass.
	Fresh time.Duration
	// Err says why computing a newer value failed. It is set only when Status is
	// Stale, and nil there too while a new value is being computed.
	Err error

	// also holds Value's encoded forms.
	also encoded
	// renewable is set while Value may be returned before a new one is there.
	renewable bool
}

// Loader gets values from a cache and computes those that are missing. All
// methods may be called from many goroutines at once.
type Loader struct {
	cache    Cache
	encoder  *encoder
	flights  singleflight.Group
	failures failures
	// renewals holds the keys whose new value nobody waits for.
	renewals sync.Map
}

// fillFunc computes a value.
type fillFunc = func(ctx context.Context) ([]byte, error)

// NewLoader returns a Loader on c, which stays the caller's to close.
func NewLoader(c Cache) *Loader {
	return &Loader{cache: c, encoder: newEncoder(gzipLevel)}
}

// Load returns the value of key: from the cache while it is younger than ttl,
// otherwise by calling fill, never more than once at a time for one key. With
// ttl 0 nothing is looked up or kept (Bypass).
//
// For one more ttl, at most a minute, the old value is returned at once (Stale)
// while one call of fill computes the new one: only who comes later must wait.
//
// fill runs in a goroutine of its own, under a context that keeps ctx's values
// but not its end, since others may be waiting too: it ends after 30 seconds.
// Load itself returns as soon as ctx ends. When fill fails or panics, the last
// value is returned (Stale) if the cache still has it, otherwise the error; in
// the next second the key's other callers get the same without a call of fill.
//
// A cache that fails costs only time: its errors are not returned.
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
// holds for longer than within: caches may be shared, and one edge's work is
// enough. It waits for a flight under way, and so Load's callers do for this
// one. The error is fill's, or that fill failed with within the last second.
// With ttl 0 there is nothing to do.
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
		// Load's flight, if it was that one, is content with less.
		if r.Status != Hit || r.Fresh > within {
			return r.Err
		}
	}
}

// renew has a new value computed that nobody waits for, unless that is under way.
func (l *Loader) renew(ctx context.Context, key string, ttl time.Duration, fill fillFunc) {
	if _, underWay := l.renewals.LoadOrStore(key, struct{}{}); underWay {
		return
	}
	go func() {
		defer l.renewals.Delete(key)
		// The failures remember an error for the next caller.
		_, _ = l.join(context.WithoutCancel(ctx), key, flight{ttl: ttl, fill: fill})
	}()
}

// get returns what the cache has, as Hit or as Stale.
func (l *Loader) get(ctx context.Context, key string) (Result, bool) {
	framed, found, err := l.cache.Get(ctx, key)
	if err != nil || !found {
		return Result{}, false
	}
	return unframe(framed, time.Now())
}

// flight is one computation of a value, unless the cache has one that holds for
// longer than within.
type flight struct {
	ttl, within time.Duration
	fill        fillFunc
}

// join waits for the flight of key: f, if there is none yet.
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

// fly computes the value and keeps it. It looks into the cache first: the last
// flight may have landed after its caller looked.
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
		if value, err = call(ctx, f.fill); err == nil {
			return l.keep(ctx, key, f.ttl, value), nil
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
func (l *Loader) keep(ctx context.Context, key string, ttl time.Duration, value []byte) Result {
	if ttl <= 0 {
		return Result{Value: value, Digest: digestOf(value), Status: Bypass}
	}
	made := time.Now()
	framed := frame(value, l.encoder.encode(value), made, ttl)
	// What a cache does not take is computed again the next time.
	_ = l.cache.Set(ctx, key, framed, ttl+staleKeep)
	r, _ := unframe(framed, made)
	r.Status = Miss
	return r
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
func call(ctx context.Context, fill fillFunc) (value []byte, err error) {
	defer func() {
		if v := recover(); v != nil {
			value, err = nil, &PanicError{Value: v, Stack: debug.Stack()}
		}
	}()
	return fill(ctx)
}
