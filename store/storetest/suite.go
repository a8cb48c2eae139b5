// Package storetest is what every store must pass: the conformance suite (Run),
// and alerts to fill stores with (Odd, Traffic).
package storetest

import (
	"context"
	"sync"
	"testing"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
)

// Suite is the conformance suite. It holds a store to the words of package
// store and to nothing more.
type Suite struct {
	// Open returns an empty store. The suite closes it.
	Open func(t *testing.T, opts store.Options) store.Store

	// Reopen opens what Open has opened in this test again, after it was closed; nil for
	// stores that keep alerts in memory only.
	Reopen func(t *testing.T, opts store.Options) store.Store

	// Settle returns when all that was put is visible to readers and NewCVE has
	// been called for it; nil for stores of which both hold when Put returns.
	Settle func(t *testing.T, s store.Store)
}

// Run runs the suite against a store whose writes are visible at once.
func Run(t *testing.T, open func(t *testing.T, opts store.Options) store.Store) {
	Suite{Open: open}.Run(t)
}

// Run runs the suite.
func (s Suite) Run(t *testing.T) {
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { test.run(s.start(t)) })
	}
}

// tests are all tests of the suite; each starts with an empty store.
var tests = []struct {
	name string
	run  func(s *subject)
}{
	{"every field comes back", testFields},
	{"odd ids are kept apart", testIDs},
	{"nothing stored", testEmpty},
	{"sent again", testSentAgain},
	{"twice in one Put", testTwiceInOnePut},
	{"two Puts at once", testPutsAtOnce},
	{"window edges", testWindowEdges},
	{"newest first", testNewestOrder},
	{"newest by filter", testNewestFilters},
	{"count by filter", testCountFilters},
	{"group by everything", testGroups},
	{"order of groups", testGroupOrder},
	{"random questions", testRandomQuestions},
	{"payloads", testPayloads},
	{"CVEs", testCVEs},
	{"users", testUsers},
	{"statistics", testStatistics},
	{"sensors", testSensors},
	{"plain records", testPlain},
	{"limits of plain records", testPlainLimits},
	{"what records do not support", testUnsupported},
	{"retire", testRetire},
	{"retire by five minutes", testRetireSteps},
	{"cancelled contexts", testCancelled},
	{"closed", testClosed},
	{"reopened", testReopened},
}

// subject is a store under test.
type subject struct {
	*testing.T
	store.Store
	settleStore func()
	reopen      func() // nil if the suite has no Reopen

	mu       sync.Mutex
	notified []store.CVE // what NewCVE was called with

	stored, duplicate int // what Counted was called with, in sum
}

// start opens an empty store, that is closed when the test ends.
func (s Suite) start(t *testing.T) *subject {
	sub := &subject{T: t}
	sub.Store = s.Open(t, store.Options{NewCVE: sub.notify, Counted: sub.counted})
	sub.settleStore = func() {
		if s.Settle != nil {
			s.Settle(t, sub.Store)
		}
	}
	if s.Reopen != nil {
		sub.reopen = func() {
			sub.must(sub.Close())
			sub.Store = s.Reopen(t, store.Options{NewCVE: sub.notify, Counted: sub.counted})
		}
	}
	t.Cleanup(func() {
		if err := sub.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return sub
}

func (s *subject) notify(c store.CVE) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.notified = append(s.notified, c)
}

func (s *subject) counted(stored, duplicate int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stored += stored
	s.duplicate += duplicate
}

// wantCounted fails unless Counted was called with these, in sum.
func (s *subject) wantCounted(stored, duplicate int) {
	s.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stored != stored || s.duplicate != duplicate {
		s.Errorf("%d alerts were counted as stored and %d as duplicate, want %d and %d", s.stored, s.duplicate, stored, duplicate)
	}
}

// settle waits until what was put is visible.
func (s *subject) settle() { s.settleStore() }

// put stores records and waits until they are visible.
func (s *subject) put(records ...alert.Record) {
	s.Helper()
	s.must(s.Put(context.Background(), records))
	s.settle()
}

// must ends the test on an error.
func (s *subject) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// count returns the number of alerts that f selects.
func (s *subject) count(f store.Filter) int64 {
	s.Helper()
	n, err := s.Count(context.Background(), f)
	s.must(err)
	return n
}

// newest returns what Newest does.
func (s *subject) newest(f store.Filter, n int) []alert.Document {
	s.Helper()
	docs, err := s.Newest(context.Background(), f, n)
	s.must(err)
	return docs
}

// group returns what Group does.
func (s *subject) group(f store.Filter, g store.Grouping) []store.Group {
	s.Helper()
	groups, err := s.Group(context.Background(), f, g)
	s.must(err)
	return groups
}

// all returns all alerts by id.
func (s *subject) all() map[string]alert.Document {
	s.Helper()
	docs := s.newest(store.Filter{Domain: store.Both}, 1<<20)
	byID := make(map[string]alert.Document, len(docs))
	for _, d := range docs {
		if _, twice := byID[d.ID]; twice {
			s.Fatalf("alert %s is there twice", d.ID)
		}
		byID[d.ID] = d
	}
	return byID
}
