package sqlite

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestPack writes and reads counts, with keys below zero and far apart.
func TestPack(t *testing.T) {
	want := []entry{{-3, 1}, {-1, 300}, {1, 2}, {2, 1 << 40}, {1 << 50, 7}}
	packed := pack(want)
	got, err := unpack(packed)
	must(t, err)
	if !slices.Equal(got, want) {
		t.Errorf("read %v, want %v", got, want)
	}
	if _, err := unpack(packed[:len(packed)-1]); !errors.Is(err, errDamaged) {
		t.Errorf("error of a cut one is %v, want %v", err, errDamaged)
	}
}

// TestSums compares the two ways of adding up, and the n-th largest sum with
// that of a sorted list.
func TestSums(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	var lists [][]entry
	all := sums{make(map[int64]*[sumsPage]int64)}
	for range 7 {
		var entries []entry
		for range 2000 {
			entries = append(entries, entry{int64(rng.IntN(5000)) - 500, 1 + int64(rng.IntN(50))})
		}
		list := inOrder(entries)
		lists = append(lists, list)
		must(t, all.each(pack(list), func(_, n int64, sum *int64) { *sum += n }))
	}
	merged := merge(lists)
	var counts []int64
	for _, e := range merged {
		counts = append(counts, e.n)
		if sum := all.page(e.key)[e.key-floorTo(e.key, sumsPage)]; sum != e.n {
			t.Fatalf("the sum of key %d is %d, merged it is %d", e.key, sum, e.n)
		}
	}
	slices.Sort(counts)
	for _, n := range []int{1, 2, 31, 1000, len(counts)} {
		if least := all.least(n); least != counts[len(counts)-n] {
			t.Errorf("the %d. largest is %d, want %d", n, least, counts[len(counts)-n])
		}
	}
	if least := all.least(len(counts) + 1); least != 1 {
		t.Errorf("the least of more than there are is %d, want 1", least)
	}
}

// TestCover divides hours, each of which must be counted once, within a bucket.
func TestCover(t *testing.T) {
	for _, bucket := range []int64{0, 1, 6, 12, 42, 36, 144, 288} {
		for from := int64(-360); from < 180; from += 43 {
			for to := from + 1; to < from+540; to += 29 {
				next := from
				for _, p := range cover(from, to, bucket, widths) {
					if p.from != next || p.to <= p.from || p.from%p.width != 0 || p.to%p.width != 0 || bucket%p.width != 0 {
						t.Fatalf("cover of %d to %d in buckets of %d has %+v after %d", from, to, bucket, p, next)
					}
					next = p.to
				}
				if next != to {
					t.Fatalf("cover of %d to %d in buckets of %d ends at %d", from, to, bucket, next)
				}
			}
		}
	}
}
