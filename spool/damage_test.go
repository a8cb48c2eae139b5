package spool

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// twoSegments leaves a closed spool with two segments of frames, of 2000 bytes
// each, and returns the path of the first and how many frames it has.
func twoSegments(t *testing.T, dir string) (path string, inFirst, all int) {
	t.Helper()
	s := openTest(t, dir, Options{SegmentSize: 8 * minSegment})
	for len(s.segments) < 2 {
		s.append(frameText(all))
		all++
		s.Spool.mu.Lock()
		if len(s.segments) < 2 {
			inFirst = all
		}
		s.Spool.mu.Unlock()
	}
	for range 5 {
		s.append(frameText(all))
		all++
	}
	path = s.segments[0].path
	s.close()
	return path, inFirst, all
}

func frameText(n int) string { return fmt.Sprintf("%04d%s", n, strings.Repeat("x", 1996)) }

// numbers checks that frames are what was appended, and returns their numbers.
func numbers(t *testing.T, frames []Frame) (got []int) {
	t.Helper()
	for _, f := range frames {
		n, err := strconv.Atoi(string(f.Data[:4]))
		must(t, err)
		if string(f.Data) != frameText(n) {
			t.Errorf("a damaged frame is delivered: %.20q", f.Data)
		}
		got = append(got, n)
	}
	return got
}

// overwrite changes a file's bytes.
func overwrite(t *testing.T, path string, change func(b []byte) []byte) {
	t.Helper()
	b, err := os.ReadFile(path)
	must(t, err)
	must(t, os.WriteFile(path, change(b), 0o600))
}

// flip flips a bit of every copy of a frame.
func flip(text string) func([]byte) []byte {
	return func(b []byte) []byte { return bytes.ReplaceAll(b, []byte(text), []byte(text[:4]+"|"+text[5:])) }
}

func TestDamage(t *testing.T) {
	tests := []struct {
		name   string
		change func(b []byte) []byte
		lost   int // at most
	}{
		{"a bit of a frame", flip("0003xxx"), 1},
		{"a bit of the last frame", flip("%last%"), 1},
		{"the header", func(b []byte) []byte { clear(b[:100]); return b }, 0},
		{"zeros in the midst", func(b []byte) []byte { clear(b[len(b)/2 : len(b)/2+9000]); return b }, 8},
		{"32 bytes of the root", func(b []byte) []byte { clear(b[4096 : 4096+32]); return b }, 0},
		{"zeros from page 2 on", func(b []byte) []byte { clear(b[4096:]); return b }, 1000},
		{"cut in the midst", func(b []byte) []byte { return b[:len(b)/2+17] }, 1000},
		{"cut to nothing", func([]byte) []byte { return nil }, 1000},
		{"another file", func(b []byte) []byte { return bytes.Repeat([]byte("junk "), 5000) }, 1000},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			path, inFirst, all := twoSegments(t, dir)
			if strings.Contains(test.name, "last") {
				test.change = flip(fmt.Sprintf("%04dxxx", inFirst-1))
			}
			overwrite(t, path, test.change)
			s := openTest(t, dir, Options{})
			s.append(frameText(all))
			got := numbers(t, s.drain())
			s.passMinutes()
			got = append(got, numbers(t, s.drain())...)
			slices.Sort(got)
			if len(slices.Compact(slices.Clone(got))) != len(got) {
				t.Errorf("frames %v are delivered, some twice", got)
			}
			if len(got) < all+1-test.lost || len(got) > all+1 {
				t.Errorf("%d frames of %d are delivered, expected all but at most %d", len(got), all+1, test.lost)
			}
			for n := inFirst; n <= all; n++ {
				if !slices.Contains(got, n) {
					t.Errorf("frame %d of a sound segment is missing", n)
				}
			}
			s.wantReport(filepath.Base(path), "damaged")
			if names := filesIn(t, dir); !slices.Contains(names, filepath.Base(path)+setAside) || slices.Contains(names, filepath.Base(path)) {
				t.Errorf("files are %v, want the damaged one set aside", names)
			}
			if st := s.Stats(); st.Frames != 0 || st.Bytes != 0 {
				t.Errorf("stats are %+v, want nothing", st)
			}
			s.close()
			s = openTest(t, dir, Options{}) // and reports nothing more
			s.append("a")
			s.want(s.drain(), "a")
		})
	}
}

// TestDamagedLog has the log of a killed process with changed bytes.
func TestDamagedLog(t *testing.T) {
	for name, change := range map[string]func(b []byte) []byte{
		"a bit":  flip("0003xxx"),
		"zeros":  func(b []byte) []byte { clear(b[len(b)/2 : len(b)/2+9000]); return b },
		"header": func(b []byte) []byte { clear(b[:20]); return b },
	} {
		t.Run(name, func(t *testing.T) {
			live, dir := t.TempDir(), t.TempDir()
			s := openTest(t, live, Options{})
			const all = 60
			for n := range all {
				s.append(frameText(n))
			}
			var path string
			for _, from := range filesIn(t, live) { // as a kill would leave them
				b, err := os.ReadFile(filepath.Join(live, from))
				must(t, err)
				must(t, os.WriteFile(filepath.Join(dir, from), b, 0o600))
				if strings.HasSuffix(from, "-wal") {
					path = filepath.Join(dir, from)
				}
			}
			overwrite(t, path, change)
			s = openTest(t, dir, Options{})
			got := numbers(t, s.drain())
			s.passMinutes()
			got = append(got, numbers(t, s.drain())...)
			s.wantReport("damaged")
			if len(got) < all-12 || slices.Contains(got, 3) != (name != "a bit") {
				t.Errorf("%d frames of %d are delivered, want all but a few: %v", len(got), all, got)
			}
			s.takeReports()
			s.append("a")
			s.want(s.drain(), "a")
		})
	}
}

// TestDamagedProgress must not take a frame for done.
func TestDamagedProgress(t *testing.T) {
	for name, change := range map[string]func(b []byte) []byte{
		"row":  func(b []byte) []byte { b[len(b)-3] ^= 1; return b },
		"file": func([]byte) []byte { return []byte("no database at all") },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := openTest(t, dir, Options{})
			s.append("a", "b", "c")
			must(t, s.Done(s.take(Oldest, 1)))
			s.close()
			overwrite(t, filepath.Join(dir, progressFile), change)
			s = openTest(t, dir, Options{})
			s.wantReport(progressFile, "damaged")
			s.want(s.drain(), "!a", "!b", "!c")
		})
	}
}
