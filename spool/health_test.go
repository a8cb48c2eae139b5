package spool

import (
	"errors"
	"testing"
	"time"
)

// TestErr is an error from a message that was not accepted until the next one is,
// or one like it could be written.
func TestErr(t *testing.T) {
	for name, recover := range map[string]func(s *testSpool){
		"next message": func(s *testSpool) { s.append("b") },
		"probe":        func(s *testSpool) { s.pass(2 * probeEvery) },
	} {
		t.Run(name, func(t *testing.T) {
			s := openTest(t, t.TempDir(), Options{})
			s.append("a")
			s.failCommit()
			if err := s.Append(t.Context(), make([]byte, 300_000)); !errors.Is(err, errSync) {
				t.Fatalf("error is %v, expected %v", err, errSync)
			}
			must(t, s.Room(1))
			must(t, s.Room(300_000))
			s.pass(time.Second)
			if err := s.Err(); !errors.Is(err, errSync) {
				t.Errorf("Err is %v, expected %v", err, errSync)
			}
			recover(s)
			must(t, s.Err())
		})
	}
}

// TestErrWhileFull lasts until there is room for a message of that size.
func TestErrWhileFull(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, dir, Options{MaxSize: 2 << 20})
	accepted := 0
	for more := 1; more > 0; accepted += more { // what is sealed takes less
		more, _ = fill(t, s, 100_000)
		s.pass(time.Minute)
	}
	if err := s.Err(); !errors.Is(err, ErrFull) {
		t.Errorf("Err is %v, expected %v", err, ErrFull)
	}
	if n := len(s.drain()); n != accepted {
		t.Errorf("%d frames are delivered, %d were accepted", n, accepted)
	}
	s.pass(time.Minute)
	must(t, s.Err())
	if names := filesIn(t, dir); len(names) > 3 {
		t.Errorf("files are %v: the probe has left some", names)
	}
}
