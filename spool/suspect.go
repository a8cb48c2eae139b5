package spool

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync"
	"time"

	sqlite3 "modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"
)

const (
	// patience and minTries define proof of damage: a frame that so many newly
	// opened connections could not read for so long. Until then it may be a
	// temporary disk error.
	patience   = time.Minute
	minTries   = 3
	longestGap = 15 * time.Second // between two retries
	// maxFailures is how many frames in a row may fail before the rest of the
	// segment is held unread.
	maxFailures = 8
	// Recovered frames are appended in batches of these sizes.
	rescueFrames = 256
	rescueBytes  = 4 << 20
)

// hold is a run of unreadable frames that will be retried.
type hold struct {
	span
	since  time.Time
	tries  int  // of each frame, by a new connection
	proven bool // whether the last error is one that proves damage if it persists
}

// schedule is a schedule of retries.
type schedule struct {
	tries int
	next  time.Time
}

func (r *schedule) due(now time.Time) bool { return !now.Before(r.next) }

func (r *schedule) failed(now time.Time) {
	r.next = now.Add(min(time.Second<<min(r.tries, 10), longestGap))
	r.tries++
}

// proves reports whether a persistent error concerns the file's content or the
// disk. A process out of descriptors or memory proves nothing.
func proves(err error) bool {
	var e *sqlite3.Error
	if errors.As(err, &e) && (e.Code() == codes.SQLITE_IOERR_READ || e.Code() == codes.SQLITE_IOERR_SHORT_READ) {
		return true
	}
	var path *fs.PathError
	return isDamage(err) || errors.Is(err, fs.ErrNotExist) || errors.As(err, &path) && path.Op == "read"
}

// hold removes the frames from first to last from the queue until they are
// retried. It reports whether they are the segment's first held frames.
func (s *state) hold(g *segment, first, last int64, h hold) (begins bool) {
	begins = len(g.held) == 0
	for _, p := range s.waiting.within(first, last) {
		s.waiting.remove(p.first, p.last)
		h.span = p
		g.held = append(g.held, h)
	}
	return begins && len(g.held) > 0
}

// suspect holds a frame that could not be read. It also holds the rest of the
// segment if that cannot be opened or many frames in a row fail. The caller holds
// taking.
func (s *Spool) suspect(lane Lane, g *segment, id int64, cause error) {
	r := s.readers[lane]
	opened := r != nil && r.segment == g
	if opened {
		cause = errors.Join(cause, s.closeReader(lane)) // the next attempt uses a new one
	}
	now := s.opts.now()
	s.mu.Lock()
	g.failures++
	begins := s.hold(g, id, id, hold{since: now, proven: proves(cause)})
	if !opened || g.failures >= maxFailures {
		s.hold(g, id, g.last, hold{since: now, proven: proves(cause)})
	}
	g.cause = cause
	s.mu.Unlock()
	if begins {
		s.opts.Report(g.path, fmt.Errorf("%w: %s: its messages will be retried: %w", ErrUnreadable, g.path, cause))
	}
}

// retry reads the segment's held frames with a new connection.
func (s *Spool) retry(ctx context.Context, g *segment) {
	now := s.opts.now()
	s.mu.Lock()
	held, due := slices.Clone(g.held), g.again.due(now)
	s.mu.Unlock()
	if len(held) == 0 || !due {
		return
	}
	t := s.tryAgain(ctx, g, held, now)
	s.mu.Lock()
	for _, p := range t.sound {
		s.waiting.add(p.first, p.last)
	}
	g.held = append(t.held, g.held[len(held):]...)
	g.failures = 0
	if len(g.held) == 0 {
		g.cause, g.again = nil, schedule{}
	} else {
		g.again.failed(now)
	}
	if t.failed != nil {
		g.cause = t.failed
	}
	s.notify()
	s.mu.Unlock()
	if proven := t.proven(); len(proven) > 0 {
		s.condemn(ctx, g, proven)
	}
}

func (s *Spool) tryAgain(ctx context.Context, g *segment, held []hold, now time.Time) *trial {
	s.taking <- struct{}{} // lanes may share the connection of a vanished file
	defer func() { <-s.taking }()
	r, failed := openReader(ctx, g)
	t := &trial{now: now, reader: r, failed: failed}
	for _, h := range held {
		t.try(ctx, h)
	}
	if r != nil {
		t.failed = errors.Join(t.failed, r.close())
	}
	return t
}

// trial is one retry of held frames.
type trial struct {
	now    time.Time
	reader *reader
	failed error // the last error
	sound  spans
	held   []hold
}

func (t *trial) try(ctx context.Context, h hold) {
	for id := h.first; id <= h.last; id++ {
		var err error
		if t.reader == nil {
			err = t.failed
		} else {
			_, err = t.reader.frame(ctx, id, int64(1<<62))
		}
		switch {
		case err == nil && h.tries == 0:
			t.sound.add(id, h.last) // Take will try the others
			return
		case err == nil:
			t.sound.add(id, id)
		case t.reader == nil:
			t.keep(h, span{id, h.last}, err)
			return
		default:
			t.failed = err
			t.keep(h, span{id, id}, err)
		}
	}
}

// keep continues to hold part of a hold.
func (t *trial) keep(h hold, part span, err error) {
	if h.tries == 0 {
		h.since = t.now
	}
	h.span, h.tries, h.proven = part, h.tries+1, proves(err)
	if n := len(t.held); n > 0 {
		if before := &t.held[n-1]; before.last+1 == h.first && before.since.Equal(h.since) && before.tries == h.tries && before.proven == h.proven {
			before.last = h.last
			return
		}
	}
	t.held = append(t.held, h)
}

// proven returns the frames with proven damage.
func (t *trial) proven() (ids spans) {
	for _, h := range t.held {
		if h.proven && h.tries >= minTries && t.now.Sub(h.since) >= patience {
			ids.add(h.first, h.last)
		}
	}
	return ids
}

// condemn gives up held frames: those found by a scan of the pages are appended
// again, the others are lost.
func (s *Spool) condemn(ctx context.Context, g *segment, ids spans) {
	err := s.rescue(ctx, g.path, ids.has, func(id, size int64) {
		ids.remove(id, id)
		s.mu.Lock()
		s.moved(g, id, size)
		s.mu.Unlock()
	})
	if errors.Is(err, errAppend) {
		s.mu.Lock()
		g.cause = err
		s.mu.Unlock()
		return // they stay held until there is room
	}
	lost := ids.count()
	s.mu.Lock()
	err = errors.Join(g.cause, err)
	s.mu.Unlock()
	s.discover(g, fmt.Errorf("gave up %d messages that could not be read for %v: %w", lost, patience, err))
	s.mu.Lock()
	for _, p := range ids {
		s.lose(g, p)
	}
	drained := s.takeDrained(g)
	s.mu.Unlock()
	err = s.progress.save(s)
	if drained {
		err = errors.Join(err, s.drop(g))
	}
	if err != nil {
		s.opts.Report(g.path, fmt.Errorf("give up frames of %s: %w", g.path, err))
	}
}

// errAppend means that a recovered frame could not be appended.
var errAppend = errors.New("recovered messages cannot be appended")

// rescue appends the wanted intact frames again and calls moved for each. They
// may have been delivered before.
func (s *Spool) rescue(ctx context.Context, path string, wanted func(id int64) bool, moved func(id, size int64)) error {
	var group []found
	size := 0
	flush := func() error {
		errs := make([]error, len(group))
		var all sync.WaitGroup
		for i, f := range group {
			all.Go(func() { errs[i] = s.queue.Do(ctx, work{data: f.data, tried: true}, 1, len(f.data)) })
		}
		all.Wait()
		for i, f := range group {
			if errs[i] == nil {
				moved(f.id, int64(len(f.data)))
			}
		}
		group, size = nil, 0
		if err := errors.Join(errs...); err != nil {
			return fmt.Errorf("%w: %w", errAppend, err)
		}
		return nil
	}
	_, err := scan(path, func(f found) error {
		if !wanted(f.id) {
			return nil
		}
		f.data = bytes.Clone(f.data)
		group = append(group, f)
		size += len(f.data)
		if len(group) < rescueFrames && size < rescueBytes {
			return nil
		}
		return flush()
	})
	return errors.Join(err, flush())
}
