package storetest

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
	"github.com/peba-edge/peba/store/memory"
)

// fill puts odd alerts into the store and into a model.
func (s *subject) fill(seed uint64, messages int) store.Store {
	s.Helper()
	reference := memory.New(store.Options{})
	odd := NewOdd(seed)
	for range messages {
		message := odd.Message()
		s.must(s.Put(context.Background(), message))
		s.must(reference.Put(context.Background(), message))
	}
	s.settle()
	return reference
}

// sameNewest compares the first n of all documents that match, whose order is
// free within a second, with what a store returned.
func sameNewest(got, all []alert.Document, by store.TimeField, n int) error {
	want := all[:min(n, len(all))]
	if len(got) != len(want) {
		return fmt.Errorf("%d documents, want %d", len(got), len(want))
	}
	byID := make(map[string]alert.Document, len(all))
	for _, d := range all {
		byID[d.ID] = d
	}
	for i, d := range got {
		if a, b := by.Of(&d), by.Of(&want[i]); !a.Equal(b) {
			return fmt.Errorf("document %d is of %v, want one of %v", i+1, a, b)
		}
		if byID[d.ID] != d {
			return fmt.Errorf("document %d is %+v, want %+v", i+1, d, byID[d.ID])
		}
		delete(byID, d.ID) // a second one would differ from nothing
	}
	return nil
}

// testWindowEdges asks for windows around one second.
func testWindowEdges(s *subject) {
	s.put(plain(1, -1), plain(2, 0), plain(3, 1))
	moment := base.Add
	tests := []struct {
		from, to time.Time
		want     int64
	}{
		{time.Time{}, time.Time{}, 3},
		{moment(0), time.Time{}, 2},
		{time.Time{}, moment(0), 1},
		{moment(0), moment(0), 0},
		{moment(0), moment(time.Second), 1},
		{moment(0), moment(time.Second + 1), 2},
		{moment(1), moment(time.Second), 0},
		{moment(-1), moment(1), 1},
		{moment(time.Second), moment(0), 0},
		{moment(0).In(time.FixedZone("", 3600)), moment(2 * time.Second), 2},
	}
	for _, test := range tests {
		for _, field := range []store.TimeField{store.Received, store.Created} {
			f := store.Filter{Time: field, From: test.from, To: test.to}
			if field == store.Created { // five seconds earlier
				f.From, f.To = shift(f.From), shift(f.To)
			}
			if n := s.count(f); n != test.want {
				s.Errorf("Count from %v to %v by time %d is %d, want %d", f.From, f.To, field, n, test.want)
			}
		}
	}
}

func shift(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.Add(-5 * time.Second)
}

// testNewestOrder puts old alerts after new ones.
func testNewestOrder(s *subject) {
	for i, offset := range []int{10, 30, 20, 20, 20, 40, 5} {
		s.put(plain(i, offset))
	}
	var offsets []int
	got := s.newest(store.Filter{}, 100)
	for _, d := range got {
		offsets = append(offsets, int(d.RecievedTime.Sub(base)/time.Second))
	}
	if want := []int{40, 30, 20, 20, 20, 10, 5}; !slices.Equal(offsets, want) {
		s.Errorf("newest are of %v, want %v", offsets, want)
	}
	for n := range len(got) + 1 {
		if some := s.newest(store.Filter{}, n); !slices.Equal(some, got[:n]) {
			s.Errorf("the newest %d are %v, want the first of %v", n, some, got)
		}
	}
}

// filters are all combinations of what a filter may have.
func filters(visit func(f store.Filter)) {
	windows := [][2]time.Time{{}, {{}, base.Add(50 * time.Hour)}, {base.Add(10 * time.Hour), base.Add(40*time.Hour + 1)}}
	for _, domain := range []store.Domain{store.Community, store.Private, store.Both} {
		for _, field := range []store.TimeField{store.Received, store.Created} {
			for _, window := range windows {
				for _, source := range []string{"", oddSources[0], oddSources[3]} {
					for _, peer := range []string{"", "Webpage", "none"} {
						visit(store.Filter{Domain: domain, Time: field, From: window[0], To: window[1], SourceIP: source, PeerType: peer})
					}
					visit(store.Filter{Domain: domain, Time: field, From: window[0], To: window[1], SourceIP: source, Web: true})
				}
			}
		}
	}
}

func testNewestFilters(s *subject) {
	reference := s.fill(21, 40)
	filters(func(f store.Filter) {
		all, _ := reference.Newest(context.Background(), f, 1<<20)
		for _, n := range []int{7, 10_000} {
			if err := sameNewest(s.newest(f, n), all, f.Time, n); err != nil {
				s.Errorf("the newest %d of %+v: %v", n, f, err)
			}
		}
	})
}

func testCountFilters(s *subject) {
	reference := s.fill(22, 40)
	filters(func(f store.Filter) {
		want, _ := reference.Count(context.Background(), f)
		if n := s.count(f); n != want {
			s.Errorf("Count of %+v is %d, want %d", f, n, want)
		}
	})
}
