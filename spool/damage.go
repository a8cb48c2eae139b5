package spool

import (
	"errors"
	"fmt"
	"os"

	sqlite3 "modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"

	"github.com/peba-edge/peba/sqlitedb"
)

// isDamage reports whether err means a damaged file. Statements never change,
// so an error in one means that a table is missing.
func isDamage(err error) bool {
	var e *sqlite3.Error
	return errors.Is(err, ErrDamaged) || sqlitedb.IsDamage(err) ||
		errors.As(err, &e) && e.Code()&0xff == codes.SQLITE_ERROR
}

// keepAside renames a damaged database, so that nothing uses it and its owner
// can inspect it. It never overwrites a file.
func keepAside(path string) (kept string, err error) {
	kept = path + setAside
	for n := 2; exists(kept); n++ {
		kept = fmt.Sprint(path, ".", n, setAside)
	}
	return kept, renameFiles(path, kept)
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// quarantine sets a damaged database aside and reports it.
func (o *Options) quarantine(path string, cause error) error {
	kept, err := keepAside(path)
	if err != nil {
		return fmt.Errorf("set damaged %s aside (%w): %w", path, cause, err)
	}
	o.Report(kept, damage(fmt.Errorf("%s cannot be used and is kept as %s: %w", path, kept, cause)))
	return nil
}

// damage makes err wrap ErrDamaged.
func damage(err error) error {
	if errors.Is(err, ErrDamaged) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrDamaged, err)
}

// discover records and reports, once, that a segment is damaged. Its other
// frames are still handed out.
func (s *Spool) discover(g *segment, cause error) {
	s.mu.Lock()
	first := !g.damaged
	g.damaged = true
	s.mu.Unlock()
	if first {
		s.opts.Report(g.path, damage(fmt.Errorf("%s: its readable frames are still sent: %w", g.path, cause)))
	}
}

// drop removes the files of a finished segment.
func (s *Spool) drop(g *segment) error {
	s.taking <- struct{}{}
	defer func() { <-s.taking }()
	return s.remove(g)
}

// remove is drop for callers that hold taking. For a damaged segment it keeps
// the files and the progress.
func (s *Spool) remove(g *segment) error {
	var errs []error
	for lane, r := range s.readers {
		if r != nil && r.segment == g {
			errs = append(errs, s.closeReader(Lane(lane)))
		}
	}
	if g.conn != nil {
		errs = append(errs, g.conn.Close())
		g.conn = nil
	}
	if g.damaged && exists(g.path) {
		errs = append(errs, s.progress.keep(g), s.opts.quarantine(g.path,
			fmt.Errorf("%d of its %d messages could not be read", g.lost.count(), g.last-g.first+1)))
		return errors.Join(errs...)
	}
	// Recorded before: a kill in between must not look like a lost file.
	errs = append(errs, s.progress.keep(g))
	if err := removeFiles(g.path); err != nil {
		errs = append(errs, fmt.Errorf("remove delivered segment: %w", err))
	}
	return errors.Join(append(errs, s.progress.forget(g.first))...)
}
