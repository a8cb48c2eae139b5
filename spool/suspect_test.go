package spool

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// failWhile makes a file unreadable, and returns what makes it intact again.
var failWhile = map[string]func(t *testing.T, path string) (repair func()){
	"the header": func(t *testing.T, path string) func() { return changed(t, path, 0, 100) },
	"a few pages": func(t *testing.T, path string) func() {
		return changed(t, path, 10*pageSize, 8*pageSize)
	},
	"all of it": func(t *testing.T, path string) func() { return changed(t, path, 0, 1<<20) },
	"no file": func(t *testing.T, path string) func() {
		must(t, os.Rename(path, path+".moved"))
		return func() { must(t, os.Rename(path+".moved", path)) }
	},
	"cannot be opened": func(t *testing.T, path string) func() {
		must(t, os.Rename(path, path+".moved"))
		must(t, os.Mkdir(path, 0o700))
		return func() { must(t, errors.Join(os.Remove(path), os.Rename(path+".moved", path))) }
	},
}

// changed overwrites a part of a file.
func changed(t *testing.T, path string, at, n int) func() {
	t.Helper()
	before, err := os.ReadFile(path)
	must(t, err)
	overwrite(t, path, func(b []byte) []byte { clear(b[at:min(at+n, len(b))]); return b })
	return func() { must(t, os.WriteFile(path, before, 0o600)) }
}

// TestReadErrorPasses has reads fail for half a minute: what can be read is handed
// out, and the rest when it can be read again. Nothing is given up.
func TestReadErrorPasses(t *testing.T) {
	for name, fail := range failWhile {
		for _, when := range []string{"open", "found at Open"} {
			if name == "no file" && when != "open" {
				continue // nobody knows that it will be back
			}
			t.Run(name+", "+when, func(t *testing.T) {
				dir := t.TempDir()
				path, _, all := twoSegments(t, dir)
				var s *testSpool
				if when == "open" {
					s = openTest(t, dir, Options{})
				}
				repair := fail(t, path)
				if s == nil {
					s = openTest(t, dir, Options{})
				}
				got := numbers(t, s.drain())
				if len(got) == 0 || len(got) == all {
					t.Fatalf("%d frames of %d are delivered while some cannot be read", len(got), all)
				}
				s.pass(30 * time.Second)
				if s.Trouble() == nil {
					t.Error("there is no trouble")
				}
				s.append(frameText(all))
				got = append(got, numbers(t, s.drain())...)
				if got[len(got)-1] != all {
					t.Error("what was appended meanwhile waits behind it")
				}
				repair()
				s.pass(3 * longestGap)
				got = append(got, numbers(t, s.drain())...)
				slices.Sort(got)
				if len(got) != all+1 || len(slices.Compact(got)) != all+1 {
					t.Errorf("%d frames are delivered, expected %d", len(got), all+1)
				}
				if st := s.Stats(); st.Lost != 0 || st.Unreadable != 0 || st.Frames != 0 {
					t.Errorf("stats are %+v, expected nothing", st)
				}
				if err := s.Trouble(); err != nil {
					t.Errorf("trouble is %v", err)
				}
				s.takeReports()
				if names := filesIn(t, dir); strings.Contains(strings.Join(names, " "), setAside) {
					t.Errorf("files are %v: none is damaged", names)
				}
			})
		}
	}
}

// TestNotOpenedIsNoDamage never gives up a file of which it is only known that
// this process cannot open it.
func TestNotOpenedIsNoDamage(t *testing.T) {
	dir := t.TempDir()
	path, inFirst, all := twoSegments(t, dir)
	s := openTest(t, dir, Options{})
	repair := failWhile["cannot be opened"](t, path)
	if got := len(s.drain()); got != all-inFirst {
		t.Errorf("%d frames are delivered, expected %d", got, all-inFirst)
	}
	s.pass(10 * patience)
	repair()
	s.pass(2 * longestGap)
	if got := len(s.drain()); got != inFirst {
		t.Errorf("%d frames are delivered, expected %d", got, inFirst)
	}
	s.takeReports()
}

// TestGivenUp takes more than a minute, of which the first 59 seconds give
// nothing up; then what the damage has not hit is found by its pages.
func TestGivenUp(t *testing.T) {
	dir := t.TempDir()
	path, _, all := twoSegments(t, dir)
	s := openTest(t, dir, Options{})
	changed(t, path, pageSize, 32) // of the root: SQLite finds none of its frames
	got := len(s.drain())
	for range 55 {
		s.pass(time.Second)
		if st := s.Stats(); st.Lost+st.Recovered > 0 {
			t.Fatalf("stats are %+v before the minute is over", st)
		}
	}
	s.passMinutes()
	if st := s.Stats(); st.Lost != 0 || int(st.Recovered)+got != all {
		t.Errorf("stats are %+v, expected all %d but %d recovered", st, all, got)
	}
	for _, f := range s.drain() {
		got++
		if !f.Tried {
			t.Errorf("frame %d does not say that it may have been sent", f.ID)
		}
	}
	if got != all {
		t.Errorf("%d frames are delivered, expected %d", got, all)
	}
	s.takeReports()
	files, err := s.SetAside()
	if err != nil || len(files) != 1 || files[0].Path != path+setAside || files[0].Size == 0 {
		t.Errorf("set aside is %v (%v), expected %s", files, err, path+setAside)
	}
}
