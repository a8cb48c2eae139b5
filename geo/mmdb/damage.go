package mmdb

import (
	"bytes"
	"errors"
	"fmt"
)

// A damaged file, such as one being overwritten in place, can end the process:
// the reader follows circular pointers until the stack overflows, which cannot
// be recovered. So each file is checked before use by walking it as the reader
// would: from the metadata and the leaves of the search tree along all pointers,
// each value once. The format is version 2.0 of the MaxMind DB specification; it
// allows no pointer to a pointer.
//
// Verify of maxminddb-golang v2 does not replace this (tried with v2.1.1 and v2.9.0). It
// finds the same damage, except in nodes that no address leads to, but
//   - it rejects valid files: those without a description, and those with values that only
//     other values point to, which is how Python's mmdb_writer (0.2.7) writes all of its;
//   - it decodes every record: 6 to 7 s and 1.6 GB of allocations for a City file of
//     33 MB, which the walk takes 0.14 s and 4 MB for;
//   - it follows a pointer as often as there are pointers to it: v2.1.1 takes 3 s for a
//     record of 20 arrays that each have the one before twice, doubled by each further
//     array. v2.9.0 has a limit for that.

// metadataMarker precedes the metadata at the end of the file.
const metadataMarker = "\xAB\xCD\xEFMaxMind.com"

// maxDepth is the maximum nesting of values; the reader has the same limit.
const maxDepth = 512

// checkMetadata walks through the metadata, which has its own pointers.
func checkMetadata(content []byte) error {
	start := bytes.LastIndex(content, []byte(metadataMarker))
	if start < 0 {
		return errors.New("not a MaxMind DB file")
	}
	s := newSection(content[start+len(metadataMarker):])
	if err := s.check(0, 0); err != nil {
		return fmt.Errorf("damaged metadata: %w", err)
	}
	return nil
}

// tree is the search tree: nodes of two records, of 24, 28 or 32 bits each.
type tree struct {
	content    []byte
	nodes      uint
	recordSize uint
}

// separator is the number of bytes between the tree and the data.
const separator = 16

// checkRecords walks through the data. It returns the offsets of the first n
// distinct records.
func (t tree) checkRecords(n int) ([]uintptr, error) {
	size := t.recordSize / 4
	end := bytes.LastIndex(t.content, []byte(metadataMarker))
	if size < 6 || size > 8 || t.nodes > uint(end)/size || t.nodes*size+separator > uint(end) {
		return nil, fmt.Errorf("damaged: the search tree cannot have %d nodes of two %d bit records", t.nodes, t.recordSize)
	}
	data := newSection(t.content[t.nodes*size+separator : end])
	var first []uintptr
	for i := range t.nodes {
		left, right := split(t.content[i*size : (i+1)*size])
		for _, record := range [...]uint{left, right} {
			if record <= t.nodes {
				continue // another node, or nothing
			}
			at := record - t.nodes - separator
			if len(first) < n && at < uint(len(data.bytes)) && !data.isChecked(at) {
				first = append(first, uintptr(at))
			}
			if err := data.check(at, 0); err != nil {
				return nil, fmt.Errorf("damaged at node %d of the search tree: %w", i, err)
			}
		}
	}
	return first, nil
}

// split reads the two records of a node.
func split(node []byte) (left, right uint) {
	switch len(node) {
	case 6:
		return number(node[:3]), number(node[3:])
	case 7:
		return uint(node[3]>>4)<<24 | number(node[:3]), uint(node[3]&0x0f)<<24 | number(node[4:])
	default:
		return number(node[:4]), number(node[4:])
	}
}

// number reads a big-endian number.
func number(bigEndian []byte) uint {
	var n uint
	for _, b := range bigEndian {
		n = n<<8 | uint(b)
	}
	return n
}

// section is a part of the file within which pointers point.
type section struct {
	bytes []byte
	// checked has a bit for each offset where a value was checked.
	checked []uint64
}

func newSection(content []byte) *section {
	return &section{bytes: content, checked: make([]uint64, len(content)/64+1)}
}

func (s *section) isChecked(at uint) bool { return s.checked[at/64]&(1<<(at%64)) != 0 }

// check walks through the value at an offset that something points to.
func (s *section) check(at uint, depth int) error {
	if at >= uint(len(s.bytes)) {
		return errBounds
	}
	if s.isChecked(at) {
		return nil
	}
	s.checked[at/64] |= 1 << (at % 64)
	_, err := s.walk(at, depth)
	return err
}

var (
	errBounds  = errors.New("an offset or size is out of bounds")
	errPointer = errors.New("a pointer points to a pointer")
	errDepth   = errors.New("values are nested too deeply")
)

// The types that the walk must know; all others are bytes.
const (
	kindPointer = 1
	kindMap     = 7
	kindArray   = 11
	kindBool    = 14
)

// walk goes through one value and returns where the next begins.
func (s *section) walk(at uint, depth int) (next uint, err error) {
	if depth > maxDepth {
		return 0, errDepth
	}
	kind, size, next, err := s.header(at)
	if err != nil {
		return 0, err
	}
	values := uint(0)
	switch kind {
	case kindPointer:
		if target, _, _, err := s.header(size); err != nil {
			return 0, err
		} else if target == kindPointer {
			return 0, errPointer
		}
		return next, s.check(size, depth+1)
	case kindMap:
		values = 2 * size
	case kindArray:
		values = size
	case kindBool: // its size is its value
	default:
		next += size
	}
	for range values {
		if next, err = s.walk(next, depth+1); err != nil {
			return 0, err
		}
	}
	if next > uint(len(s.bytes)) {
		return 0, errBounds
	}
	return next, nil
}

// header reads the control bytes of a value. The size of a pointer is its
// target.
func (s *section) header(at uint) (kind, size, next uint, err error) {
	control, next, err := s.take(at, 1)
	if err != nil {
		return 0, 0, 0, err
	}
	kind, size = control>>5, control&0x1f
	if kind == kindPointer {
		return s.pointer(control, next)
	}
	if kind == 0 { // extended
		if kind, next, err = s.take(next, 1); err != nil {
			return 0, 0, 0, err
		}
		kind += 7
	}
	if size >= 29 {
		base := [...]uint{29, 285, 65821}[size-29]
		if size, next, err = s.take(next, size-28); err != nil {
			return 0, 0, 0, err
		}
		size += base
	}
	return kind, size, next, nil
}

func (s *section) pointer(control, at uint) (kind, target, next uint, err error) {
	length := control >> 3 & 3
	target, next, err = s.take(at, length+1)
	if length < 3 {
		target += control&7<<(8*(length+1)) + [...]uint{0, 2048, 526336}[length]
	}
	return kindPointer, target, next, err
}

// take reads a number of n bytes.
func (s *section) take(at, length uint) (n, next uint, err error) {
	if at+length > uint(len(s.bytes)) {
		return 0, 0, errBounds
	}
	return number(s.bytes[at : at+length]), at + length, nil
}
