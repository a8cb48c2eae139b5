package storetest

import (
	"context"
	"errors"
	"reflect"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
)

// testPayloads follows one payload and its likes (docs/CONTRACT.md §1.3).
func testPayloads(s *subject) {
	first, same, alike, other := oddPayload(0), oddPayload(0), oddPayload(1), oddPayload(3)
	send := func(id, offset int, p *alert.Payload) {
		r := plain(id, offset)
		r.Payload = p
		r.SourceEntryIP = oddSources[id]
		s.put(r)
	}
	send(0, 100, first)
	send(1, 300, same)
	send(2, 200, alike)
	send(3, 50, alike)
	send(4, 400, other)
	send(4, 900, other) // sent again

	seen := func(offset int) time.Time { return plain(0, offset).CreateTime.Time }
	want := store.Payload{
		Hash: first.Hash, FuzzyHash: first.FuzzyHash, MIMEType: first.MIMEType,
		InitialIP: oddSources[0], InitialDestPort: "22",
		FirstSeen: seen(100), LastSeen: seen(300),
		MD5Count: 2, FuzzyHashCount: 2,
	}
	for _, hash := range []string{first.Hash, first.FuzzyHash} {
		samePayload(s, hash, want, first.Data)
	}
	samePayload(s, other.Hash, store.Payload{
		Hash: other.Hash, FuzzyHash: other.FuzzyHash, MIMEType: other.MIMEType,
		InitialIP: oddSources[4], InitialDestPort: "22",
		FirstSeen: seen(400), LastSeen: seen(400), MD5Count: 1,
	}, other.Data)
	for _, hash := range []string{alike.Hash, "", "zz", hexID(77)} {
		if _, err := store.Get[store.Payload](context.Background(), s, hash); !errors.Is(err, store.ErrNotFound) {
			s.Errorf("payload %q: error is %v, want ErrNotFound", hash, err)
		}
	}
	empty := &alert.Payload{Hash: hexID(5), FuzzyHash: hexID(5), MIMEType: "text/plain"}
	send(5, 1, empty)
	if _, err := store.Get[store.Payload](context.Background(), s, empty.Hash); err != nil {
		s.Errorf("a payload of no bytes: %v", err)
	}
}

// samePayload compares what is known of a payload. Where its bytes are is the
// store's affair; those that it has must be right.
func samePayload(s *subject, hash string, want store.Payload, data []byte) {
	s.Helper()
	got, err := store.Get[store.Payload](context.Background(), s, hash)
	s.must(err)
	if got.Location == "" {
		s.Errorf("payload %s has no location", hash)
	}
	if len(got.Data) > 0 && string(got.Data) != string(data) {
		s.Errorf("the bytes of payload %s are %q, want %q", hash, got.Data, data)
	}
	got.Location, got.Data = "", nil
	if !reflect.DeepEqual(got, want) {
		s.Errorf("payload %s:\ngot  %+v\nwant %+v", hash, got, want)
	}
}

// testCVEs sees each CVE announced and listed once, as its first alert had it.
func testCVEs(s *subject) {
	ids := []string{"CVE-2021-44228", "CVE-2019-19781", "CVE-2021-44228", "cve-2021-44228", "", "-1", "x"}
	for i, id := range ids {
		r := plain(i, 100-i)
		r.VulnID, r.SourceEntryIP = id, oddSources[i]
		r.TargetEntryPort, r.PeerType = oddPorts[i%5], oddPeers[i%4][1]
		s.put(r)
	}
	var want []store.CVE
	for _, i := range []int{1, 0, 3} { // by id
		want = append(want, store.CVE{
			ID: ids[i], FirstSeen: plain(i, 100-i).CreateTime.Time,
			SourceIP: oddSources[i], TargetPort: oddPorts[i%5], PeerType: oddPeers[i%4][1],
		})
	}
	got, err := store.List[store.CVE](context.Background(), s, store.Listing{})
	s.must(err)
	if !reflect.DeepEqual(got, want) {
		s.Errorf("CVEs:\ngot  %+v\nwant %+v", got, want)
	}
	if announced := []store.CVE{want[1], want[0], want[2]}; !reflect.DeepEqual(s.notified, announced) {
		s.Errorf("NewCVE:\ngot  %+v\nwant %+v", s.notified, announced)
	}
}

// testUsers adds, replaces, lists and removes users.
func testUsers(s *subject) {
	ctx := context.Background()
	mia := store.User{Name: "mia", Hash: "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA", Email: "mia@example.org"}
	bob := store.User{Name: "Bob", Hash: "0123456789abcdef0123456789abcdef", GetOnly: true}
	odd := store.User{Name: "ü '\"; %", Hash: "x", Community: true}

	absent := func(name string) {
		s.Helper()
		if _, err := store.Get[store.User](ctx, s, name); !errors.Is(err, store.ErrNotFound) {
			s.Errorf("user %q: error is %v, want ErrNotFound", name, err)
		}
		if err := store.Delete[store.User](ctx, s, name); !errors.Is(err, store.ErrNotFound) {
			s.Errorf("removing user %q: error is %v, want ErrNotFound", name, err)
		}
	}
	listed := func(want ...store.User) {
		s.Helper()
		s.settle()
		got, err := store.List[store.User](ctx, s, store.Listing{})
		s.must(err)
		if len(got) != len(want) || len(want) > 0 && !reflect.DeepEqual(got, want) {
			s.Errorf("users are %+v, want %+v", got, want)
		}
		for _, u := range want {
			if one, err := store.Get[store.User](ctx, s, u.Name); err != nil || one != u {
				s.Errorf("user %q is %+v, %v; want %+v", u.Name, one, err, u)
			}
		}
	}
	listed()
	absent("mia")
	s.must(s.PutRecords(ctx, mia))
	s.must(s.PutRecords(ctx, bob))
	s.must(s.PutRecords(ctx, odd))
	listed(bob, mia, odd)
	absent("bob")
	mia.GetOnly, mia.Community, mia.Email, mia.Hash = true, true, "", "other"
	s.must(s.PutRecords(ctx, mia))
	listed(bob, mia, odd)
	s.must(store.Delete[store.User](ctx, s, "Bob"))
	listed(mia, odd)
	absent("Bob")
}

// testStatistics puts hours of the series, some of them twice.
func testStatistics(s *subject) {
	ctx := context.Background()
	hour := func(n int, alerts float64) store.Statistic {
		from := base.Add(time.Duration(n) * time.Hour)
		return store.Statistic{From: from, To: from.Add(time.Hour - time.Second), Values: map[string]float64{
			"comm_totalNumberAlerts": alerts, "comm_totalRatio": alerts / 7, "comm_ratio_SSH/console(cowrie)": 1e-9, "comm_totalAlerts_ü": 1 << 53,
		}}
	}
	for _, n := range []int{3, 1, 2, 0} {
		s.must(s.PutRecords(ctx, hour(n, float64(n))))
	}
	s.must(s.PutRecords(ctx, hour(2, 99))) // another node's
	s.settle()
	tests := []struct {
		from, to time.Time
		want     []int
	}{
		{base, base.Add(3 * time.Hour), []int{0, 1, 2, 3}},
		{base.Add(1), base.Add(3*time.Hour - 1), []int{1, 2}},
		{base.Add(time.Hour), base.Add(time.Hour), []int{1}},
		{base.Add(4 * time.Hour), base, nil},
		{time.Time{}, base.AddDate(100, 0, 0), []int{0, 1, 2, 3}},
	}
	for _, test := range tests {
		var want []store.Statistic
		for _, n := range test.want {
			want = append(want, hour(n, float64(n)))
		}
		got, err := store.List[store.Statistic](ctx, s, store.Listing{From: test.from, To: test.to})
		s.must(err)
		if len(got) != len(want) || len(want) > 0 && !reflect.DeepEqual(got, want) {
			s.Errorf("statistics from %v to %v:\ngot  %+v\nwant %+v", test.from, test.to, got, want)
		}
	}
}

// testUnsupported asks for what kinds of records do not have.
func testUnsupported(s *subject) {
	ctx := context.Background()
	none := func(store.Record) error { return nil }
	for _, kind := range []store.Kind{store.KindUser, store.KindSensor, store.KindStatistic, store.KindCVE, store.KindPayload, "else",
		store.KindFeedToken, store.KindFeedAllowance, store.KindFeedPart, store.KindFeedClient} {
		_, getErr := s.GetRecord(ctx, kind, "x")
		for operation, test := range map[string]struct {
			err       error
			supported bool
		}{
			"get":    {getErr, kind == store.KindUser || kind == store.KindPayload || store.IsPlain(kind)},
			"list":   {s.ListRecords(ctx, kind, store.Listing{}, none), kind != store.KindPayload && kind != "else"},
			"delete": {s.DeleteRecord(ctx, kind, "x"), kind == store.KindUser || store.IsPlain(kind)},
		} {
			if errors.Is(test.err, errors.ErrUnsupported) == test.supported {
				s.Errorf("%s %s: error is %v, supported: %t", operation, kind, test.err, test.supported)
			}
		}
	}
	for _, r := range []store.Record{store.CVE{ID: "CVE-2021-44228"}, store.Payload{}} {
		if err := s.PutRecords(ctx, r); !errors.Is(err, errors.ErrUnsupported) {
			s.Errorf("put %s: error is %v", r.RecordKind(), err)
		}
	}
	if err := s.PutRecords(ctx, store.User{Name: "mia"}, store.Statistic{From: base}); err == nil {
		s.Error("records of two kinds are put")
	}
	if users, err := store.List[store.User](ctx, s, store.Listing{}); err != nil || len(users) != 0 {
		s.Errorf("users are %v, %v, want none", users, err)
	}
}
