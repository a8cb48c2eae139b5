package spool

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/peba-edge/peba/sqlitedb"
)

// lockFile keeps a second process out.
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
		queue:   sqlitedb.NewQueue[[]byte](groupFrames, groupBytes),
		written: make(chan struct{}),
		taking:  make(chan struct{}, 1),
		closing: make(chan struct{}),
		state:   state{out: make(map[int64]taken), changed: make(chan struct{})},
	}
	if s.lock, err = sqlitedb.Lock(ctx, lock); err != nil {
		return nil, err
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
	// What was done is done for ever, even where its file is lost.
	for _, k := range known {
		w.next = max(w.next, k.last+1)
	}
	s.border = w.next
	s.writer = w
	go w.run()
	return s, nil
}

// loadProgress opens the progress file; one that is damaged is begun anew, and
// all frames that wait come again.
func (s *Spool) loadProgress(ctx context.Context) (known map[int64]summary, err error) {
	path := filepath.Join(s.dir, progressFile)
	for range 2 {
		if s.progress, err = openProgress(ctx, path); err == nil {
			known, err = s.progress.load(ctx)
		}
		if !isDamage(err) {
			break
		}
		if s.progress != nil {
			err = errors.Join(err, s.progress.close())
			s.progress = nil
		}
		if err := s.opts.quarantine(path, err); err != nil {
			return nil, err
		}
	}
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	return known, s.progress.measure()
}

// loadSegments finds the files of frames and what waits in each.
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
		if err := s.loadSegment(ctx, &segment{path: path, first: first, last: first - 1, sealed: true}, known[first]); err != nil {
			return err
		}
	}
	for first := range known {
		if _, err := os.Stat(segmentPath(s.dir, first)); errors.Is(err, fs.ErrNotExist) {
			if err := s.progress.forget(first); err != nil {
				return err
			}
		}
	}
	return nil
}

// loadSegment adds a segment, or sets it aside, or removes it when all of it
// is done.
func (s *Spool) loadSegment(ctx context.Context, g *segment, k summary) error {
	found, err := inspect(ctx, g.path)
	if err != nil && !isDamage(err) {
		return fmt.Errorf("open %s: %w", g.path, err)
	}
	g.last, g.bytes = max(found.last, k.last, g.first-1), max(found.bytes, k.bytes)
	if err == nil && g.last > max(found.last, g.first-1) {
		err = fmt.Errorf("%w: frames %d to %d are missing", ErrDamaged, max(found.last+1, g.first), g.last)
	}
	size, sizeErr := sizeOf(g.path)
	if sizeErr != nil {
		return sizeErr
	}
	if g.last-g.first >= max(size, k.bytes) { // a file under a wrong name, for one
		err = fmt.Errorf("%w: ids from %d to %d in %d bytes", ErrDamaged, g.first, g.last, size)
		g.last = g.first - 1
	}
	if err != nil && g.last < g.first {
		return s.opts.quarantine(g.path, err)
	}
	g.done, g.doneBytes = k.done, k.doneBytes
	g.left = max(0, g.bytes-g.doneBytes)
	if g.drained() {
		if err == nil {
			return errors.Join(removeFiles(g.path), s.progress.forget(g.first))
		}
		return errors.Join(s.opts.quarantine(g.path, err), s.progress.forget(g.first))
	}
	if err != nil {
		s.discover(g, err)
	}
	s.charge(g, size, size)
	s.adopt(g)
	return nil
}

// adopt makes the frames of a segment wait that are not done.
func (s *state) adopt(g *segment) {
	s.segments = append(s.segments, g)
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

// Close ends all calls that wait, with ErrClosed, lets the others end, and closes
// the files. Frames that are out come again at the next Open. What is done is
// on disk then.
func (s *Spool) Close() error {
	s.ending.Do(func() { close(s.closing) })
	s.life.Lock()
	defer s.life.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	s.trimming.Wait()
	s.queue.Close()
	<-s.written
	s.sealing.Wait()
	var errs []error
	for _, r := range s.readers {
		if r != nil {
			errs = append(errs, r.conn.Close())
		}
	}
	errs = append(errs, s.progress.save(s), s.progress.close(), s.lock.Close())
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("close spool %s: %w", s.dir, err)
	}
	return nil
}
