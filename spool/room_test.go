package spool

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/peba-edge/peba/internal/rings"
	"github.com/peba-edge/peba/sqlitedb"
)

// takes returns what all files in the folder take.
func takes(t *testing.T, dir string) (n int64) {
	t.Helper()
	must(t, filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil // just removed
		}
		if err == nil {
			n += info.Size()
		}
		return err
	}))
	return n
}

// fill appends until the spool is full.
func fill(t *testing.T, s *testSpool, size int) (accepted int, full error) {
	t.Helper()
	data := make([]byte, size)
	for ; accepted < 100_000; accepted++ {
		if err := s.Append(t.Context(), data); err != nil {
			return accepted, err
		}
	}
	t.Fatal("the spool never is full")
	return 0, nil
}

func TestMaxSize(t *testing.T) {
	const most = 2 << 20
	for _, size := range []int{1_000, 10_000, 100_000} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			if size < 10_000 {
				rings.Outer(t, "ten seconds")
			}
			dir := t.TempDir()
			s := openTest(t, dir, Options{MaxSize: most})
			accepted, err := fill(t, s, size)
			if !errors.Is(err, ErrFull) || !strings.Contains(err.Error(), fmt.Sprint(most)) || !strings.Contains(err.Error(), dir) {
				t.Errorf("error is %v, want ErrFull with folder and numbers", err)
			}
			if n := takes(t, dir); n > most || n < most/2 {
				t.Errorf("files take %d bytes, want at most %d", n, most)
			}
			if st := s.Stats(); st.Frames != int64(accepted) {
				t.Errorf("%d frames wait, %d were accepted", st.Frames, accepted)
			}
			for range 2 {
				if n := len(s.drain()); n != accepted {
					t.Errorf("%d frames were delivered, %d accepted", n, accepted)
				}
				if accepted, err = fill(t, s, size); !errors.Is(err, ErrFull) || accepted < 3 {
					t.Errorf("after delivery %d frames found room: %v", accepted, err)
				}
			}
			if n := takes(t, dir); n > most {
				t.Errorf("files take %d bytes, want at most %d", n, most)
			}
		})
	}
}

// TestLeastSize delivers each frame at once, many times: the file that tells what is
// delivered does not take the room of frames.
func TestLeastSize(t *testing.T) {
	rings.Outer(t, "seven seconds")
	dir := t.TempDir()
	s := openTest(t, dir, Options{MaxSize: minSize})
	for i := range 300 {
		if err := s.Append(t.Context(), make([]byte, 1000)); err != nil {
			t.Fatalf("frame %d: %v", i, err)
		}
		s.drain()
	}
	if n := takes(t, dir); n > minSize/2 {
		t.Errorf("files of an empty spool take %d bytes of %d", n, minSize)
	}
}

// TestMaxSizeAtOnce has the room run out among several.
func TestMaxSizeAtOnce(t *testing.T) {
	const most = 4 << 20
	dir := t.TempDir()
	s := openTest(t, dir, Options{MaxSize: most})
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if _, err := fill(t, s, 20_000); !errors.Is(err, ErrFull) {
				t.Errorf("error is %v, want %v", err, ErrFull)
			}
			if n := takes(t, dir); n > most {
				t.Errorf("files take %d bytes, want at most %d", n, most)
			}
		})
	}
	all.Wait()
	if s.pendingBytes() != 0 {
		t.Error("room is promised to nobody")
	}
}

func TestReserve(t *testing.T) {
	dir := t.TempDir()
	free, err := sqlitedb.FreeBytes(dir)
	must(t, err)
	s := openTest(t, dir, Options{Reserve: free * 2})
	if err := s.Append(t.Context(), []byte("a")); !errors.Is(err, ErrFull) || !strings.Contains(err.Error(), fmt.Sprint(free*2)) {
		t.Errorf("error is %v, want ErrFull and the reserve", err)
	}
	s.close()
	s = openTest(t, dir, Options{Reserve: free / 2})
	s.append("b")
	s.want(s.take(Oldest, 10), "b")
}

// TestFullDisk lets SQLite run out of pages in the active segment.
func TestFullDisk(t *testing.T) {
	s := openTest(t, t.TempDir(), Options{})
	s.append("a")
	limit := func(pages string) {
		must(t, s.writer.conn.Exec(context.Background(), "PRAGMA max_page_count = "+pages)) // the writer rests
	}
	limit("1") // SQLite takes the number of pages there are
	big := strings.Repeat("x", 100_000)
	for range 2 {
		if err := s.Append(t.Context(), []byte(big)); !errors.Is(err, ErrFull) || !strings.Contains(err.Error(), s.dir) {
			t.Errorf("error is %v, want ErrFull and the folder", err)
		}
	}
	if st := s.Stats(); st.Frames != 1 || st.Bytes != 1 {
		t.Errorf("stats are %+v, want one frame", st)
	}
	limit("1000000")
	s.append(big, "b")
	s.want(s.take(Oldest, 1<<20), "a", big, "b")
}

// TestNoRoomForAFile makes the next segment's file impossible.
func TestNoRoomForAFile(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, dir, Options{SegmentSize: minSegment})
	s.append("a", strings.Repeat("x", minSegment))
	moved := dir + ".moved"
	must(t, os.Rename(dir, moved))
	if err := s.Append(t.Context(), []byte("lost")); err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("error is %v, want one that names the folder", err)
	}
	must(t, os.Rename(moved, dir))
	s.pass(longestGap)
	s.takeReports()
	s.append("b")
	s.want(s.take(Oldest, 1), "a")
	s.take(Oldest, 1)
	s.want(s.take(Oldest, 1), "b")
}

func TestOptions(t *testing.T) {
	for _, o := range []Options{{MaxSize: 5}, {MaxSize: -1}, {Reserve: -1}, {SegmentSize: 1}, {SegmentSize: -1}} {
		if s, err := Open(t.Context(), t.TempDir(), o); err == nil || !strings.Contains(err.Error(), "must be") {
			t.Errorf("%+v: error is %v", o, err)
			if s != nil {
				must(t, s.Close())
			}
		}
	}
	s := openTest(t, t.TempDir(), Options{})
	if err := s.Append(t.Context(), nil); err == nil {
		t.Error("an empty frame is accepted")
	}
	if _, err := s.Take(t.Context(), 2, 1); err == nil {
		t.Error("there is a third lane")
	}
}
