package cache

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// slow computes "value 1", "value 2", … when it is told to land.
type slow struct {
	calls int
	land  chan error
}

func newSlow() *slow { return &slow{land: make(chan error)} }

func (s *slow) fill(context.Context) ([]byte, error) {
	s.calls++
	value := fmt.Appendf(nil, "value %d", s.calls)
	return value, <-s.land
}

// load loads "k" and compares what comes.
func load(t *testing.T, l *Loader, s *slow, status Status, value string, wantErr error) {
	t.Helper()
	r, err := l.Load(t.Context(), "k", time.Minute, s.fill)
	if err != nil || r.Status != status || string(r.Value) != value || !errors.Is(r.Err, wantErr) {
		t.Fatalf("Load = %s, %v, want %s %q, error %v", show(r), err, status, value, wantErr)
	}
}

// start is a Loader with "value 1", just past its ttl of a minute.
func start(t *testing.T) (*Loader, *slow) {
	t.Helper()
	l, s := NewLoader(newMapCache()), newSlow()
	go func() { s.land <- nil }()
	load(t, l, s, Miss, "value 1", nil)
	time.Sleep(time.Minute)
	return l, s
}

func TestStaleWhileComputing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, s := start(t)
		for range 100 {
			load(t, l, s, Stale, "value 1", nil)
		}
		synctest.Wait()
		if s.calls != 2 {
			t.Fatalf("fill was called %d times, want 2", s.calls)
		}
		s.land <- nil
		synctest.Wait()
		load(t, l, s, Hit, "value 2", nil)

		time.Sleep(2 * time.Minute) // now all wait
		go func() { s.land <- nil }()
		load(t, l, s, Miss, "value 3", nil)
	})
}

// The caller who started the computation may leave.
func TestRenewalOutlivesItsCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, s := start(t)
		ctx, leave := context.WithCancel(t.Context())
		if r, err := l.Load(ctx, "k", time.Minute, s.fill); err != nil || r.Status != Stale {
			t.Fatalf("Load = %s, %v", show(r), err)
		}
		leave()
		s.land <- nil
		synctest.Wait()
		load(t, l, s, Hit, "value 2", nil)
	})
}

func TestRenewalFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, s := start(t)
		load(t, l, s, Stale, "value 1", nil)
		down := errors.New("store down")
		s.land <- down
		synctest.Wait()
		for range 3 { // within a second the store is not asked again
			load(t, l, s, Stale, "value 1", down)
		}
		if s.calls != 2 {
			t.Fatalf("fill was called %d times, want 2", s.calls)
		}
		time.Sleep(failureKeep)
		load(t, l, s, Stale, "value 1", nil)
		s.land <- nil
		synctest.Wait()
		load(t, l, s, Hit, "value 3", nil)
	})
}

func TestRefresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, s := NewLoader(newMapCache()), &source{}
		refresh := func(ttl, within time.Duration, wantErr error, wantCalls int) {
			t.Helper()
			if err := l.Refresh(t.Context(), "k", ttl, within, s.fill); !errors.Is(err, wantErr) || s.calls != wantCalls {
				t.Fatalf("Refresh = %v, %d calls of fill, want %v, %d", err, s.calls, wantErr, wantCalls)
			}
		}
		refresh(0, 0, nil, 0)
		refresh(time.Minute, 0, nil, 1)
		refresh(time.Minute, 30*time.Second, nil, 1)
		time.Sleep(30 * time.Second)
		refresh(time.Minute, 30*time.Second-1, nil, 1)
		refresh(time.Minute, 30*time.Second, nil, 2)
		expect(t, l, time.Minute, s, Result{Value: []byte("value 2"), Status: Hit, Fresh: time.Minute}, 2)

		down := errors.New("store down")
		s.err = down
		refresh(time.Minute, time.Hour, down, 3)
		refresh(time.Minute, time.Hour, down, 3)
		// What still holds is no worse for it.
		expect(t, l, time.Minute, s, Result{Value: []byte("value 2"), Status: Hit, Fresh: time.Minute}, 3)
		time.Sleep(failureKeep)
		s.err = nil
		refresh(time.Minute, time.Hour, nil, 4)
	})
}

func TestRefreshWithNothingKept(t *testing.T) {
	l, s := NewLoader(newMapCache()), &source{err: errors.New("store down")}
	if err := l.Refresh(t.Context(), "k", time.Minute, 0, s.fill); !errors.Is(err, s.err) {
		t.Errorf("Refresh = %v, want %v", err, s.err)
	}
}

// Load and Refresh share one flight, whoever starts it.
func TestRefreshJoins(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, s := NewLoader(newMapCache()), newSlow()
		done := make(chan error)
		refresh := func() { done <- l.Refresh(t.Context(), "k", time.Minute, 0, s.fill) }
		go refresh()
		synctest.Wait()
		go refresh()
		go func() {
			r, err := l.Load(t.Context(), "k", time.Minute, s.fill)
			if string(r.Value) != "value 1" {
				t.Errorf("Load = %s, %v, want value 1", show(r), err)
			}
			done <- err
		}()
		synctest.Wait()
		s.land <- nil
		for range 3 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		if s.calls != 1 {
			t.Errorf("fill was called %d times, want once", s.calls)
		}
	})
}
