package cache

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// mapCache forgets only what is too old. Its Get and Set fail with err, if that is set.
type mapCache struct {
	mu     sync.Mutex
	values map[string]mapEntry
	err    error
}

type mapEntry struct {
	value []byte
	until time.Time
}

func newMapCache() *mapCache { return &mapCache{values: map[string]mapEntry{}} }

func (c *mapCache) Get(ctx context.Context, key string) ([]byte, bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.values[key]
	if c.err != nil || !ok || !time.Now().Before(e.until) {
		return nil, false, c.err
	}
	return e.value, true, nil
}

func (c *mapCache) Set(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		c.values[key] = mapEntry{value, time.Now().Add(ttl)}
	}
	return c.err
}

func (c *mapCache) Ping(ctx context.Context) error { return nil }
func (c *mapCache) Close() error                   { return nil }

func (c *mapCache) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.err = err
}

// source computes "value 1", "value 2", …, or fails with err, if that is set.
type source struct {
	calls int
	err   error
}

func (s *source) fill(ctx context.Context) ([]byte, error) {
	s.calls++
	if s.err != nil {
		return nil, s.err
	}
	return fmt.Appendf(nil, "value %d", s.calls), nil
}

// expect loads key "k" and compares what comes.
func expect(t *testing.T, l *Loader, ttl time.Duration, s *source, want Result, wantCalls int) {
	t.Helper()
	got, err := l.Load(t.Context(), "k", ttl, s.fill)
	if err != nil {
		t.Fatalf("Load: %v", err)
	}
	if !bytes.Equal(got.Value, want.Value) || got.Status != want.Status || got.Age != want.Age ||
		got.Fresh != want.Fresh || !errors.Is(got.Err, want.Err) {
		t.Fatalf("Load = %s, want %s", show(got), show(want))
	}
	if s.calls != wantCalls {
		t.Fatalf("fill was called %d times, want %d", s.calls, wantCalls)
	}
}

func show(r Result) string {
	return fmt.Sprintf("%q %s, age %v, fresh for %v, error %v", r.Value, r.Status, r.Age, r.Fresh, r.Err)
}

func TestHitAndMiss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, s := NewLoader(newMapCache()), &source{}
		expect(t, l, time.Minute, s, Result{Value: []byte("value 1"), Status: Miss, Fresh: time.Minute}, 1)
		expect(t, l, time.Minute, s, Result{Value: []byte("value 1"), Status: Hit, Fresh: time.Minute}, 1)
		time.Sleep(59 * time.Second)
		expect(t, l, time.Minute, s, Result{Value: []byte("value 1"), Status: Hit, Age: 59 * time.Second, Fresh: time.Second}, 1)
		time.Sleep(time.Minute + time.Second)
		expect(t, l, time.Minute, s, Result{Value: []byte("value 2"), Status: Miss, Fresh: time.Minute}, 2)
	})
}

func TestBypass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newMapCache()
		l, s := NewLoader(c), &source{}
		expect(t, l, 0, s, Result{Value: []byte("value 1"), Status: Bypass}, 1)
		expect(t, l, 0, s, Result{Value: []byte("value 2"), Status: Bypass}, 2)
		if len(c.values) != 0 {
			t.Errorf("%d values were kept", len(c.values))
		}
	})
}

func TestStale(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, s := NewLoader(newMapCache()), &source{}
		expect(t, l, time.Minute, s, Result{Value: []byte("value 1"), Status: Miss, Fresh: time.Minute}, 1)

		down := errors.New("store down")
		s.err = down
		time.Sleep(time.Hour)
		expect(t, l, time.Minute, s, Result{Value: []byte("value 1"), Status: Stale, Age: time.Hour, Err: down}, 2)
		// Within a second the store is not asked again.
		time.Sleep(999 * time.Millisecond)
		expect(t, l, time.Minute, s, Result{Value: []byte("value 1"), Status: Stale, Age: time.Hour + 999*time.Millisecond, Err: down}, 2)
		time.Sleep(time.Millisecond)
		expect(t, l, time.Minute, s, Result{Value: []byte("value 1"), Status: Stale, Age: time.Hour + time.Second, Err: down}, 3)

		s.err = nil
		time.Sleep(time.Second)
		expect(t, l, time.Minute, s, Result{Value: []byte("value 4"), Status: Miss, Fresh: time.Minute}, 4)
	})
}

func TestFailureWithoutStaleCopy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, s := NewLoader(newMapCache()), &source{}
		expect(t, l, time.Minute, s, Result{Value: []byte("value 1"), Status: Miss, Fresh: time.Minute}, 1)

		time.Sleep(time.Minute + staleKeep)
		s.err = errors.New("store down")
		for range 3 {
			if r, err := l.Load(t.Context(), "k", time.Minute, s.fill); !errors.Is(err, s.err) {
				t.Fatalf("Load = %s, %v, want %v", show(r), err, s.err)
			}
		}
		if s.calls != 2 {
			t.Errorf("fill was called %d times, want 2", s.calls)
		}
		// Another key's failure is its own.
		other := &source{}
		if _, err := l.Load(t.Context(), "other", time.Minute, other.fill); err != nil {
			t.Errorf("another key: %v", err)
		}
	})
}

func TestOneFlightAKey(t *testing.T) {
	for _, ttl := range []time.Duration{time.Minute, 0} {
		t.Run(ttl.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { testOneFlightAKey(t, ttl) })
		})
	}
}

func testOneFlightAKey(t *testing.T, ttl time.Duration) {
	l := NewLoader(newMapCache())
	var calls atomic.Int32
	land := make(chan struct{})
	fill := func(ctx context.Context) ([]byte, error) {
		calls.Add(1)
		<-land
		return []byte("value"), nil
	}
	results := make(chan error)
	for range 100 {
		go func() {
			r, err := l.Load(t.Context(), "k", ttl, fill)
			if err == nil && string(r.Value) != "value" {
				err = fmt.Errorf("got %s", show(r))
			}
			results <- err
		}()
	}
	synctest.Wait() // all are waiting
	if n := calls.Load(); n != 1 {
		t.Errorf("fill is running %d times, want once", n)
	}
	close(land)
	for range 100 {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
	if n := calls.Load(); n != 1 {
		t.Errorf("fill was called %d times, want once", n)
	}
}

// The one who started a flight may leave; the others get its value.
func TestCallersLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type contextKey struct{}
		l := NewLoader(newMapCache())
		land := make(chan struct{})
		fill := func(ctx context.Context) ([]byte, error) {
			<-land
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			return fmt.Appendf(nil, "value of %v", ctx.Value(contextKey{})), nil
		}
		ctx, leave := context.WithCancel(context.WithValue(t.Context(), contextKey{}, "the first"))
		first := make(chan error)
		go func() {
			_, err := l.Load(ctx, "k", time.Minute, fill)
			first <- err
		}()
		synctest.Wait()
		second := make(chan Result)
		go func() {
			r, err := l.Load(t.Context(), "k", time.Minute, fill)
			if err != nil {
				t.Errorf("the second caller: %v", err)
			}
			second <- r
		}()
		synctest.Wait()

		leave()
		if err := <-first; !errors.Is(err, context.Canceled) {
			t.Errorf("the first caller got %v, want %v", err, context.Canceled)
		}
		close(land)
		if r := <-second; string(r.Value) != "value of the first" {
			t.Errorf("the second caller got %s", show(r))
		}
	})
}

func TestNobodyToComputeFor(t *testing.T) {
	l, s := NewLoader(newMapCache()), &source{}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.Load(ctx, "k", time.Minute, s.fill); !errors.Is(err, context.Canceled) {
		t.Errorf("Load = %v, want %v", err, context.Canceled)
	}
	if s.calls != 0 {
		t.Errorf("fill was called %d times", s.calls)
	}
}

func TestFillTakesTooLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLoader(newMapCache())
		start := time.Now()
		_, err := l.Load(t.Context(), "k", time.Minute, func(ctx context.Context) ([]byte, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		})
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != fillTimeout {
			t.Errorf("Load = %v after %v, want %v after %v", err, time.Since(start), context.DeadlineExceeded, fillTimeout)
		}
	})
}

func TestPanicInFill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, s := NewLoader(newMapCache()), &source{}
		panicking := func(ctx context.Context) ([]byte, error) { panic("oh") }
		_, err := l.Load(t.Context(), "k", time.Minute, panicking)
		var p *PanicError
		if !errors.As(err, &p) || p.Value != "oh" || !bytes.Contains(p.Stack, []byte("TestPanicInFill")) {
			t.Fatalf("Load = %v, want a PanicError with its stack", err)
		}
		time.Sleep(failureKeep)
		expect(t, l, time.Minute, s, Result{Value: []byte("value 1"), Status: Miss, Fresh: time.Minute}, 1)

		time.Sleep(2 * time.Minute)
		if r, err := l.Load(t.Context(), "k", time.Minute, panicking); err != nil || r.Status != Stale {
			t.Errorf("Load = %s, %v, want the stale copy", show(r), err)
		}
	})
}

func TestCacheFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newMapCache()
		l, s := NewLoader(c), &source{}
		c.fail(errors.New("cache down"))
		expect(t, l, time.Minute, s, Result{Value: []byte("value 1"), Status: Miss, Fresh: time.Minute}, 1)
		expect(t, l, time.Minute, s, Result{Value: []byte("value 2"), Status: Miss, Fresh: time.Minute}, 2)
		c.fail(nil)
		expect(t, l, time.Minute, s, Result{Value: []byte("value 3"), Status: Miss, Fresh: time.Minute}, 3)
		expect(t, l, time.Minute, s, Result{Value: []byte("value 3"), Status: Hit, Fresh: time.Minute}, 3)
	})
}

func TestEmptyValue(t *testing.T) {
	l := NewLoader(newMapCache())
	for _, want := range []Status{Miss, Hit} {
		r, err := l.Load(t.Context(), "k", time.Minute, func(context.Context) ([]byte, error) { return nil, nil })
		if err != nil || r.Status != want || len(r.Value) != 0 {
			t.Errorf("Load = %s, %v, want an empty %s", show(r), err, want)
		}
	}
}

func TestFailuresAreBounded(t *testing.T) {
	var f failures
	err := errors.New("store down")
	for i := range 3 * maxFailures {
		key := fmt.Sprint(i)
		f.remember(key, err)
		if !errors.Is(f.recent(key), err) {
			t.Fatalf("failure %d is not remembered", i)
		}
	}
	if len(f.byKey) > maxFailures {
		t.Errorf("%d failures are remembered, want at most %d", len(f.byKey), maxFailures)
	}
}

func TestStatusString(t *testing.T) {
	for status, want := range map[Status]string{Hit: "hit", Miss: "miss", Stale: "stale", Bypass: "bypass", 9: "status(9)"} {
		if got := status.String(); got != want {
			t.Errorf("Status %d is %q, want %q", int8(status), got, want)
		}
	}
}
