package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/peba-edge/peba/store"
)

// elsewhere is a time that must come back in UTC.
var elsewhere = base.In(time.FixedZone("UTC-3", -3*3600))

// plainKinds make a record with that key, and with other values for another n.
var plainKinds = []func(key string, n int) store.Record{
	func(key string, n int) store.Record {
		return store.FeedToken{Name: key, Hash: hexID(n), Feed: "ü '\"; <b>", Created: elsewhere}
	},
	func(key string, n int) store.Record {
		return store.FeedAllowance{CIDR: key, Reason: fmt.Sprint("reason ", n), By: "mia", Created: elsewhere, Until: elsewhere.Add(time.Hour)}
	},
	func(key string, n int) store.Record { return store.FeedPart{Key: key, Value: []byte{0, 255, byte(n)}} },
	func(key string, n int) store.Record {
		return store.FeedClient{Key: key, Feed: "blocklist", Cursor: elsewhere.Add(time.Duration(n) * time.Second), Updated: elsewhere}
	},
}

// inUTC returns the record as it must come back.
func inUTC(r store.Record) store.Record {
	switch r := r.(type) {
	case store.FeedToken:
		r.Created = r.Created.UTC()
		return r
	case store.FeedAllowance:
		r.Created, r.Until = r.Created.UTC(), r.Until.UTC()
		return r
	case store.FeedClient:
		r.Cursor, r.Updated = r.Cursor.UTC(), r.Updated.UTC()
		return r
	}
	return r
}

// listed returns the records of a kind as they come.
func (s *subject) listed(kind store.Kind, l store.Listing) (list []store.Record) {
	s.Helper()
	s.must(s.ListRecords(context.Background(), kind, l, func(r store.Record) error {
		list = append(list, r)
		return nil
	}))
	return list
}

// wantPlain fails unless the list has these records, in this order.
func (s *subject) wantPlain(kind store.Kind, l store.Listing, want ...store.Record) {
	s.Helper()
	var records []store.Record
	for _, r := range want {
		records = append(records, inUTC(r))
	}
	if got := s.listed(kind, l); !reflect.DeepEqual(got, records) {
		s.Errorf("%s %+v:\ngot  %+v\nwant %+v", kind, l, got, records)
	}
}

// testPlain puts, replaces, lists and deletes records of each plain kind. All of it is
// visible at once, and kinds have keys of their own.
func testPlain(s *subject) {
	ctx := context.Background()
	keys := []string{"a/2", "ü/\U0001F600", "a/10", "a", "B", "a/2 '\"; %_*", "ü/￿", "a/" + strings.Repeat("x", store.MaxPlainKey-2), "b\x00c"}
	for _, of := range plainKinds {
		kind := of("a", 0).RecordKind()
		s.wantPlain(kind, store.Listing{})
		s.wantPlain(kind, store.Listing{Prefix: "a", After: "b"})
		s.absentPlain(kind, "a")
		for i, key := range keys {
			s.must(s.PutRecords(ctx, of(key, i)))
		}
		sorted := slices.Clone(keys)
		slices.Sort(sorted)
		all := func(l store.Listing) (records []store.Record) {
			for _, key := range sorted {
				if strings.HasPrefix(key, l.Prefix) && key > l.After && (l.N == 0 || len(records) < l.N) {
					records = append(records, of(key, slices.Index(keys, key)))
				}
			}
			return records
		}
		for _, l := range []store.Listing{
			{}, {N: 1}, {N: 5}, {N: 100}, {Prefix: "a"}, {Prefix: "a/"}, {Prefix: "a/2"}, {Prefix: "a/2 '\"; %_"}, {Prefix: "ü"}, {Prefix: "c"},
			{After: "a"}, {After: "a/10", N: 2}, {Prefix: "a/", After: "a/10"}, {Prefix: "a/", After: "B", N: 2}, {After: "ü/\U0001F600"},
		} {
			s.wantPlain(kind, l, all(l)...)
		}
		s.putAgain(of, keys[0])
		s.must(s.DeleteRecord(ctx, kind, keys[0]))
		s.absentPlain(kind, keys[0])
		s.must(s.PutRecords(ctx, of(keys[0], 9))) // new again
		s.wantPlain(kind, store.Listing{Prefix: keys[0], N: 1}, of(keys[0], 9))
		enough, visited := errors.New("enough"), 0
		if err := s.ListRecords(ctx, kind, store.Listing{}, func(store.Record) error { visited++; return enough }); !errors.Is(err, enough) || visited != 1 {
			s.Errorf("%s: after %d records the error is %v, want that of the first visit", kind, visited, err)
		}
	}
	s.must(s.Retire(ctx, base.AddDate(100, 0, 0)))
	for _, of := range plainKinds {
		if n := len(s.listed(of("a", 0).RecordKind(), store.Listing{})); n != len(keys) {
			s.Errorf("after Retire there are %d records of %s, want %d", n, of("a", 0).RecordKind(), len(keys))
		}
	}
}

// absentPlain fails unless there is no record with that key.
func (s *subject) absentPlain(kind store.Kind, key string) {
	s.Helper()
	if _, err := s.GetRecord(context.Background(), kind, key); !errors.Is(err, store.ErrNotFound) {
		s.Errorf("get %s %q: error is %v, want ErrNotFound", kind, key, err)
	}
	if err := s.DeleteRecord(context.Background(), kind, key); !errors.Is(err, store.ErrNotFound) {
		s.Errorf("delete %s %q: error is %v, want ErrNotFound", kind, key, err)
	}
}

// putAgain puts other records with a key that exists, at once and by several.
func (s *subject) putAgain(of func(key string, n int) store.Record, key string) {
	s.Helper()
	ctx, kind := context.Background(), of(key, 0).RecordKind()
	want := inUTC(of(key, 5))
	if kind == store.KindFeedPart {
		want = inUTC(of(key, 0))
	}
	s.must(s.PutRecords(ctx, of(key, 4), of(key, 5)))
	if got, err := s.GetRecord(ctx, kind, key); err != nil || !reflect.DeepEqual(got, want) {
		s.Errorf("after another put %s %q is %+v, %v; want %+v", kind, key, got, err, want)
	}
	race := key + " raced"
	var wait sync.WaitGroup
	for n := range 4 {
		wait.Go(func() {
			if err := s.PutRecords(ctx, of(race, n)); err != nil {
				s.Error(err)
			}
			if kind != store.KindFeedPart {
				return
			}
			// Who lost must find the winner's at once.
			if err := s.ListRecords(ctx, kind, store.Listing{Prefix: race}, func(store.Record) error { return errFound }); !errors.Is(err, errFound) {
				s.Errorf("after a put that lost the list has nothing: %v", err)
			}
		})
	}
	wait.Wait()
	if list := s.listed(kind, store.Listing{Prefix: race}); len(list) != 1 {
		s.Errorf("after four puts at once of one %s there are %+v", kind, list)
	}
	s.must(s.DeleteRecord(ctx, kind, race))
}

var errFound = errors.New("found")

// testPlainLimits puts what is large, and what is too large.
func testPlainLimits(s *subject) {
	ctx := context.Background()
	large := store.FeedPart{Key: "large", Value: bytes.Repeat([]byte("\x00\xff<large>"), 5<<20/9)}
	s.must(s.PutRecords(ctx, large))
	if got, err := store.Get[store.FeedPart](ctx, s, "large"); err != nil || !reflect.DeepEqual(got, large) {
		s.Errorf("a value of %d bytes came back with %d, %v", len(large.Value), len(got.Value), err)
	}
	if list := s.listed(store.KindFeedPart, store.Listing{}); len(list) != 1 || !reflect.DeepEqual(list[0], large) {
		s.Errorf("%d records are listed, want the large one", len(list))
	}
	// Many come in pages.
	var want []store.Record
	for i := range 25 {
		p := store.FeedPart{Key: fmt.Sprintf("many/%02d", i), Value: []byte{byte(i)}}
		want = append(want, p)
	}
	s.must(s.PutRecords(ctx, want...))
	s.wantPlain(store.KindFeedPart, store.Listing{Prefix: "many/"}, want...)
	s.wantPlain(store.KindFeedPart, store.Listing{Prefix: "many/", After: "many/03", N: 15}, want[4:19]...)

	for name, r := range map[string]store.Record{
		"no key":          store.FeedToken{},
		"a long key":      store.FeedToken{Name: strings.Repeat("x", store.MaxPlainKey+1)},
		"a key of bytes":  store.FeedToken{Name: "\xff"},
		"a long value":    store.FeedPart{Key: "x", Value: make([]byte, store.MaxFeedPart+1)},
		"a time too late": store.FeedClient{Key: "x", Cursor: base.AddDate(8000, 0, 0)},
	} {
		if err := s.PutRecords(ctx, r); err == nil || errors.Is(err, store.ErrUnavailable) {
			s.Errorf("%s is put with the error %v", name, err)
		}
	}
	exact := store.FeedClient{Key: "exact", Cursor: base.Add(123456789)}
	s.must(s.PutRecords(ctx, exact))
	s.wantPlain(store.KindFeedClient, store.Listing{}, exact)
}
