package spool

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// stray is a segment file that could not be opened; its content is unknown.
type stray struct {
	segment *segment
	known   summary
	since   time.Time
	again   schedule
	cause   error
}

// putOff marks a segment as stray, so that opening the spool does not wait for
// it.
func (s *Spool) putOff(g *segment, k summary, cause error) {
	now := s.opts.now()
	st := &stray{segment: g, known: k, since: now, cause: cause}
	st.again.failed(now)
	s.mu.Lock()
	s.strays = append(s.strays, st)
	s.mu.Unlock()
	s.opts.Report(g.path, fmt.Errorf("%w: %s cannot be opened and will be retried: %w", ErrUnreadable, g.path, cause))
}

// revisit retries to open a stray, and gives it up if it keeps failing.
func (s *Spool) revisit(ctx context.Context, st *stray) {
	now := s.opts.now()
	if !st.again.due(now) {
		return
	}
	err := s.loadSegment(ctx, st.segment, st.known)
	if ctx.Err() != nil {
		return
	}
	if errors.Is(err, errStray) && proves(err) && st.again.tries >= minTries && now.Sub(st.since) >= patience {
		err = s.giveUp(ctx, st, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	st.cause = err
	if err != nil {
		st.again.failed(now)
		return
	}
	for i := range s.strays {
		if s.strays[i] == st {
			s.strays = append(s.strays[:i:i], s.strays[i+1:]...)
			break
		}
	}
	s.notify()
}

// giveUp sets a stray aside and appends the frames that a scan of its pages
// finds.
func (s *Spool) giveUp(ctx context.Context, st *stray, cause error) error {
	g := st.segment
	recovered := int64(0)
	err := s.rescue(ctx, g.path, func(id int64) bool { return id >= g.first && !st.known.done.has(id) }, func(id, size int64) {
		recovered++
		st.known.done.add(id, id)
		st.known.doneBytes += size
		st.known.last = max(st.known.last, id)
	})
	if errors.Is(err, errAppend) {
		return err
	}
	s.mu.Lock()
	s.recovered += recovered
	s.lost += st.known.undone(g.first)
	s.charge(g, 0, 0)
	s.mu.Unlock()
	return errors.Join(
		s.progress.keep(st.known.segment(g.first)),
		s.opts.quarantine(g.path, fmt.Errorf("%d messages were recovered from it: %w", recovered, errors.Join(cause, err))))
}
