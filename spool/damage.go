package spool

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	sqlite3 "modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"

	"github.com/peba-edge/peba/sqlitedb"
)

// isDamage tells errors of a damaged file. Statements are the same every time:
// one that SQLite does not understand means that a table is gone.
func isDamage(err error) bool {
	var e *sqlite3.Error
	return errors.Is(err, ErrDamaged) || sqlitedb.IsDamage(err) ||
		errors.As(err, &e) && e.Code()&0xff == codes.SQLITE_ERROR
}

// keepAside renames a damaged database, so that nothing uses it and its owner
// can look at it.
func keepAside(path string) (kept string, err error) {
	kept = path + setAside
	to := sqlitedb.Files(kept)
	for i, from := range sqlitedb.Files(path) {
		if e := os.Rename(from, to[i]); e != nil && !errors.Is(e, fs.ErrNotExist) {
			err = errors.Join(err, e)
		}
	}
	return kept, err
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

// damage makes err one that wraps ErrDamaged.
func damage(err error) error {
	if errors.Is(err, ErrDamaged) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrDamaged, err)
}

// discover notes and reports that a segment is damaged, once. Its other frames
// are handed out as they were.
func (s *Spool) discover(g *segment, cause error) {
	s.mu.Lock()
	first := !g.damaged
	g.damaged = true
	s.mu.Unlock()
	if first {
		s.opts.Report(g.path, damage(fmt.Errorf("%s: frames that can be read go on: %w", g.path, cause)))
	}
}

// giveUp makes a frame that cannot be read no longer wait.
func (s *Spool) giveUp(g *segment, id int64, cause error) error {
	s.discover(g, cause)
	s.mu.Lock()
	s.lose(g, id)
	drained := s.takeDrained(g)
	s.mu.Unlock()
	if drained {
		return s.remove(g)
	}
	return nil
}

// drop removes the files of a segment that has nothing more to give.
func (s *Spool) drop(g *segment) error {
	s.taking <- struct{}{}
	defer func() { <-s.taking }()
	return s.remove(g)
}

// remove is drop for who holds taking. Of a damaged segment the files are kept.
func (s *Spool) remove(g *segment) error {
	var errs []error
	for lane, r := range s.readers {
		if r != nil && r.segment == g {
			errs = append(errs, r.conn.Close())
			s.readers[lane] = nil
		}
	}
	if g.damaged {
		errs = append(errs, s.opts.quarantine(g.path, fmt.Errorf("%d of its %d frames could not be read", g.lost.count(), g.last-g.first+1)))
	} else if err := removeFiles(g.path); err != nil {
		errs = append(errs, fmt.Errorf("remove delivered segment: %w", err))
	}
	return errors.Join(append(errs, s.progress.forget(g.first))...)
}
