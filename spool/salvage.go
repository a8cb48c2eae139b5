package spool

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/peba-edge/peba/sqlitedb"
)

const salvagedName = ".salvaged" // a file whose intact frames are all in the spool

// Salvaged is the result of salvaging a damaged file.
type Salvaged struct {
	Path string
	Kept string // current path of the file; empty if removed

	Recovered  int64 // intact, and queued again
	Delivered  int64 // intact, and delivered or recovered before
	Unreadable int64 // damaged or missing, as far as known
}

// Salvage appends the intact frames of a damaged file that were not delivered before, and renames the file from
// .damaged to .salvaged, or with remove deletes it if all of it could be read. A file with another name is left
// unchanged. So is a file without any frame, which is an error. With dryRun it only counts. path must be a file not in
// use; a bare name is in the spool's folder. Frames may be delivered twice, with Tried, if an earlier release set the
// file aside or it comes from another spool. After an error, frames already recovered are not recovered again.
func (s *Spool) Salvage(ctx context.Context, path string, dryRun, remove bool) (Salvaged, error) {
	if err := s.enter(); err != nil {
		return Salvaged{}, err
	}
	defer s.life.RUnlock()
	if filepath.Base(path) == path {
		path = filepath.Join(s.dir, path)
	}
	result, err := s.salvage(ctx, path, dryRun, remove)
	if err != nil {
		err = fmt.Errorf("salvage %s: %w", path, err)
	}
	return result, err
}

func (s *Spool) salvage(ctx context.Context, path string, dryRun, remove bool) (Salvaged, error) {
	result := Salvaged{Path: path, Kept: path}
	if err := s.salvageable(path); err != nil {
		return result, err
	}
	select { // one at a time
	case s.salvaging <- struct{}{}:
		defer func() { <-s.salvaging }()
	case <-ctx.Done():
		return result, ctx.Err()
	}
	first, ours := firstOf(filepath.Base(path)[:min(len(filepath.Base(path)), 19+len(extension))])
	known, noted, err := s.progress.of(first, ours)
	if err != nil {
		return result, err
	}
	var ids spans // sound
	wanted := func(id int64) bool {
		seen := ids.has(id)
		if known.done.has(id) {
			if !seen {
				result.Delivered++
			}
			ids.add(id, id)
			return false
		}
		ids.add(id, id)
		if dryRun && !seen {
			result.Recovered++
		}
		return !dryRun
	}
	done := slices.Clone(known.done)
	err = s.rescue(ctx, path, wanted, func(id, size int64) {
		result.Recovered++
		done.add(id, id)
		known.doneBytes += size
	})
	result.Unreadable = missing(ids, first, known.last, noted)
	if dryRun {
		return result, err
	}
	if noted {
		known.done = done
		err = errors.Join(err, s.progress.keep(known.segment(first)))
	}
	s.mu.Lock()
	s.recovered += result.Recovered
	s.mu.Unlock()
	if err == nil && result.Recovered+result.Delivered == 0 {
		err = errors.New("no message found: expected a file of a spool")
	}
	if err != nil {
		return result, err
	}
	// Unreadable frames may still be saved by other means.
	result.Kept, err = finishSalvage(path, remove && result.Unreadable == 0)
	if err == nil && noted && !exists(segmentPath(s.dir, first)) {
		err = s.progress.forget(first)
	}
	return result, err
}

// missing returns the number of known frames that are not among the ids.
func missing(ids spans, first, last int64, noted bool) int64 {
	if len(ids) == 0 && !noted {
		return 0
	}
	if !noted {
		first, last = ids[0].first, ids[len(ids)-1].last
	}
	var n int64
	for _, p := range ids.within(first, last) {
		n += p.last - p.first + 1
	}
	return max(0, last-first+1-n)
}

// salvageable returns an error if the spool uses the file.
func (s *Spool) salvageable(path string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	used := []string{filepath.Join(s.dir, progressFile), s.lockPath()}
	for _, g := range s.segments {
		used = append(used, g.path)
	}
	for _, st := range s.strays {
		used = append(used, st.segment.path)
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	for _, name := range used {
		if other, err := os.Stat(name); err == nil && os.SameFile(info, other) {
			return errors.New("the spool uses this file: must be a damaged file that was set aside")
		}
	}
	return nil
}

// finishSalvage renames or removes a damaged file with its log.
func finishSalvage(path string, remove bool) (kept string, err error) {
	if !strings.HasSuffix(path, setAside) {
		return path, nil // not one of the spool's
	}
	if remove {
		return "", removeFiles(path)
	}
	name := strings.TrimSuffix(path, setAside) + salvagedName
	kept = name
	for n := 2; exists(kept); n++ { // of the same segment, set aside twice
		kept = fmt.Sprintf("%s-%d", name, n)
	}
	return kept, renameFiles(path, kept)
}

// renameFiles renames a database.
func renameFiles(from, to string) error {
	var errs []error
	names := sqlitedb.Files(to)
	for i, name := range sqlitedb.Files(from) {
		if err := os.Rename(name, names[i]); err != nil && !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
