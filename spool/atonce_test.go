package spool

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// TestAtOnce has many appenders, takers that fail now and then, and all that
// was appended delivered once.
func TestAtOnce(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, dir, Options{SegmentSize: minSegment})
	const appenders, each = 8, 150
	var appending, taking sync.WaitGroup
	for a := range appenders {
		appending.Go(func() {
			for n := range each {
				s.append(fmt.Sprintf("%d/%d %s", a, n, strings.Repeat("x", n*7)))
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	var mu sync.Mutex
	delivered := map[string]int{}
	for taker := range 4 {
		taking.Go(func() {
			for n := 0; ; n++ {
				frames, err := s.Take(ctx, Lane(taker%2), 4000)
				if err != nil {
					return
				}
				if n%3 == 0 {
					s.Return(frames)
					continue
				}
				mu.Lock()
				for _, f := range frames {
					delivered[strings.Fields(string(f.Data))[0]]++
				}
				mu.Unlock()
				if err := s.Done(frames); err != nil {
					t.Error(err)
				}
				s.Stats()
			}
		})
	}
	appending.Wait()
	must(t, s.WaitEmpty(t.Context()))
	cancel()
	taking.Wait()
	if len(delivered) != appenders*each {
		t.Errorf("%d frames were delivered, want %d", len(delivered), appenders*each)
	}
	for name, n := range delivered {
		if n != 1 {
			t.Errorf("frame %s was delivered %d times", name, n)
		}
	}
	s.close()
	if names := filesIn(t, dir); len(names) > 0 {
		t.Errorf("all is done and %v are left", names)
	}
}

// TestAppendsShareACommit holds the writer while frames gather.
func TestAppendsShareACommit(t *testing.T) {
	s := openTest(t, t.TempDir(), Options{})
	s.append("first")
	release := holdWriter(t, s)
	results := make(chan error)
	const n = 20
	for i := range n {
		go func() { results <- s.Append(t.Context(), []byte(fmt.Sprint(i))) }()
	}
	waitForAppends(s, n)
	ctx, cancel := context.WithCancel(t.Context())
	leaver := make(chan error)
	go func() { leaver <- s.Append(ctx, []byte("leaver")) }()
	waitForAppends(s, n+1)
	cancel()
	if err := <-leaver; !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v, want %v", err, context.Canceled)
	}
	release()
	for range n {
		must(t, <-results)
	}
	appended := map[int64]bool{}
	s.take(Oldest, 5)
	for range n + 1 {
		s.take(Oldest, 1)
	}
	s.Spool.mu.Lock()
	defer s.Spool.mu.Unlock()
	for _, f := range s.out {
		appended[f.appended] = true
	}
	if len(s.out) != n+2 || len(appended) != 3 { // first, the one that is held, and all others
		t.Errorf("%d frames have %d times of append, want %d of 3 commits", len(s.out), len(appended), n+2)
	}
}

// holdWriter keeps the writer from committing until release is called: it needs
// the file, that another connection has locked.
func holdWriter(t *testing.T, s *testSpool) (release func()) {
	t.Helper()
	r, err := openReader(t.Context(), s.active())
	must(t, err)
	must(t, r.conn.Exec(t.Context(), "PRAGMA query_only = 0; BEGIN IMMEDIATE"))
	blocked := make(chan error)
	go func() { blocked <- s.Append(context.Background(), []byte("blocked")) }()
	for s.queue.Len() > 0 || s.pendingBytes() == 0 {
		runtime.Gosched()
	}
	return func() {
		must(t, r.conn.Exec(context.Background(), "ROLLBACK"))
		must(t, r.conn.Close())
		must(t, <-blocked)
	}
}

func (s *testSpool) active() *segment {
	s.Spool.mu.Lock()
	defer s.Spool.mu.Unlock()
	return s.segments[len(s.segments)-1]
}

func (s *testSpool) pendingBytes() int64 {
	s.Spool.mu.Lock()
	defer s.Spool.mu.Unlock()
	return s.pending
}

func waitForAppends(s *testSpool, n int) {
	for s.queue.Len() < n {
		runtime.Gosched()
	}
}
