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
	// patience and leastTries are what proves damage: a frame that could not be
	// read for so long, by so many newly opened connections. Until then it may be
	// the disk, which often recovers.
	patience   = time.Minute
	leastTries = 3
	longestGap = 15 * time.Second // between two tries
	// mostFailures is how many frames of a segment may fail in a row before the
	// rest of it waits unread.
	mostFailures = 8
	// Frames that were recovered are appended in groups of these sizes.
	rescueFrames = 256
	rescueBytes  = 4 << 20
)

// hold is a run of frames that could not be read and are tried again.
type hold struct {
	span
	since  time.Time
	tries  int  // of each frame, by a connection that was newly opened
	proven bool // whether the last error is one that proves damage if it persists
}

// schedule says when something that failed is tried again.
type schedule struct {
	tries int
	next  time.Time
}

func (r *schedule) due(now time.Time) bool { return !now.Before(r.next) }

func (r *schedule) failed(now time.Time) {
	r.next = now.Add(min(time.Second<<min(r.tries, 10), longestGap))
	r.tries++
}

// proves returns whether an error that persists is one of the file's content, or
// of the disk below it: a process without descriptors or memory proves nothing.
func proves(err error) bool {
	var e *sqlite3.Error
	if errors.As(err, &e) && (e.Code() == codes.SQLITE_IOERR_READ || e.Code() == codes.SQLITE_IOERR_SHORT_READ) {
		return true
	}
	var path *fs.PathError
	return isDamage(err) || errors.Is(err, fs.ErrNotExist) || errors.As(err, &path) && path.Op == "read"
}

// hold takes frames from first to last that wait, so that they do not, until they
// were tried again. It returns whether they are the first of their segment.
func (s *state) hold(g *segment, first, last int64, h hold) (begins bool) {
	begins = len(g.held) == 0
	for _, p := range s.waiting.within(first, last) {
		s.waiting.remove(p.first, p.last)
		h.span = p
		g.held = append(g.held, h)
	}
	return begins && len(g.held) > 0
}

// suspect holds a frame that could not be read; and all behind it in the segment,
// if that cannot be opened, or frame after frame fails. The caller holds taking.
func (s *Spool) suspect(lane Lane, g *segment, id int64, cause error) {
	r := s.readers[lane]
	opened := r != nil && r.segment == g
	if opened {
		cause = errors.Join(cause, s.closeReader(lane)) // the next try is by a new one
	}
	now := s.opts.now()
	s.mu.Lock()
	g.failures++
	begins := s.hold(g, id, id, hold{since: now, proven: proves(cause)})
	if !opened || g.failures >= mostFailures {
		s.hold(g, id, g.last, hold{since: now, proven: proves(cause)})
	}
	g.cause = cause
	s.mu.Unlock()
	if begins {
		s.opts.Report(g.path, fmt.Errorf("%w: %s: messages in it are tried again: %w", ErrUnreadable, g.path, cause))
	}
}

// retry reads what the segment holds back, by a newly opened connection.
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
	s.taking <- struct{}{} // lanes may use the same connection, if the file has vanished
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

// trial is one more try of frames that are held.
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
			t.sound.add(id, h.last) // Take finds out about the others
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

// keep goes on holding a part of a hold.
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

// proven returns the frames that are damaged beyond doubt.
func (t *trial) proven() (ids spans) {
	for _, h := range t.held {
		if h.proven && h.tries >= leastTries && t.now.Sub(h.since) >= patience {
			ids.add(h.first, h.last)
		}
	}
	return ids
}

// condemn gives frames up that are held: what a scan of the pages finds of them is
// appended again, and the others are lost.
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
		return // they are held until there is room
	}
	lost := ids.count()
	s.mu.Lock()
	err = errors.Join(g.cause, err)
	s.mu.Unlock()
	s.discover(g, fmt.Errorf("%d messages could not be read for %v and are given up: %w", lost, patience, err))
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

// errAppend says that a frame was recovered, and could not be appended.
var errAppend = errors.New("recovered messages cannot be appended")

// rescue appends the frames again that are sound and wanted, and calls moved for
// each. They may have been delivered before.
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
