package spool

import (
	"encoding/binary"
	"errors"
	"math"
	"slices"
)

// cell is a row of a segment in a leaf page.
type cell struct {
	at, end int // in its page
	id      int64
	payload int64 // bytes of the whole row
	local   int   // start of the part in this page
	kept    int   // bytes of that part
}

// varint reads SQLite's integers of 1 to 9 bytes; n is 0 if b is too short.
func varint(b []byte) (v uint64, n int) {
	for n < len(b) && n < 8 {
		v = v<<7 | uint64(b[n]&0x7f)
		n++
		if b[n-1] < 0x80 {
			return v, n
		}
	}
	if n < len(b) {
		return v<<8 | uint64(b[n]), n + 1
	}
	return 0, 0
}

// parseCell parses the head of the cell at an offset of a leaf.
func parseCell(b *[pageSize]byte, at int) (c cell, ok bool) {
	payload, n := varint(b[at:])
	id, m := varint(b[at+n:])
	if n == 0 || m == 0 || payload > math.MaxInt32 || int64(id) < 1 {
		return cell{}, false
	}
	c = cell{at: at, id: int64(id), payload: int64(payload), local: at + n + m, kept: int(payload)}
	c.end = c.local + c.kept
	if payload > maxLocal {
		c.kept = int(minLocal + (payload-minLocal)%overflowRoom)
		if c.kept > maxLocal {
			c.kept = minLocal
		}
		c.end = c.local + c.kept + 4
	}
	return c, c.end <= pageSize
}

// cellsOf finds the cells of a leaf whose header or pointers may be damaged.
// Rows are only ever appended, so cells fill the page from its end without
// gaps: each one leads to its neighbor. Received data may look like a cell, but
// always lies inside one.
func cellsOf(b *[pageSize]byte) []cell {
	var starts []int
	lowest := pageSize
	for i := 0; leafHeader+2*i+2 <= lowest; i++ {
		at := int(binary.BigEndian.Uint16(b[leafHeader+2*i:]))
		if at >= leafHeader+2*i+2 && at < pageSize {
			lowest = min(lowest, at)
			starts = append(starts, at)
		}
	}
	if at := int(binary.BigEndian.Uint16(b[5:])); at >= leafHeader && at < pageSize {
		starts = append(starts, at)
	}
	var cells []cell
	seen := map[int]bool{}
	for len(starts) > 0 {
		at := starts[len(starts)-1]
		starts = starts[:len(starts)-1]
		if seen[at] {
			continue
		}
		seen[at] = true
		if c, ok := parseCell(b, at); ok {
			cells = append(cells, c)
			if c.end < pageSize {
				starts = append(starts, c.end)
			}
		}
	}
	slices.SortFunc(cells, func(a, b cell) int { return a.at - b.at })
	return cells
}

var errRecord = errors.New("not a record of a frame")

// record parses a row that begins with b, into the columns of schema. The column
// id is the row number and stored as NULL. f has the part of the data in b; size
// is the expected length of the row.
func record(id int64, b []byte) (f found, size int64, err error) {
	head, n := varint(b)
	if n == 0 || head < uint64(n) || head > uint64(len(b)) || head > 64 {
		return found{}, 0, errRecord
	}
	kinds, body := b[n:head], b[head:]
	var kind [5]uint64
	for i := range kind {
		k, n := varint(kinds)
		if n == 0 {
			return found{}, 0, errRecord
		}
		kind[i], kinds = k, kinds[n:]
	}
	if len(kinds) != 0 || kind[0] != 0 || kind[4] < 12 || kind[4]%2 != 0 || kind[4] > math.MaxInt32*2 {
		return found{}, 0, errRecord
	}
	var numbers [3]int64
	for i := range numbers {
		n := intSize(kind[i+1])
		if n < 0 || n > len(body) {
			return found{}, 0, errRecord
		}
		numbers[i] = readInt(kind[i+1], body[:n])
		body = body[n:]
	}
	f = found{id: id, appended: numbers[0], total: numbers[1], sum: numbers[2], data: body}
	return f, int64(len(b)-len(body)) + int64(kind[4]-12)/2, nil
}

// intSize returns the size of an integer of a serial type in bytes, or -1 for
// other types.
func intSize(kind uint64) int {
	switch kind {
	case 8, 9:
		return 0
	case 1, 2, 3, 4:
		return int(kind)
	case 5:
		return 6
	case 6:
		return 8
	}
	return -1
}

func readInt(kind uint64, b []byte) (v int64) {
	if kind == 9 {
		return 1
	}
	for i, c := range b {
		if i == 0 {
			v = int64(int8(c))
		} else {
			v = v<<8 | int64(c)
		}
	}
	return v
}
