package spool

import (
	"encoding/binary"
	"errors"
	"slices"
	"sort"
)

// span is the ids from first to last, inclusive.
type span struct{ first, last int64 }

// spans is a set of ids: ascending spans that do not touch. Frames are added
// and removed in runs, so a few spans represent millions of them.
type spans []span

// at returns the index of the first span that ends at id or later.
func (s spans) at(id int64) int {
	return sort.Search(len(s), func(i int) bool { return s[i].last >= id })
}

// next returns the lowest id of the set that is at least from.
func (s spans) next(from int64) (id int64, found bool) {
	i := s.at(from)
	if i == len(s) {
		return 0, false
	}
	return max(from, s[i].first), true
}

func (s spans) has(id int64) bool {
	next, found := s.next(id)
	return found && next == id
}

// count returns the number of ids in the set.
func (s spans) count() (n int64) {
	for _, p := range s {
		n += p.last - p.first + 1
	}
	return n
}

// within returns the part of the set from first to last.
func (s spans) within(first, last int64) (part spans) {
	for i := s.at(first); i < len(s) && s[i].first <= last; i++ {
		part = append(part, span{max(first, s[i].first), min(last, s[i].last)})
	}
	return part
}

// add adds the ids from first to last.
func (s *spans) add(first, last int64) {
	i := s.at(first - 1)
	j := i
	for ; j < len(*s) && (*s)[j].first <= last+1; j++ {
		first, last = min(first, (*s)[j].first), max(last, (*s)[j].last)
	}
	*s = slices.Replace(*s, i, j, span{first, last})
}

// remove removes the ids from first to last.
func (s *spans) remove(first, last int64) {
	i := s.at(first)
	j := i
	var rest []span
	for ; j < len(*s) && (*s)[j].first <= last; j++ {
		if p := (*s)[j]; p.first < first {
			rest = append(rest, span{p.first, first - 1})
		}
		if p := (*s)[j]; p.last > last {
			rest = append(rest, span{last + 1, p.last})
		}
	}
	*s = slices.Replace(*s, i, j, rest...)
}

// encode writes the set as varints: starting at base, the gap to each span and
// its length minus one.
func (s spans) encode(base int64) []byte {
	var b []byte
	for _, p := range s {
		b = binary.AppendUvarint(b, uint64(p.first-base))
		b = binary.AppendUvarint(b, uint64(p.last-p.first))
		base = p.last
	}
	return b
}

// decodeSpans reads the output of encode; no id may be above last.
func decodeSpans(b []byte, base, last int64) (spans, error) {
	var s spans
	for len(b) > 0 {
		gap, n := binary.Uvarint(b)
		length, m := binary.Uvarint(b[max(n, 0):])
		if n <= 0 || m <= 0 || base > last || gap > uint64(last-base) || length > uint64(last-base)-gap {
			return nil, errors.New("invalid spans of frames")
		}
		p := span{base + int64(gap), base + int64(gap+length)}
		s = append(s, p)
		base, b = p.last, b[n+m:]
	}
	return s, nil
}
