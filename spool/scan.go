package spool

import (
	"encoding/binary"
	"errors"
	"slices"
)

// found is a frame found in the pages of a file.
type found struct {
	id, appended, total, sum int64
	data                     []byte
}

func (f *found) sound() bool { return sum(f.id, f.appended, f.total, f.data) == f.sum }

// scan finds the frames of a segment without using its tree or the checksums of
// its log: each frame has its own checksum. It calls visit once for each intact
// frame; data is valid during the call. An id may be visited twice if a failed
// commit left another frame with it. It returns the number of pages that the
// disk failed to read.
func scan(path string, visit func(found) error) (unreadable int, err error) {
	p, err := openPages(path)
	if err != nil {
		return 0, err
	}
	s := &scanner{pages: p, visit: visit, seen: map[int64][]int64{}}
	leaves, err := p.leaves()
	if err == nil {
		err = p.each(func(n uint32, from place) error {
			if !leaves[n] || !p.read(from, &s.page) {
				return nil
			}
			return s.leaf()
		})
	}
	return p.unreadable, errors.Join(err, p.close())
}

// scanner is a scan in progress.
type scanner struct {
	*pages
	visit func(found) error
	seen  map[int64][]int64 // checksums of visited frames, by id
	page  [pageSize]byte
	data  []byte
}

// leaf visits the frames of a page. A frame inside an intact one is received
// data and ignored.
func (s *scanner) leaf() error {
	end := 0
	for _, c := range cellsOf(&s.page) {
		if c.at < end {
			continue
		}
		head, size, err := record(c.id, s.page[c.local:c.local+c.kept])
		if err != nil || size != c.payload {
			continue
		}
		if slices.Contains(s.seen[c.id], head.sum) {
			end = c.end
			continue
		}
		f, ok := s.frame(&c, head)
		if !ok {
			continue
		}
		end = c.end
		s.seen[f.id] = append(s.seen[f.id], f.sum)
		if err := s.visit(f); err != nil {
			return err
		}
	}
	return nil
}

// frame reads a whole frame; f has the part in the leaf. It uses the newest
// version of each overflow page, or else the one in the file.
func (s *scanner) frame(c *cell, f found) (found, bool) {
	more := c.payload - int64(c.kept)
	if more == 0 {
		return f, f.sound()
	}
	if more > s.most() {
		return found{}, false
	}
	here, first := f.data, binary.BigEndian.Uint32(s.page[c.local+c.kept:])
	for _, version := range []func(uint32) (place, bool){s.newest, s.inFile} {
		data, err := s.chain(append(s.data[:0], here...), first, more, version)
		if err != nil {
			continue
		}
		s.data, f.data = data, data
		if f.sound() {
			return f, true
		}
	}
	return found{}, false
}

// A row in these files never has more.
func (s *scanner) most() int64 { return (s.count + int64(len(s.logged))) * pageSize }
