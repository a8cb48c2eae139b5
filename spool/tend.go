package spool

import (
	"context"
	"slices"
	"time"
)

// tendEvery is the interval of file checks.
const tendEvery = time.Second

// run maintains the spool until ctx ends.
func (s *Spool) run(ctx context.Context) {
	ticks := time.NewTicker(s.opts.tick)
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
			s.tend(ctx)
		}
	}
}

// tend checks that all files still exist, retries failed reads and writes, and
// gives up what is damaged.
func (s *Spool) tend(ctx context.Context) {
	_ = s.queue.Do(ctx, work{}, 1, 0) // the writer checks the lock and the active segment, and records errors
	s.mu.Lock()
	segments, strays := slices.Clone(s.segments), slices.Clone(s.strays)
	s.mu.Unlock()
	for _, g := range segments {
		s.lookAfter(g)
		s.bringBack(ctx, g)
		s.retry(ctx, g)
	}
	for _, st := range strays {
		s.revisit(ctx, st)
	}
	err := s.progress.lookAfter(ctx, s)
	s.mu.Lock()
	s.progressErr = err
	s.mu.Unlock()
	s.probe(ctx)
}
