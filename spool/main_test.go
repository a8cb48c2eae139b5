package spool

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/peba-edge/peba/sqlitedb"
)

// childTask is the environment variable that makes this binary a helper
// process of a test; the argument is the folder.
const childTask = "PEBA_SPOOL_TEST_CHILD"

func TestMain(m *testing.M) {
	switch os.Getenv(childTask) {
	case "":
		os.Exit(m.Run())
	case "open": // tells how opening went
		_, err := Open(context.Background(), os.Args[1], Options{})
		fmt.Println(err)
	case "drain":
		if err := drainAll(os.Args[1]); err != nil {
			fmt.Println(err)
		}
	case "work":
		workForEver(os.Args[1])
	}
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// testSpool is a spool with what it reported.
type testSpool struct {
	*Spool
	t testing.TB

	mu      sync.Mutex
	reports []string

	later atomic.Int64 // how far its clock is ahead, a time.Duration
}

// look has the spool look after its files.
func (s *testSpool) look() {
	s.sealing.Wait() // a segment that was left a moment ago
	s.tend(context.Background())
}

// pass lets so much time pass, in which the spool looks after its files.
func (s *testSpool) pass(all time.Duration) {
	for left := all; left > 0; left -= longestGap {
		s.later.Add(int64(min(left, longestGap)))
		s.look()
	}
}

// passMinutes lets enough time pass for what is damaged to be given up.
func (s *testSpool) passMinutes() { s.pass(3 * patience) }

// openTest opens a spool that is closed at the end; what it reports and no test
// takes is an error.
func openTest(t testing.TB, dir string, o Options) *testSpool {
	t.Helper()
	s := &testSpool{t: t}
	o.Report = func(path string, err error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.reports = append(s.reports, fmt.Sprintf("%s: %v", filepath.Base(path), err))
		if !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrUnreadable) && !errors.Is(err, sqlitedb.ErrReplaced) {
			t.Errorf("reported of %s: %v", path, err)
		}
	}
	o.tick = time.Hour // tests call look
	o.now = func() time.Time { return time.Now().Add(time.Duration(s.later.Load())) }
	var err error
	s.Spool, err = Open(context.Background(), dir, o)
	must(t, err)
	t.Cleanup(func() {
		s.close()
		for _, r := range s.takeReports() {
			t.Errorf("reported: %s", r)
		}
	})
	return s
}

func (s *testSpool) close() {
	s.t.Helper()
	must(s.t, s.Close())
}

func (s *testSpool) takeReports() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.reports
	s.reports = nil
	return r
}

// wantReport takes the reports, of which one must hold all words.
func (s *testSpool) wantReport(words ...string) {
	s.t.Helper()
	reports := s.takeReports()
	for _, r := range reports {
		found := true
		for _, w := range words {
			found = found && strings.Contains(r, w)
		}
		if found {
			return
		}
	}
	s.t.Errorf("reported is %q, want one with %q", reports, words)
}

// append appends texts one after the other.
func (s *testSpool) append(texts ...string) {
	s.t.Helper()
	for _, text := range texts {
		must(s.t, s.Append(context.Background(), []byte(text)))
	}
}

// take takes frames that must be there.
func (s *testSpool) take(from Lane, maxBytes int) []Frame {
	s.t.Helper()
	if s.nothing(from) {
		s.t.Fatalf("nothing waits in lane %d", from)
	}
	frames, err := s.Take(context.Background(), from, maxBytes)
	must(s.t, err)
	return frames
}

// nothing tells whether Take would wait.
func (s *testSpool) nothing(from Lane) bool {
	s.Spool.mu.Lock()
	defer s.Spool.mu.Unlock()
	_, g := s.nextWaiting(from, 0)
	return g == nil
}

// drain takes and finishes all that waits.
func (s *testSpool) drain() (all []Frame) {
	s.t.Helper()
	for !s.nothing(Oldest) {
		frames, _ := s.takeNow(Oldest, 1<<20)
		all = append(all, frames...)
		must(s.t, s.Done(frames))
	}
	return all
}

// want compares the frames' texts; a ! before a text says that it was tried.
func (s *testSpool) want(frames []Frame, texts ...string) {
	s.t.Helper()
	got := make([]string, len(frames))
	for i, f := range frames {
		got[i] = string(f.Data)
		if f.Tried {
			got[i] = "!" + got[i]
		}
		if i > 0 && f.ID <= frames[i-1].ID {
			s.t.Errorf("frame %d comes after %d", f.ID, frames[i-1].ID)
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(texts) {
		s.t.Errorf("frames are %v, want %v", got, texts)
	}
}

// filesIn lists what is in the folder beside what is always there.
func filesIn(t testing.TB, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	must(t, err)
	for _, e := range entries {
		if name := e.Name(); !strings.HasPrefix(name, progressFile) && !strings.HasPrefix(name, lockFile) {
			names = append(names, name)
		}
	}
	return names
}
