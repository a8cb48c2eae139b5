package spool

import (
	"context"
	"slices"
	"time"
)

// tendEvery is how often the spool looks after its files.
const tendEvery = time.Second

// run tends the spool until ctx ends.
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

// tend looks whether all files are still there, tries again what could not be
// read or written, and gives up what is damaged.
func (s *Spool) tend(ctx context.Context) {
	_ = s.queue.Do(ctx, work{}, 1, 0) // the writer looks after the lock and the active segment, and notes errors
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
