package sqlite

import (
	"cmp"
	"container/heap"
	"encoding/binary"
	"errors"
	"slices"
)

// entry is a key and how often it occurs.
type entry struct{ key, n int64 }

// errDamaged is returned for roll-ups that no transaction has written.
var errDamaged = errors.New("a roll-up is damaged")

// pack writes entries, which are in order of their keys.
func pack(entries []entry) []byte {
	packed := make([]byte, 0, 4*len(entries))
	last := int64(0)
	for _, e := range entries {
		packed = binary.AppendUvarint(packed, uint64(e.key-last))
		packed = binary.AppendUvarint(packed, uint64(e.n))
		last = e.key
	}
	return packed
}

// eachPacked calls visit for the entries that pack wrote.
func eachPacked(packed []byte, visit func(key, n int64)) error {
	key := int64(0)
	for len(packed) > 0 {
		step, size := binary.Uvarint(packed)
		if size <= 0 {
			return errDamaged
		}
		n, more := binary.Uvarint(packed[size:])
		if more <= 0 {
			return errDamaged
		}
		key += int64(step)
		visit(key, int64(n))
		packed = packed[size+more:]
	}
	return nil
}

// unpack reads what pack wrote.
func unpack(packed []byte) ([]entry, error) {
	entries := make([]entry, 0, len(packed)/2)
	err := eachPacked(packed, func(key, n int64) { entries = append(entries, entry{key, n}) })
	return entries, err
}

// inOrder sorts entries by key and makes one of those with the same key.
func inOrder(entries []entry) []entry {
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(a.key, b.key) })
	kept := entries[:0]
	for _, e := range entries {
		if last := len(kept) - 1; last >= 0 && kept[last].key == e.key {
			kept[last].n += e.n
			continue
		}
		kept = append(kept, e)
	}
	return kept
}

// merge adds up lists that are in order.
func merge(lists [][]entry) []entry {
	switch len(lists) {
	case 0:
		return nil
	case 1:
		return lists[0]
	}
	half := len(lists) / 2
	a, b := merge(lists[:half]), merge(lists[half:])
	sum := make([]entry, 0, max(len(a), len(b)))
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0].key < b[0].key:
			sum, a = append(sum, a[0]), a[1:]
		case a[0].key > b[0].key:
			sum, b = append(sum, b[0]), b[1:]
		default:
			sum = append(sum, entry{a[0].key, a[0].n + b[0].n})
			a, b = a[1:], b[1:]
		}
	}
	return append(append(sum, a...), b...)
}

// sums adds up counts by key where there are very many: keys are near each
// other, and come in order.
type sums struct {
	pages map[int64]*[sumsPage]int64
}

const sumsPage = 1 << 10

// page returns where a key is counted; it is made when it is not there.
func (s sums) page(key int64) *[sumsPage]int64 {
	number := floorTo(key, sumsPage)
	page := s.pages[number]
	if page == nil {
		page = new([sumsPage]int64)
		s.pages[number] = page
	}
	return page
}

// each calls visit for packed entries, with the place of their sum.
func (s sums) each(packed []byte, visit func(key, n int64, sum *int64)) error {
	var page *[sumsPage]int64
	start := int64(0)
	return eachPacked(packed, func(key, n int64) {
		if page == nil || key < start || key >= start+sumsPage {
			page, start = s.page(key), floorTo(key, sumsPage)
		}
		visit(key, n, &page[key-start])
	})
}

// least returns the n-th largest sum, or 1 when there are fewer.
func (s sums) least(n int) int64 {
	var largest smallestFirst
	for _, page := range s.pages {
		for _, sum := range page {
			switch {
			case sum == 0:
			case len(largest) < n:
				heap.Push(&largest, sum)
			case sum > largest[0]:
				largest[0] = sum
				heap.Fix(&largest, 0)
			}
		}
	}
	if len(largest) < n {
		return 1
	}
	return largest[0]
}

// smallestFirst is a heap.
type smallestFirst []int64

func (h smallestFirst) Len() int           { return len(h) }
func (h smallestFirst) Less(i, j int) bool { return h[i] < h[j] }
func (h smallestFirst) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }

// Push is called by package heap, as Pop is not: nothing is taken out.
func (h *smallestFirst) Push(sum any) { *h = append(*h, sum.(int64)) }

// Pop implements heap.Interface.
func (h *smallestFirst) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}
