package spool

import (
	"errors"
	"fmt"

	"github.com/peba-edge/peba/sqlitedb"
)

// A frame needs its data and some pages of the tree. A log's pages count twice
// until the segment is sealed: they are going to be moved into its file, and
// are in both while that lasts.
const (
	pagesPerFrame  = 16 << 10
	unsealedFactor = 2
)

// need is an upper bound of what a frame takes on disk.
func need(size int) int64 {
	return unsealedFactor * (int64(size) + int64(size)/32 + pagesPerFrame)
}

// admit finds room for a frame, or says with ErrFull what there is. release
// gives the room back when the append has ended, and its files tell what they
// take.
func (s *Spool) admit(size int) (int64, error) {
	n := need(size)
	s.mu.Lock()
	used, pending := s.used+s.progress.size.Load(), s.pending
	if s.opts.MaxSize > 0 && used+pending+n > s.opts.MaxSize {
		s.mu.Unlock()
		return 0, fmt.Errorf("%w: %s takes %d bytes of %d that it may take; %d are promised to others, and a frame of %d needs %d",
			ErrFull, s.dir, used, s.opts.MaxSize, pending, size, n)
	}
	s.pending += n
	s.mu.Unlock()
	if err := s.checkReserve(size, pending+n); err != nil {
		s.release(n)
		return 0, err
	}
	return n, nil
}

// Room returns nil when a frame of so many bytes would find room now, else what
// Append would: ErrFull, or that the disk does not tell. It changes nothing.
func (s *Spool) Room(size int) error {
	n, err := s.admit(size)
	if err == nil {
		s.release(n)
	}
	return err
}

// checkReserve looks whether n bytes can be written beside the reserve.
func (s *Spool) checkReserve(size int, n int64) error {
	if s.opts.Reserve == 0 {
		return nil
	}
	free, err := sqlitedb.FreeBytes(s.dir)
	if errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("free disk for spool %s: %w", s.dir, err)
	}
	if free-n < s.opts.Reserve {
		return fmt.Errorf("%w: the disk of %s has %d bytes free and %d are to be left alone; a frame of %d and those under way need %d",
			ErrFull, s.dir, free, s.opts.Reserve, size, n)
	}
	return nil
}

func (s *Spool) release(n int64) {
	s.mu.Lock()
	s.pending -= n
	s.mu.Unlock()
}

// charge notes what a segment takes, and what is counted for it.
func (s *state) charge(g *segment, size, budget int64) {
	s.used += budget - g.budget
	g.size, g.budget = size, budget
}
