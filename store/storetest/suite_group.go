package storetest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"reflect"
	"time"

	"github.com/peba-edge/peba/store"
	"github.com/peba-edge/peba/store/memory"
)

// dimensions are all there are.
var dimensions = []store.Dimension{
	store.SourceIP, store.PeerType, store.PeerIdent, store.Hostname, store.TargetIP, store.TargetPort, store.Request,
	store.SourceCountry, store.SourceCountryName, store.TargetCountry, store.TargetCountryName,
	store.SourceLocation, store.TargetLocation,
	store.SensorUUID, store.SourceDoubt, store.Username, store.Password, store.VulnID,
	store.Transport, store.ExternalIP, store.Interaction,
}

// differ tells where two answers differ first, or nothing.
func differ(got, want []store.Group) string {
	for i := range max(len(got), len(want)) {
		switch {
		case i >= len(got):
			return fmt.Sprintf("%d groups, want %d; the next is %v", len(got), len(want), want[i])
		case i >= len(want):
			return fmt.Sprintf("%d groups, want %d; the next is %v", len(got), len(want), got[i])
		case !reflect.DeepEqual(got[i], want[i]):
			return fmt.Sprintf("group %d is %v, want %v", i+1, got[i], want[i])
		}
	}
	return ""
}

// testGroups groups by every dimension, alone with and without buckets and Top
// in every domain, and with a second one; and by every bucket.
func testGroups(s *subject) {
	reference := s.fill(31, 40)
	for i, dim := range dimensions {
		for _, bucket := range []time.Duration{0, 6 * time.Hour} {
			for _, top := range []int{0, 1, 5} {
				for _, domain := range []store.Domain{store.Community, store.Private, store.Both} {
					compareGroup(s, reference, store.Filter{Domain: domain}, store.Grouping{By: []store.Dimension{dim}, Bucket: bucket, Top: top})
				}
			}
		}
		second := dimensions[(i+1)%len(dimensions)]
		compareGroup(s, reference, store.Filter{}, store.Grouping{By: []store.Dimension{dim, second}, Bucket: 6 * time.Hour, Top: 5})
		compareGroup(s, reference, store.Filter{}, store.Grouping{By: []store.Dimension{second, dim}, Times: true})
		compareGroup(s, reference, store.Filter{Domain: store.Both, SourceIP: oddSources[i%len(oddSources)]},
			store.Grouping{By: []store.Dimension{dim}, Times: true})
	}
	for _, by := range [][]store.Dimension{
		{store.SourceIP, store.SourceDoubt}, {store.SourceDoubt, store.SourceIP}, {},
		{store.PeerType, store.PeerIdent, store.SensorUUID, store.Hostname, store.TargetIP},
		{store.Transport, store.SourceDoubt}, {store.ExternalIP, store.Interaction}, {store.Interaction, store.Username, store.SourceDoubt},
		{store.SourceIP, store.PeerType, store.SourceDoubt, store.SensorUUID, store.Hostname, store.ExternalIP, store.Interaction},
	} {
		for _, field := range []store.TimeField{store.Received, store.Created} {
			compareGroup(s, reference, store.Filter{Domain: store.Both, Time: field}, store.Grouping{By: by})
			compareGroup(s, reference, store.Filter{Time: field}, store.Grouping{By: by, Times: true, Bucket: 6 * time.Hour, Top: 3})
		}
	}
	for _, bucket := range oddBuckets {
		for _, field := range []store.TimeField{store.Received, store.Created} {
			compareGroup(s, reference, store.Filter{Time: field, Domain: store.Both}, store.Grouping{Bucket: bucket})
		}
	}
}

func compareGroup(s *subject, reference store.Store, f store.Filter, g store.Grouping) {
	s.Helper()
	want, err := reference.Group(context.Background(), f, g)
	s.must(err)
	if difference := differ(s.group(f, g), want); difference != "" {
		s.Errorf("Group of %+v by %+v: %s", f, g, difference)
	}
}

// testGroupOrder has the order rule as plain expectations: by count, then by
// bucket, then addresses as addresses and texts as bytes.
func testGroupOrder(s *subject) {
	sources := []string{"203.0.113.7", "9.9.9.9", "2001:db8::10", "2001:db8::9", "100.64.0.1"}
	requests := []string{"b", "B", "a", "", "ä"}
	id := 0
	for hour := range 2 {
		for i := range sources {
			r := plain(id, hour*3600)
			r.SourceEntryIP, r.OriginalRequestString = sources[i], requests[i]
			s.put(r)
			id++
		}
	}
	r := plain(id, 3600)
	r.SourceEntryIP, r.OriginalRequestString = sources[0], requests[0]
	s.put(r)

	keys := func(dim store.Dimension, bucket time.Duration, top int) (list []string) {
		for _, g := range s.group(store.Filter{}, store.Grouping{By: []store.Dimension{dim}, Bucket: bucket, Top: top}) {
			text := g.Key[0]
			if bucket > 0 {
				text += " " + g.Start.Format("15h")
			}
			list = append(list, text)
		}
		return list
	}
	tests := []struct {
		dim    store.Dimension
		bucket time.Duration
		top    int
		want   []string
	}{
		{store.SourceIP, 0, 0, []string{"203.0.113.7", "9.9.9.9", "100.64.0.1", "2001:db8::9", "2001:db8::10"}},
		{store.SourceIP, time.Hour, 0, []string{"203.0.113.7 13h", "9.9.9.9 12h", "100.64.0.1 12h", "203.0.113.7 12h", "2001:db8::9 12h", "2001:db8::10 12h",
			"9.9.9.9 13h", "100.64.0.1 13h", "2001:db8::9 13h", "2001:db8::10 13h"}},
		{store.SourceIP, 0, 2, []string{"203.0.113.7", "9.9.9.9"}},
		{store.SourceIP, time.Hour, 2, []string{"203.0.113.7 13h", "9.9.9.9 12h", "203.0.113.7 12h", "9.9.9.9 13h"}},
		{store.Request, 0, 0, []string{"b", "", "B", "a", "ä"}},
		{store.Request, 0, 1, []string{"b"}},
		{store.Request, 0, 100, []string{"b", "", "B", "a", "ä"}},
	}
	for _, test := range tests {
		if got := keys(test.dim, test.bucket, test.top); !reflect.DeepEqual(got, test.want) {
			s.Errorf("groups by dimension %d in buckets of %v, top %d:\ngot  %q\nwant %q", test.dim, test.bucket, test.top, got, test.want)
		}
	}
}

// testRandomQuestions compares answers to random questions with the model's,
// while alerts go on arriving.
func testRandomQuestions(s *subject) {
	const rounds, questions = 20, 12
	rng := rand.New(rand.NewPCG(41, 2))
	odd := NewOdd(42)
	reference := memory.New(store.Options{})
	for range rounds {
		for range 5 {
			message := odd.Message()
			s.must(s.Put(context.Background(), message))
			s.must(reference.Put(context.Background(), message))
		}
		s.settle()
		for range questions {
			randomQuestion(s, reference, rng)
		}
	}
}

func randomQuestion(s *subject, reference store.Store, rng *rand.Rand) {
	s.Helper()
	f := randomFilter(rng)
	switch rng.IntN(3) {
	case 0:
		n := pick(rng, []int{1, 5, 35, 1000})
		all, err := reference.Newest(context.Background(), f, 1<<20)
		s.must(err)
		if err := sameNewest(s.newest(f, n), all, f.Time, n); err != nil {
			s.Errorf("the newest %d of %+v: %v", n, f, err)
		}
	case 1:
		want, err := reference.Count(context.Background(), f)
		s.must(err)
		if n := s.count(f); n != want {
			s.Errorf("Count of %+v is %d, want %d", f, n, want)
		}
	default:
		g := store.Grouping{Bucket: pick(rng, oddBuckets), Top: pick(rng, []int{0, 3, 1, 10}), Times: rng.IntN(4) == 0}
		for range rng.IntN(4) {
			g.By = append(g.By, dimensions[rng.IntN(len(dimensions))])
		}
		compareGroup(s, reference, f, g)
	}
}

func randomFilter(rng *rand.Rand) store.Filter {
	f := store.Filter{Domain: store.Domain(rng.IntN(3)), Time: store.TimeField(rng.IntN(2))}
	moment := func() time.Time {
		return base.Add(time.Duration(rng.IntN(5*24*3600))*time.Second - 24*time.Hour + time.Duration(rng.IntN(2)*rng.IntN(1e9)))
	}
	if rng.IntN(3) > 0 {
		f.From = moment()
	}
	if rng.IntN(3) > 0 {
		f.To = moment()
	}
	if rng.IntN(4) == 0 {
		f.SourceIP = pick(rng, oddSources)
	}
	if rng.IntN(4) == 0 {
		f.PeerType = pick(rng, oddPeers)[1]
	}
	f.Web = rng.IntN(4) == 0
	return f
}
