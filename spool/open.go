package spool

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/peba-edge/peba/sqlitedb"
)

// lockFile locks out a second process.
const lockFile = "spool.lock"

func open(ctx context.Context, dir string, o Options) (_ *Spool, err error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	lock, err := sqlitedb.RealPath(filepath.Join(dir, lockFile))
	if err != nil {
		return nil, err
	}
	s := &Spool{
		dir:     filepath.Dir(lock),
		opts:    o,
		queue:   sqlitedb.NewQueue[work](groupFrames, groupBytes),
		written: make(chan struct{}),
		taking:  make(chan struct{}, 1),
		closing: make(chan struct{}),

		salvaging: make(chan struct{}, 1),
		state:     state{out: make(map[int64]taken), changed: make(chan struct{})},
	}
	if s.lock, err = sqlitedb.Lock(ctx, lock); err != nil {
		return nil, err
	}
	if s.lockInfo, err = os.Stat(lock); err != nil {
		return nil, errors.Join(err, s.lock.Close())
	}
	defer func() {
		if err == nil {
			return
		}
		if s.progress != nil {
			err = errors.Join(err, s.progress.close())
		}
		err = errors.Join(err, s.lock.Close())
	}()
	known, err := s.loadProgress(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.loadSegments(ctx, known); err != nil {
		return nil, err
	}
	w := &writer{s: s, next: 1}
	for _, g := range s.segments {
		w.next = max(w.next, g.last+1)
	}
	// Done frames stay done, even if their file is lost.
	for _, k := range known {
		w.next = max(w.next, k.last+1)
	}
	// The content of a file that could not be opened is unknown; a frame takes
	// more than a byte.
	for _, st := range s.strays {
		w.next = max(w.next, st.segment.first+st.segment.size+1)
	}
	s.border = w.next
	s.writer = w
	go w.run()
	tend, stop := context.WithCancel(context.Background())
	s.stopTend = stop
	s.tending.Go(func() { s.run(tend) })
	return s, nil
}

func (s *Spool) lockPath() string { return filepath.Join(s.dir, lockFile) }

// openPauses are the pauses between attempts to open the progress file: a disk
// error may be temporary.
var openPauses = [...]time.Duration{0, 100 * time.Millisecond, 400 * time.Millisecond, 1500 * time.Millisecond}

// loadProgress opens the progress file. If it stays damaged, an empty one
// replaces it: nothing is lost, but delivered frames are sent again.
func (s *Spool) loadProgress(ctx context.Context) (known map[int64]summary, err error) {
	path := filepath.Join(s.dir, progressFile)
	for _, pause := range openPauses {
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if known, err = s.tryProgress(ctx, path); err == nil {
			return known, s.progress.measure()
		}
	}
	if isDamage(err) {
		if err = s.opts.quarantine(path, err); err == nil {
			known, err = s.tryProgress(ctx, path)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	return known, s.progress.measure()
}

func (s *Spool) tryProgress(ctx context.Context, path string) (known map[int64]summary, err error) {
	if s.progress, err = openProgress(ctx, path, s.opts.logPages()); err != nil {
		return nil, err
	}
	if known, err = s.progress.load(ctx); err != nil {
		err = errors.Join(err, s.progress.close())
		s.progress = nil
	}
	return known, err
}

// loadSegments finds the segment files and their pending frames.
func (s *Spool) loadSegments(ctx context.Context, known map[int64]summary) error {
	entries, err := os.ReadDir(s.dir) // ascending by name, and so by first id
	if err != nil {
		return err
	}
	for _, e := range entries {
		path := filepath.Join(s.dir, e.Name())
		if strings.HasSuffix(path, extension+beginning) {
			if err := removeFiles(path); err != nil {
				return err
			}
		}
		first, isSegment := firstOf(e.Name())
		if !isSegment {
			continue
		}
		g := &segment{path: path, first: first, last: first - 1, sealed: true}
		err := s.loadSegment(ctx, g, known[first])
		if errors.Is(err, errStray) && ctx.Err() == nil {
			s.putOff(g, known[first], err)
		} else if err != nil {
			return err
		}
	}
	aside := make(map[int64]bool)
	for _, e := range entries {
		if first, ok := firstOfAside(e.Name()); ok {
			aside[first] = true
		}
	}
	for first := range known {
		if _, err := os.Stat(segmentPath(s.dir, first)); errors.Is(err, fs.ErrNotExist) && !aside[first] {
			if n := known[first].undone(first); n > 0 {
				s.lost += n
				s.opts.Report(segmentPath(s.dir, first), fmt.Errorf("%w: the file is missing; %d of its messages were not recorded as delivered", ErrDamaged, n))
			}
			if err := s.progress.forget(first); err != nil {
				return err
			}
		}
	}
	return nil
}

// errStray means that a segment's file could not be opened.
var errStray = errors.New("cannot be opened")

// loadSegment adds a segment, or removes it if all its frames are done. The
// error is errStray if the file cannot be opened, which may be temporary.
func (s *Spool) loadSegment(ctx context.Context, g *segment, k summary) error {
	found, err := inspect(ctx, g.path)
	size, sizeErr := sizeOf(g.path)
	if sizeErr != nil {
		return sizeErr
	}
	s.mu.Lock()
	s.charge(g, size, size)
	s.mu.Unlock()
	if err != nil && (found.last < g.first || !isDamage(err)) {
		return fmt.Errorf("%s %w: %w", g.path, errStray, err)
	}
	g.last, g.bytes = max(found.last, k.last, g.first-1), max(found.bytes, k.bytes)
	if err == nil && g.last > max(found.last, g.first-1) {
		err = fmt.Errorf("%w: frames %d to %d are missing", ErrDamaged, max(found.last+1, g.first), g.last)
	}
	if g.last-g.first >= max(size, k.bytes) { // such as a file with a wrong name
		err = fmt.Errorf("%w: ids from %d to %d in %d bytes", ErrDamaged, g.first, g.last, size)
		g.last = g.first - 1
	}
	if err != nil && g.last < g.first {
		s.uncharge(g)
		return s.opts.quarantine(g.path, err)
	}
	g.done, g.doneBytes = k.done, k.doneBytes
	g.left = max(0, g.bytes-g.doneBytes)
	if g.drained() {
		s.uncharge(g)
		if err == nil {
			return errors.Join(removeFiles(g.path), s.progress.forget(g.first))
		}
		return s.opts.quarantine(g.path, err)
	}
	if err != nil {
		s.discover(g, err)
	}
	info, err := os.Stat(g.path)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	g.info = info
	s.adopt(g)
	return nil
}

func (s *Spool) uncharge(g *segment) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.charge(g, 0, 0)
}

// adopt queues the frames of a segment that are not done.
func (s *state) adopt(g *segment) {
	i := sort.Search(len(s.segments), func(i int) bool { return s.segments[i].first > g.first })
	s.segments = slices.Insert(s.segments, i, g)
	from := g.first
	for _, p := range append(g.done[:len(g.done):len(g.done)], span{g.last + 1, g.last + 1}) {
		if p.first > from {
			s.waiting.add(from, p.first-1)
			s.tried.add(from, p.first-1)
			s.frames += p.first - from
		}
		from = p.last + 1
	}
	s.bytes += g.left
}

// Close ends waiting calls with ErrClosed, waits for the others, and closes the
// files. It returns once all progress is on disk. Frames in flight are handed out
// again after the next Open.
func (s *Spool) Close() error {
	s.ending.Do(func() { close(s.closing) })
	s.life.Lock()
	defer s.life.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	s.stopTend()
	s.tending.Wait()
	s.trimming.Wait()
	s.queue.Close()
	<-s.written
	s.sealing.Wait()
	var errs []error
	for lane := range s.readers {
		errs = append(errs, s.closeReader(Lane(lane)))
	}
	for _, g := range s.segments {
		if g.conn == nil {
			continue
		}
		if err := s.restore(context.Background(), g); err != nil { // the last chance to restore it
			s.opts.Report(g.path, damage(fmt.Errorf("%d messages of %s are lost: its file was deleted and could not be restored: %w",
				g.last-g.first+1-g.done.count(), g.path, err)))
		}
		errs = append(errs, g.conn.Close())
	}
	errs = append(errs, s.progress.save(s), s.progress.close(), s.lock.Close())
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("close spool %s: %w", s.dir, err)
	}
	return nil
}
