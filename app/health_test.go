package app

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/peba-edge/peba/cache"
	"github.com/peba-edge/peba/store"
)

// pinged is a store that counts who asks how it is.
type pinged struct {
	store.Store
	asked atomic.Int32
	err   error
}

func (p *pinged) Ping(context.Context) error {
	p.asked.Add(1)
	return p.err
}

// pingedCache is a cache that answers, or not.
type pingedCache struct {
	cache.Cache
	err error
}

func (p *pingedCache) Ping(context.Context) error { return p.err }

// hanging is a store that gives no answer until it is released.
type hanging struct {
	store.Store
	release chan struct{}
}

func (h *hanging) Ping(context.Context) error {
	<-h.release
	return nil
}

// TestHealthOfStoreThatHangs: a disk that hangs lets no call return. All who ask
// hear of it in time, and of its end.
func TestHealthOfStoreThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &hanging{release: make(chan struct{})}
		a := &App{store: s, cache: &pingedCache{}, logger: zap.NewNop(), ready: make(chan struct{})}
		close(a.ready)
		for range 3 {
			start := time.Now()
			h := a.Health(t.Context())
			if h.Failing == nil || time.Since(start) > healthTimeout+healthGrace {
				t.Errorf("after %v failing is %v, want an error after %v", time.Since(start), h.Failing, healthTimeout+healthGrace)
			}
		}
		close(s.release)
		synctest.Wait()
		if h := a.Health(t.Context()); h.Failing != nil {
			t.Errorf("failing is %v when it answers again", h.Failing)
		}
	})
}

// TestHealth goes through an outage: the store is asked once a second at most,
// whoever asks, and the log has one line for each change.
func TestHealth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		core, logged := observer.New(zapcore.InfoLevel)
		s, answers := &pinged{}, &pingedCache{}
		a := &App{store: s, cache: answers, logger: zap.New(core), ready: make(chan struct{})}
		close(a.ready)
		down := errors.New("disk on fire")
		steps := []struct {
			name         string
			store, cache error
			failing      string
			degraded     int
			lines        int
		}{
			{"all is well", nil, nil, "", 0, 0},
			{"no cache", nil, down, "", 1, 1},
			{"no cache for long", nil, down, "", 1, 1},
			{"no store either", &store.PartError{Part: "spool", Err: down}, down, "spool", 1, 2},
			{"a store without a name for what fails", down, nil, "store", 0, 3},
			{"all is well again", nil, nil, "", 0, 4},
		}
		for _, step := range steps {
			s.err, answers.err = step.store, step.cache
			before := s.asked.Load()
			var h Health
			for range 100 {
				h = a.Health(t.Context())
			}
			failing := ""
			if h.Failing != nil {
				failing = h.Failing.Part
			}
			if failing != step.failing || len(h.Degraded) != step.degraded {
				t.Errorf("%s: failing is %q and %d parts are degraded, want %q and %d", step.name, failing, len(h.Degraded), step.failing, step.degraded)
			}
			if asked := s.asked.Load() - before; asked != 1 {
				t.Errorf("%s: the store was asked %d times, want once", step.name, asked)
			}
			if logged.Len() != step.lines {
				t.Errorf("%s: the log has %d lines, want %d: %v", step.name, logged.Len(), step.lines, logged.All())
			}
			time.Sleep(healthFor)
		}
	})
}
