package spool

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/peba-edge/peba/sqlitedb"
)

func removeAll(names ...string) error {
	var errs []error
	for _, name := range names {
		errs = append(errs, os.Remove(name))
	}
	return errors.Join(errs...)
}

// replaceByCopy puts a copy in the place of a file.
func replaceByCopy(path string) error {
	b, err := os.ReadFile(path)
	return errors.Join(err, os.WriteFile(path+".copy", b, 0o600), os.Rename(path+".copy", path))
}

// TestActiveSegmentVanishes has somebody delete, move or replace files of the
// segment that is being written. Nothing that was accepted is lost.
func TestActiveSegmentVanishes(t *testing.T) {
	for name, harm := range map[string]func(path string) error{
		"all deleted":   func(path string) error { return removeAll(sqlitedb.Files(path)...) },
		"file deleted":  os.Remove,
		"log deleted":   func(path string) error { return os.Remove(path + "-wal") },
		"index deleted": func(path string) error { return os.Remove(path + "-shm") },
		"file moved":    func(path string) error { return os.Rename(path, path+".moved") },
		"log moved":     func(path string) error { return os.Rename(path+"-wal", path+".moved") },
		"file replaced": replaceByCopy,
		"log replaced":  func(path string) error { return replaceByCopy(path + "-wal") },
		"replaced by junk": func(path string) error {
			return errors.Join(os.Remove(path), os.WriteFile(path, []byte("junk"), 0o600))
		},
	} {
		for _, then := range []string{"append", "nothing", "close"} {
			t.Run(name+", then "+then, func(t *testing.T) {
				dir := t.TempDir()
				s := openTest(t, dir, Options{})
				s.append("a", "b", "c")
				out := s.take(Oldest, 1)
				must(t, s.Done(s.take(Oldest, 1)))
				must(t, harm(s.active().path))
				want := []string{"!a", "!c"}
				switch then {
				case "append":
					s.append("d")
					want = append(want, "!d")
				case "nothing":
					s.look()
				}
				s.Return(out)
				s.close()
				s.wantReport("replaced while open", "restored")
				s.takeReports()
				s = openTest(t, dir, Options{})
				got := s.drain()
				if then == "append" && len(got) == 4 { // the group that failed may be in both files
					want = append(want, "!d")
				}
				s.want(got, want...)
			})
		}
	}
}

// TestVanishedSegmentIsRead has no room to write it again: it is read as long as
// the process runs.
func TestVanishedSegmentIsRead(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "spool")
	s := openTest(t, dir, Options{})
	s.append("a", "b")
	must(t, os.Rename(dir, dir+".moved"))
	for range 2 {
		if err := s.Append(t.Context(), []byte("c")); !errors.Is(err, sqlitedb.ErrReplaced) {
			t.Errorf("error is %v, expected %v", err, sqlitedb.ErrReplaced)
		}
	}
	s.pass(2 * patience)
	if s.Err() == nil || s.Trouble() == nil {
		t.Errorf("Err is %v, Trouble is %v: expected errors", s.Err(), s.Trouble())
	}
	s.want(s.take(Oldest, 1), "a")
	must(t, os.Rename(dir+".moved", dir))
	s.pass(2 * longestGap)
	s.append("d")
	if err := errors.Join(s.Err(), s.Trouble()); err != nil {
		t.Errorf("after the folder was moved back: %v", err)
	}
	s.want(s.drain(), "b", "d")
	s.wantReport("exist only while this process runs")
	s.takeReports()
	s.close()
	s = openTest(t, dir, Options{})
	s.want(s.drain(), "!a")
}

// TestTruncatedLog finds a log that was cut between two commits, although the
// next commit makes it as long again. What was cut is lost, and counted.
func TestTruncatedLog(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, dir, Options{})
	s.append("a", "b")
	must(t, os.Truncate(s.active().path+"-wal", 0))
	s.append("c")
	s.passMinutes()
	got := s.drain()
	if len(got) == 0 || string(got[len(got)-1].Data) != "c" {
		t.Errorf("frames are %v, expected that c is the last", got)
	}
	if st := s.Stats(); st.Lost+int64(len(got)) != 3 {
		t.Errorf("%d frames are lost and %d delivered, expected 3 together", st.Lost, len(got))
	}
	s.wantReport("was truncated")
	s.takeReports()
}

// TestSealedSegmentDeleted reports it at once, and counts what is lost.
func TestSealedSegmentDeleted(t *testing.T) {
	dir := t.TempDir()
	path, inFirst, all := twoSegments(t, dir)
	s := openTest(t, dir, Options{})
	must(t, os.Rename(path, path+".moved"))
	s.look()
	if err := s.Trouble(); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("trouble is %v, expected an error that names the file", err)
	}
	s.wantReport("put it back")
	if st := s.Stats(); st.Unreadable != int64(inFirst) || st.Lost != 0 || st.Frames != int64(all) {
		t.Errorf("stats are %+v, expected %d unreadable frames of %d", st, inFirst, all)
	}
	must(t, os.Rename(path+".moved", path))
	s.pass(longestGap)
	if st := s.Stats(); st.Unreadable != 0 || s.Trouble() != nil {
		t.Errorf("stats are %+v, trouble is %v: the file is there again", st, s.Trouble())
	}
	must(t, os.Remove(path))
	s.passMinutes()
	if st := s.Stats(); st.Lost != int64(inFirst) || st.Frames != int64(all-inFirst) || s.Trouble() != nil {
		t.Errorf("stats are %+v, trouble is %v: expected that %d are lost", st, s.Trouble(), inFirst)
	}
	s.wantReport("gave up")
	s.takeReports()
	if got := numbers(t, s.drain()); len(got) != all-inFirst {
		t.Errorf("%d frames are delivered, expected %d", len(got), all-inFirst)
	}
	if names := filesIn(t, dir); strings.Contains(strings.Join(names, " "), setAside) {
		t.Errorf("files are %v: nothing is there to be set aside", names)
	}
}

// TestSealedSegmentDeletedWhileRead is rescued by the lane that has it open.
func TestSealedSegmentDeletedWhileRead(t *testing.T) {
	dir := t.TempDir()
	path, _, all := twoSegments(t, dir)
	s := openTest(t, dir, Options{})
	must(t, s.Done(s.take(Oldest, 1)))
	must(t, os.Remove(path))
	s.look()
	s.wantReport("restored")
	if got := numbers(t, s.drain()); len(got) != all-1 {
		t.Errorf("%d frames are delivered, expected %d", len(got), all-1)
	}
}

func TestLockDeleted(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, dir, Options{})
	s.append("a")
	must(t, os.Remove(filepath.Join(dir, lockFile)))
	s.look()
	s.wantReport(lockFile, "locked again")
	said, err := child(t, "open", dir).Output()
	must(t, err)
	if !strings.Contains(string(said), "another process has it open") {
		t.Errorf("the second process says %q", said)
	}
	s.append("b")
}

// TestLockTaken has another process lock the folder after the lock was deleted:
// nothing is accepted while two would write.
func TestLockTaken(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, dir, Options{})
	s.append("a")
	must(t, os.Remove(filepath.Join(dir, lockFile)))
	other, err := sqlitedb.Lock(t.Context(), filepath.Join(dir, lockFile))
	must(t, err)
	for range 3 {
		if err := s.Append(t.Context(), []byte("b")); !errors.Is(err, sqlitedb.ErrReplaced) {
			t.Errorf("error is %v, expected %v", err, sqlitedb.ErrReplaced)
		}
	}
	if s.Err() == nil || s.FailedCommits()[sqlitedb.CauseReplaced] != 3 {
		t.Errorf("Err is %v, failed commits are %v", s.Err(), s.FailedCommits())
	}
	must(t, other.Close())
	s.pass(longestGap)
	if err := s.Err(); err != nil {
		t.Errorf("Err is %v although the lock is free", err)
	}
	s.append("c")
	s.want(s.drain(), "a", "c")
	s.takeReports()
}

// TestProgressDeleted must not forget what is done.
func TestProgressDeleted(t *testing.T) {
	for name, harm := range map[string]func(path string) error{
		"deleted":     func(path string) error { return removeAll(sqlitedb.Files(path)...) },
		"moved":       func(path string) error { return os.Rename(path, path+".moved") },
		"log deleted": func(path string) error { return os.Remove(path + "-wal") },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := openTest(t, dir, Options{})
			s.append("a", "b", "c")
			must(t, s.Done(s.take(Oldest, 1)))
			must(t, harm(filepath.Join(dir, progressFile)))
			s.look()
			must(t, s.Done(s.take(Oldest, 1)))
			s.wantReport(progressFile, "created again")
			s.close()
			s = openTest(t, dir, Options{})
			s.want(s.drain(), "!c")
		})
	}
}

// TestSegmentMissingAtOpen reports what was in a file that is gone.
func TestSegmentMissingAtOpen(t *testing.T) {
	dir := t.TempDir()
	path, inFirst, _ := twoSegments(t, dir)
	must(t, os.Remove(path))
	s := openTest(t, dir, Options{})
	s.wantReport(filepath.Base(path), "missing")
	if st := s.Stats(); st.Lost != int64(inFirst) {
		t.Errorf("%d frames are lost, expected %d", st.Lost, inFirst)
	}
}
