package spool

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/peba-edge/peba/sqlitedb"
)

// probeEvery is the interval of test writes after a failure.
const probeEvery = 5 * time.Second

// maxNamed is the maximum number of files named in a text.
const maxNamed = 3

// failure is a frame that was not accepted.
type failure struct {
	size   int
	err    error
	since  time.Time
	probed time.Time
}

// settle ends an append of a frame: it frees the reserved room and records the
// result.
func (s *Spool) settle(need int64, size int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pending -= need
	switch {
	case err == nil:
		s.failed = nil
	case s.failed == nil:
		now := s.opts.now()
		s.failed = &failure{size: size, err: err, since: now, probed: now}
	default:
		s.failed.size, s.failed.err = max(s.failed.size, size), err
	}
}

// Err returns nil while frames are accepted. After a failed append it returns the
// reason, until an append or a test write of the same size succeeds; the spool
// makes one every 5 seconds. It does not wait for the disk.
func (s *Spool) Err() error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.life.RUnlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.writerErr != nil {
		return fmt.Errorf("spool %s: %w", s.dir, s.writerErr)
	}
	if f := s.failed; f != nil {
		return fmt.Errorf("spool %s: rejecting messages of %d bytes since %s: %w",
			s.dir, f.size, f.since.UTC().Format(time.RFC3339), f.err)
	}
	return nil
}

// Trouble returns nil, or an error about files that currently cannot be read or
// written while frames are still accepted. It does not wait for the disk.
func (s *Spool) Trouble() error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.life.RUnlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, g := range s.segments {
		if n := g.heldFrames(); n > 0 || g.conn != nil {
			errs = append(errs, fmt.Errorf("%s: %d messages in it currently cannot be read: %w", g.path, n, g.cause))
		}
	}
	for _, st := range s.strays {
		errs = append(errs, fmt.Errorf("%s currently cannot be opened: %w", st.segment.path, st.cause))
	}
	if s.progressErr != nil {
		errs = append(errs, s.progressErr)
	}
	if more := len(errs) - maxNamed; more > 0 {
		errs = append(errs[:maxNamed], fmt.Errorf("%d more", more))
	}
	return errors.Join(errs...)
}

// FailedCommits returns how many commits of appends failed since Open, by
// sqlitedb.Cause.
func (s *Spool) FailedCommits() map[string]int64 { return s.queue.Failures() }

// probe checks whether a frame like the failed one is accepted now.
func (s *Spool) probe(ctx context.Context) {
	now := s.opts.now()
	s.mu.Lock()
	f := s.failed
	due := f != nil && s.writerErr == nil && now.Sub(f.probed) >= probeEvery
	if due {
		f.probed = now
	}
	s.mu.Unlock()
	if !due {
		return
	}
	size := f.size
	err := s.tryWrite(ctx, size)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil && s.failed == f && f.size == size {
		s.failed = nil
	}
}

// tryWrite does what an append of size bytes does, in a separate file.
func (s *Spool) tryWrite(ctx context.Context, size int) error {
	n, err := s.admit(size)
	if err != nil {
		return err
	}
	defer s.release(n)
	path := filepath.Join(s.dir, "probe"+extension+beginning)
	if err := removeFiles(path); err != nil {
		return err
	}
	err = initSegment(ctx, path)
	if err == nil {
		err = writeZeros(ctx, path, size)
	}
	return errors.Join(err, removeFiles(path))
}

func writeZeros(ctx context.Context, path string, size int) error {
	conn, err := sqlitedb.Connect(ctx, path, "synchronous(FULL)")
	if err != nil {
		return err
	}
	err = conn.Exec(ctx, fmt.Sprintf("INSERT INTO frames (id, appended, total, sum, data) VALUES (1, 0, 0, 0, zeroblob(%d))", size))
	return errors.Join(err, conn.Close())
}

// File is a file of a spool with its write-ahead log.
type File struct {
	Path string
	Size int64 // bytes
}

// SetAside returns the damaged files (renamed to .damaged) that are not yet
// salvaged, oldest first.
func (s *Spool) SetAside() ([]File, error) {
	files, err := setAsideIn(s.dir)
	if err != nil {
		return nil, fmt.Errorf("list damaged files of spool %s: %w", s.dir, err)
	}
	return files, nil
}

func setAsideIn(dir string) ([]File, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var files []File
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), setAside) {
			continue
		}
		path := filepath.Join(dir, e.Name())
		size, err := sizeOf(path)
		if err != nil {
			return nil, err
		}
		files = append(files, File{Path: path, Size: size})
	}
	return files, nil
}
