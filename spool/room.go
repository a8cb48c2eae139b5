package spool

import (
	"errors"
	"fmt"

	"github.com/peba-edge/peba/sqlitedb"
)

// A frame needs its data and some pages of the tree. A log's pages count twice
// until the segment is sealed: moving them into the file needs room in both.
const (
	pagesPerFrame  = 16 << 10
	unsealedFactor = 2
)

// need returns an upper bound of a frame's size on disk.
func need(size int) int64 {
	return unsealedFactor * (int64(size) + int64(size)/32 + pagesPerFrame)
}

// admit reserves room for a frame, or returns ErrFull with the numbers. release
// frees the reservation after the append, when the files' sizes include the
// frame.
func (s *Spool) admit(size int) (int64, error) {
	n := need(size)
	s.mu.Lock()
	used, pending := s.used+s.progress.size.Load(), s.pending
	if s.opts.MaxSize > 0 && used+pending+n > s.opts.MaxSize {
		s.mu.Unlock()
		return 0, fmt.Errorf("%w: %s takes %d of at most %d bytes; %d are reserved for others, and a frame of %d needs %d",
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

// Room returns nil if there is room now for a frame of n bytes. Otherwise it
// returns the error that Append would: ErrFull, or a failure to measure the
// disk. It changes nothing.
func (s *Spool) Room(size int) error {
	n, err := s.admit(size)
	if err == nil {
		s.release(n)
	}
	return err
}

// checkReserve checks whether n bytes can be written without touching the
// reserve.
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
		return fmt.Errorf("%w: the disk of %s has %d bytes free, of which %d are reserved; a frame of %d and those in progress need %d",
			ErrFull, s.dir, free, s.opts.Reserve, size, n)
	}
	return nil
}

func (s *Spool) release(n int64) {
	s.mu.Lock()
	s.pending -= n
	s.mu.Unlock()
}

// charge updates a segment's size and the bytes counted for it.
func (s *state) charge(g *segment, size, budget int64) {
	s.used += budget - g.budget
	g.size, g.budget = size, budget
}
