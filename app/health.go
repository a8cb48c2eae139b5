package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/peba-edge/peba/store"
)

const (
	// healthTimeout limits how long store and cache may take to answer: load
	// balancers ask often and wait briefly.
	healthTimeout = 5 * time.Second
	// healthGrace is the additional time for them to notice the timeout.
	healthGrace = time.Second
	// healthFor is how long a result is reused: anyone may ask, as often as they
	// like.
	healthFor = time.Second
)

// Health is the current state of an edge (docs/CONTRACT.md §3.2, heartbeat).
type Health struct {
	// Failing is the error that prevents accepting messages or answering
	// questions, or nil.
	Failing *store.PartError
	// Degraded are parts that fail while messages are accepted and questions
	// answered.
	Degraded []*store.PartError
}

// errors returns all errors.
func (h Health) errors() []*store.PartError {
	if h.Failing == nil {
		return h.Degraded
	}
	return append([]*store.PartError{h.Failing}, h.Degraded...)
}

// healthWatch caches the last result.
type healthWatch struct {
	mu      sync.Mutex
	at      time.Time
	found   Health
	parts   string        // of what was logged last
	looking chan struct{} // closed when the check in progress ends; nil if there is none
}

// Health checks all parts. It reuses a result for a second. A part that does not
// even return an error, such as one on a hanging disk, counts as failing.
func (a *App) Health(ctx context.Context) Health {
	if err := a.wait(ctx); err != nil {
		return Health{Failing: &store.PartError{Part: "start", Err: err}}
	}
	w := &a.health
	w.mu.Lock()
	if time.Since(w.at) < healthFor {
		defer w.mu.Unlock()
		return w.found
	}
	if w.looking == nil {
		w.looking = make(chan struct{})
		// Others share the result, so it must not end with the first caller's
		// context.
		go a.look(context.WithoutCancel(ctx), w.looking)
	}
	done := w.looking
	w.mu.Unlock()
	timer := time.NewTimer(healthTimeout + healthGrace)
	defer timer.Stop()
	select {
	case <-done:
		w.mu.Lock()
		defer w.mu.Unlock()
	case <-timer.C:
		w.mu.Lock()
		defer w.mu.Unlock()
		w.found = Health{Failing: &store.PartError{Part: "store", Err: fmt.Errorf("no answer within %v", healthTimeout)}}
		w.log(a.logger)
	}
	return w.found
}

// look records the current state and closes done.
func (a *App) look(ctx context.Context, done chan struct{}) {
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	found := a.examine(ctx)
	w := &a.health
	w.mu.Lock()
	defer w.mu.Unlock()
	w.found, w.at, w.looking = found, time.Now(), nil
	w.log(a.logger)
	close(done)
}

// examine checks store and cache.
func (a *App) examine(ctx context.Context) Health {
	var h Health
	if err := a.store.Ping(ctx); err != nil {
		h.Failing = &store.PartError{Part: "store", Err: err}
		var part *store.PartError
		if errors.As(err, &part) {
			h.Failing.Part = part.Part
		}
	}
	if d, ok := a.store.(store.Degrader); ok {
		h.Degraded = d.Degraded()
	}
	// Without a cache every answer is computed: slower, but correct.
	if err := a.cache.Ping(ctx); err != nil {
		h.Degraded = append(h.Degraded, &store.PartError{Part: "cache", Err: err})
	}
	return h
}

// log writes a line when the set of failing parts changes.
func (w *healthWatch) log(logger *zap.Logger) {
	var parts []string
	var errs []error
	for _, e := range w.found.errors() {
		parts = append(parts, e.Part)
		errs = append(errs, e.Err)
	}
	slices.Sort(parts)
	now := strings.Join(parts, ", ")
	if now == w.parts {
		return
	}
	w.parts = now
	switch {
	case w.found.Failing != nil:
		logger.Error("unhealthy: messages are not accepted or questions not answered", zap.Strings("parts", parts), zap.Errors("errors", errs))
	case len(parts) > 0:
		logger.Warn("degraded: messages are accepted and questions answered, but part of the service fails", zap.Strings("parts", parts), zap.Errors("errors", errs))
	default:
		logger.Info("healthy again")
	}
}
