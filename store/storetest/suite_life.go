package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
)

// testRetire deletes by the time of receipt, and leaves what is kept permanently.
func testRetire(s *subject) {
	ctx := context.Background()
	for i := range 30 {
		r := plain(i, i)
		r.ClientDomain = i%3 > 0
		r.Hostname = hexID(i) // nothing is shared
		r.Location = hexID(i)
		r.VulnID = "CVE-2026-1000"
		switch i {
		case 1, 25:
			r.Payload = oddPayload(0) // seen late, too
		case 2:
			r.Payload = oddPayload(3)
		}
		if i == 29 { // received last, created first
			r.CreateTime = alert.At(base.Add(-time.Hour))
		}
		s.put(r)
	}
	s.must(s.PutRecords(ctx, store.User{Name: "mia"}))
	s.must(s.PutRecords(ctx, store.Statistic{From: base.Add(-time.Hour), To: base, Values: map[string]float64{"x": 1}}))
	s.settle()

	limit := base.Add(19*time.Second + 1) // alert 19 goes, alert 20 stays
	for range 2 {
		s.must(s.Retire(ctx, limit))
		s.settle()
		stored := s.all()
		for i := range 30 {
			if _, ok := stored[hexID(i)]; ok != (i >= 20) {
				s.Errorf("after Retire alert %d is there: %v", i, ok)
			}
		}
		for _, d := range stored {
			if d.Hostname != d.ID || d.Location != d.ID {
				s.Errorf("after Retire alert %s has host %q and place %q", d.ID, d.Hostname, d.Location)
			}
		}
	}
	if n := s.count(store.Filter{Domain: store.Both}); n != 10 {
		s.Errorf("after Retire Count is %d, want 10", n)
	}
	if p, err := store.Get[store.Payload](ctx, s, oddPayload(0).Hash); err != nil || p.MD5Count != 2 {
		s.Errorf("the payload seen later: %+v, %v", p, err)
	}
	if _, err := store.Get[store.Payload](ctx, s, oddPayload(3).Hash); !errors.Is(err, store.ErrNotFound) {
		s.Errorf("the payload not seen later: error is %v, want ErrNotFound", err)
	}
	cves, err := store.List[store.CVE](ctx, s, store.Listing{})
	s.must(err)
	users, err := store.List[store.User](ctx, s, store.Listing{})
	s.must(err)
	series, err := store.List[store.Statistic](ctx, s, store.Listing{From: base.Add(-2 * time.Hour), To: base})
	s.must(err)
	if len(cves) != 1 || len(users) != 1 || len(series) != 1 {
		s.Errorf("after Retire there are %d CVEs, %d users, %d statistics; want one each", len(cves), len(users), len(series))
	}
	s.put(plain(0, 1000)) // new again
	if n := s.count(store.Filter{Domain: store.Both}); n != 11 {
		s.Errorf("after a retired alert came again Count is %d, want 11", n)
	}
}

// call is one of a store's methods.
type call struct {
	name string
	do   func(ctx context.Context, s store.Store) error
}

var calls = []call{
	{"Ping", func(ctx context.Context, s store.Store) error { return s.Ping(ctx) }},
	{"Put", func(ctx context.Context, s store.Store) error { return s.Put(ctx, []alert.Record{plain(1, 0)}) }},
	{"put a statistic", func(ctx context.Context, s store.Store) error {
		return s.PutRecords(ctx, store.Statistic{From: base})
	}},
	{"Retire", func(ctx context.Context, s store.Store) error { return s.Retire(ctx, base.Add(-time.Hour)) }},
	{"put a user", func(ctx context.Context, s store.Store) error { return s.PutRecords(ctx, store.User{Name: "mia"}) }},
	{"delete a user", func(ctx context.Context, s store.Store) error { return store.Delete[store.User](ctx, s, "bob") }},
	{"put sensors", func(ctx context.Context, s store.Store) error {
		return s.PutRecords(ctx, oddSensor(0, 0))
	}},
	{"list sensors", func(ctx context.Context, s store.Store) error {
		return store.Each(ctx, s, store.Listing{N: 1}, func(store.SensorRecord) error { return nil })
	}},
	{"Newest", func(ctx context.Context, s store.Store) error {
		_, err := s.Newest(ctx, store.Filter{}, 10)
		return err
	}},
	{"Count", func(ctx context.Context, s store.Store) error { _, err := s.Count(ctx, store.Filter{}); return err }},
	{"Group", func(ctx context.Context, s store.Store) error {
		_, err := s.Group(ctx, store.Filter{}, store.Grouping{By: dimensions[:1]})
		return err
	}},
	{"list statistics", func(ctx context.Context, s store.Store) error {
		_, err := store.List[store.Statistic](ctx, s, store.Listing{From: base, To: base})
		return err
	}},
	{"get a payload", func(ctx context.Context, s store.Store) error {
		_, err := store.Get[store.Payload](ctx, s, hexID(1))
		return err
	}},
	{"list CVEs", func(ctx context.Context, s store.Store) error {
		_, err := store.List[store.CVE](ctx, s, store.Listing{})
		return err
	}},
	{"get a user", func(ctx context.Context, s store.Store) error {
		_, err := store.Get[store.User](ctx, s, "mia")
		return err
	}},
	{"put a token", func(ctx context.Context, s store.Store) error { return s.PutRecords(ctx, store.FeedToken{Name: "mia"}) }},
	{"delete a token", func(ctx context.Context, s store.Store) error { return store.Delete[store.FeedToken](ctx, s, "bob") }},
	{"get a token", func(ctx context.Context, s store.Store) error {
		_, err := store.Get[store.FeedToken](ctx, s, "mia")
		return err
	}},
	{"list tokens", func(ctx context.Context, s store.Store) error {
		_, err := store.List[store.FeedToken](ctx, s, store.Listing{})
		return err
	}},
	{"list users", func(ctx context.Context, s store.Store) error {
		_, err := store.List[store.User](ctx, s, store.Listing{})
		return err
	}},
}

// testCancelled calls everything with a context that has ended. Writing may
// have been done all the same, reading is answered with the context's error.
func testCancelled(s *subject) {
	s.put(plain(0, 0))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, c := range calls {
		s.Run(c.name, func(t *testing.T) {
			err := c.do(ctx, s.Store)
			switch {
			case errors.Is(err, context.Canceled):
			case err == nil && (c.name == "Put" || c.name == "put a statistic" || c.name == "put a user" || c.name == "put a token" || c.name == "put sensors"):
			default:
				t.Errorf("error is %v, want %v", err, context.Canceled)
			}
		})
	}
	s.put(plain(1, 0)) // the one that may have been stored
	if n := s.count(store.Filter{}); n != 2 {
		s.Errorf("Count is %d, want 2", n)
	}
}

// testRetireSteps counts in steps of five minutes after old alerts have gone: no
// count outlives what it counts.
func testRetireSteps(s *subject) {
	const step = 5 * time.Minute
	for i := range 12 {
		s.put(plain(i, i*150)) // two a step
	}
	start := base.Truncate(step)
	f, g := store.Filter{From: start.Add(-step), To: start.Add(12 * step)}, store.Grouping{Bucket: step}
	total := func() (n int64) {
		s.Helper()
		for _, group := range s.group(f, g) {
			n += group.Count
		}
		return n
	}
	if n := total(); n != 12 {
		s.Fatalf("%d alerts are counted, want 12", n)
	}
	s.must(s.Retire(context.Background(), start.Add(3*step)))
	s.settle()
	if n, want := total(), s.count(store.Filter{}); n != want || n == 0 || n == 12 {
		s.Errorf("after Retire %d alerts are counted, and %d are there", n, want)
	}
}

// testClosed calls everything after Close.
func testClosed(s *subject) {
	s.put(plain(0, 0))
	s.must(s.Close())
	for _, c := range calls {
		s.Run(c.name, func(t *testing.T) {
			if err := c.do(context.Background(), s.Store); !errors.Is(err, store.ErrUnavailable) {
				t.Errorf("error is %v, want one that wraps ErrUnavailable", err)
			}
		})
	}
}

// testReopened closes and opens the store again: what it was given is there, and what is
// sent again is recognized.
func testReopened(s *subject) {
	if s.reopen == nil {
		return
	}
	ctx := context.Background()
	r := plain(0, 0)
	r.Payload, r.VulnID = oddPayload(0), "CVE-2021-44228"
	s.put(r)
	s.put(plain(1, 60))
	for _, of := range plainKinds {
		s.must(s.PutRecords(ctx, of("a", 1)))
	}
	s.must(s.PutRecords(ctx, store.User{Name: "mia", Hash: "x"}))
	s.must(s.PutRecords(ctx, oddSensor(0, 0)))
	s.must(s.PutRecords(ctx, store.Statistic{From: base, To: base.Add(time.Hour), Values: map[string]float64{"n": 1}}))
	kept := func() string {
		s.Helper()
		s.settle()
		documents, err := s.Newest(ctx, store.Filter{}, 10)
		s.must(err)
		groups, err := s.Group(ctx, store.Filter{}, store.Grouping{By: dimensions, Bucket: time.Hour, Times: true})
		s.must(err)
		payload, err := store.Get[store.Payload](ctx, s, oddPayload(0).Hash)
		s.must(err)
		cves, err := store.List[store.CVE](ctx, s, store.Listing{})
		s.must(err)
		users, err := store.List[store.User](ctx, s, store.Listing{})
		s.must(err)
		sensors, err := store.List[store.SensorRecord](ctx, s, store.Listing{Domain: store.DomainOf(oddSensor(0, 0).Community)})
		s.must(err)
		series, err := store.List[store.Statistic](ctx, s, store.Listing{})
		s.must(err)
		for _, of := range plainKinds {
			s.wantPlain(of("a", 1).RecordKind(), store.Listing{}, of("a", 1))
		}
		if len(documents) != 2 || len(cves) != 1 || len(users) != 1 || len(sensors) != 1 || len(series) != 1 {
			s.Fatalf("%d alerts, %d CVEs, %d users, %d sensors, %d statistics are there, want 2, 1, 1, 1, 1",
				len(documents), len(cves), len(users), len(sensors), len(series))
		}
		return fmt.Sprintf("%+v\n%+v\n%+v\n%+v\n%+v\n%+v\n%+v", documents, groups, payload, cves, users, sensors, series)
	}
	before := kept()
	s.reopen()
	if after := kept(); after != before {
		s.Errorf("after a reopen there is\n%s\nwant\n%s", after, before)
	}
	s.put(r)
	if again := kept(); again != before {
		s.Errorf("after an alert was sent again there is\n%s\nwant\n%s", again, before)
	}
}
