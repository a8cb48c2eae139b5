package spool

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// pageSize is that of every segment.
const pageSize = 4096

// The file format is in https://www.sqlite.org/fileformat2.html.
const (
	leafPage     = 0x0d // first byte of a leaf of a table
	interiorPage = 0x05
	leafHeader   = 8
	innerHeader  = 12
	logHeader    = 32 // of the write-ahead log, and of each of its pages
	logPage      = 24
	maxLocal     = pageSize - 35 // bytes of a row before it overflows to other pages
	minLocal     = (pageSize-12)*32/255 - 23
	overflowRoom = pageSize - 4
)

// place is the location of a version of a page.
type place struct {
	inLog bool
	at    int64
}

// pages gives access to the pages of a database file and its log, regardless of
// tree and checksums.
type pages struct {
	file, log  *os.File // log is nil if there is none
	count      int64    // of the file
	logged     map[uint32][]place
	unreadable int // pages that the disk failed to read
}

func openPages(path string) (_ *pages, err error) {
	p := &pages{logged: map[uint32][]place{}}
	if p.file, err = os.Open(path); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.close())
		}
	}()
	size, err := p.file.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, err
	}
	p.count = (size + pageSize - 1) / pageSize
	if p.log, err = os.Open(path + "-wal"); errors.Is(err, fs.ErrNotExist) {
		p.log = nil
		return p, nil
	}
	if err != nil {
		return nil, err
	}
	return p, p.indexLog()
}

// indexLog finds the pages in the log. It ignores the log's checksums: frames
// have their own.
func (p *pages) indexLog() error {
	size, err := p.log.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	var head [logPage]byte
	for at := int64(logHeader); at+logPage < size; at += logPage + pageSize {
		if _, err := p.log.ReadAt(head[:], at); err != nil {
			p.unreadable++
			continue
		}
		n := binary.BigEndian.Uint32(head[:])
		p.logged[n] = append(p.logged[n], place{inLog: true, at: at + logPage})
	}
	return nil
}

func (p *pages) close() error {
	var errs []error
	for _, f := range []*os.File{p.file, p.log} {
		if f != nil {
			errs = append(errs, f.Close())
		}
	}
	return errors.Join(errs...)
}

// read reads a version of a page into b. Bytes missing at the end of a
// truncated file are zeros.
func (p *pages) read(from place, b *[pageSize]byte) bool {
	f := p.file
	if from.inLog {
		f = p.log
	}
	n, err := f.ReadAt(b[:], from.at)
	clear(b[n:])
	if err != nil && !errors.Is(err, io.EOF) {
		p.unreadable++
		return false
	}
	return n > 0
}

// inFile returns the place of a page in the file.
func (p *pages) inFile(n uint32) (place, bool) {
	return place{at: int64(n-1) * pageSize}, n > 0 && int64(n) <= p.count
}

// newest returns the version of a page that SQLite would read.
func (p *pages) newest(n uint32) (place, bool) {
	if versions := p.logged[n]; len(versions) > 0 {
		return versions[len(versions)-1], true
	}
	return p.inFile(n)
}

// each calls visit for every version of every page except the first, which
// holds the schema.
func (p *pages) each(visit func(n uint32, from place) error) error {
	for n := uint32(2); int64(n) <= p.count; n++ {
		from, _ := p.inFile(n)
		if err := visit(n, from); err != nil {
			return err
		}
	}
	for n, versions := range p.logged {
		for _, from := range versions {
			if err := visit(n, from); err != nil {
				return err
			}
		}
	}
	return nil
}

// leaves returns the leaf pages: by their own first byte, or as children of an
// interior page. Overflow pages contain received data, which may look like
// anything, but their first byte is that of a page number and never a page
// type.
func (p *pages) leaves() (map[uint32]bool, error) {
	leaves, children := map[uint32]bool{}, map[uint32]bool{}
	interior := map[uint32]bool{}
	var b [pageSize]byte
	err := p.each(func(n uint32, from place) error {
		if !p.read(from, &b) {
			return nil
		}
		switch b[0] {
		case leafPage:
			leaves[n] = true
		case interiorPage:
			interior[n] = true
			childrenOf(&b, children)
		}
		return nil
	})
	for n := range children {
		if !interior[n] && n > 1 {
			leaves[n] = true
		}
	}
	return leaves, err
}

// childrenOf collects the pages below an interior page.
func childrenOf(b *[pageSize]byte, children map[uint32]bool) {
	children[binary.BigEndian.Uint32(b[8:])] = true
	cells := int(binary.BigEndian.Uint16(b[3:]))
	for i := range min(cells, (pageSize-innerHeader)/2) {
		if at := int(binary.BigEndian.Uint16(b[innerHeader+2*i:])); at >= innerHeader && at+4 <= pageSize {
			children[binary.BigEndian.Uint32(b[at:])] = true
		}
	}
}

// chain appends n bytes of a row's overflow, starting at page first.
func (p *pages) chain(to []byte, first uint32, n int64, version func(uint32) (place, bool)) ([]byte, error) {
	var b [pageSize]byte
	for n > 0 {
		from, found := version(first)
		if !found || !p.read(from, &b) {
			return nil, fmt.Errorf("%w: page %d is missing", ErrDamaged, first)
		}
		part := min(n, overflowRoom)
		to = append(to, b[4:4+part]...)
		n -= part
		first = binary.BigEndian.Uint32(b[:])
	}
	return to, nil
}
