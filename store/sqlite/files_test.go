package sqlite

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/peba-edge/peba/sqlitedb"
	"github.com/peba-edge/peba/store"
)

// forEachFile does something with the database's files that exist.
func forEachFile(path string, do func(name string) error) error {
	var errs []error
	for _, name := range sqlitedb.Files(path) {
		if _, err := os.Stat(name); err == nil {
			errs = append(errs, do(name))
		}
	}
	return errors.Join(errs...)
}

func moveTo(dir string) func(string) error {
	return func(name string) error { return os.Rename(name, filepath.Join(dir, filepath.Base(name))) }
}

// backup makes a store with some alerts of its own, and copies its files to path
// as they are after a crash: with a log.
func backup(t *testing.T, path string, records int) {
	t.Helper()
	from := emptyPath(t)
	s := openTest(t, from, store.Options{})
	must(t, s.Put(t.Context(), message(99, records)))
	must(t, forEachFile(from, func(name string) error { return copyFile(name, path+strings.TrimPrefix(name, from)) }))
}

// copyFile makes a file of that name by renaming, as careful tools do.
func copyFile(from, to string) error {
	content, err := os.ReadFile(from)
	return errors.Join(err, os.WriteFile(to+".copy", content, 0o600), os.Rename(to+".copy", to))
}

// TestFilesAreLost does to the files of an open store what people do. The first
// message after it must not be answered OK unless it is in the file at the path,
// nor may a question be answered.
func TestFilesAreLost(t *testing.T) {
	tests := []struct {
		name  string
		lose  func(t *testing.T, path string) error
		heals bool  // by itself
		found int64 // alerts found after a restart; -1: it refuses to start
	}{
		{"all deleted", func(_ *testing.T, path string) error { return forEachFile(path, os.Remove) }, false, -1},
		{"all deleted with the lock", func(_ *testing.T, path string) error {
			return errors.Join(forEachFile(path, os.Remove), os.Remove(path+".lock"))
		}, false, 0},
		{"database deleted", func(_ *testing.T, path string) error { return os.Remove(path) }, false, -1},
		{"database moved", func(t *testing.T, path string) error { return moveTo(t.TempDir())(path) }, false, -1},
		{"log deleted", func(_ *testing.T, path string) error { return os.Remove(path + "-wal") }, true, 80},
		{"log and index deleted", func(_ *testing.T, path string) error {
			return errors.Join(os.Remove(path+"-wal"), os.Remove(path+"-shm"))
		}, true, 80},
		{"index of the log deleted", func(_ *testing.T, path string) error { return os.Remove(path + "-shm") }, true, 80},
		{"backup with a log in their place", func(t *testing.T, path string) error { backup(t, path, 7); return nil }, false, 7},
		{"backup of the file alone", func(t *testing.T, path string) error {
			from := filepath.Join(t.TempDir(), "peba.db")
			backup(t, from, 7)
			c, err := sqlitedb.Connect(t.Context(), from)
			must(t, err)
			_, err = emptyLog(c)
			return errors.Join(err, c.Close(), copyFile(from, path))
		}, false, 7},
		{"database cut", func(_ *testing.T, path string) error { return os.Truncate(path, 0) }, false, -1},
		{"log cut", func(_ *testing.T, path string) error { return os.Truncate(path+"-wal", 0) }, false, 50},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := emptyPath(t)
			s, err := open(t.Context(), path, store.Options{})
			must(t, err)
			must(t, s.Put(t.Context(), message(1, 50)))
			checkpointNow(t, s)
			must(t, s.Put(t.Context(), message(2, 20)))
			must(t, test.lose(t, path))
			err = s.Put(t.Context(), message(3, 10))
			if test.heals {
				// The log's index is looked at once a second.
				for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
					if err = errors.Join(err, s.Ping(t.Context())); err == nil {
						break
					}
					err = s.Put(t.Context(), message(3, 10))
				}
				must(t, err)
				if n := countAll(t, s); n != 80 {
					t.Errorf("%d alerts are there, want 80", n)
				}
			} else {
				stillLost(t, s, err)
			}
			must(t, s.Close())
			again, err := open(t.Context(), path, store.Options{})
			if test.found < 0 {
				if err == nil {
					t.Fatalf("it starts with %d alerts", countAll(t, again))
				}
				if !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "put a backup in its place") {
					t.Errorf("error is %v, want it to say what to do", err)
				}
				return
			}
			must(t, err)
			if n := countAll(t, again); n != test.found {
				t.Errorf("after a restart %d alerts are there, want %d", n, test.found)
			}
			soundFile(t, again)
			must(t, again.Close())
		})
	}
}

// checkpointNow moves the log into the file.
func checkpointNow(t *testing.T, s *handle) {
	t.Helper()
	s.db.files.mu.RLock() // no job may be under way: the writer is idle
	defer s.db.files.mu.RUnlock()
	c, err := sqlitedb.Connect(t.Context(), s.db.path)
	must(t, err)
	busy, err := emptyLog(c)
	if must(t, errors.Join(err, c.Close())); busy {
		t.Fatal("the log is busy")
	}
}

func soundFile(t *testing.T, s *handle) {
	t.Helper()
	var sound string
	must(t, s.db.readers.QueryRow("PRAGMA integrity_check").Scan(&sound))
	if sound != "ok" {
		t.Errorf("the file is damaged: %s", sound)
	}
}

// stillLost sees that nothing works, given the error of the last Put.
func stillLost(t *testing.T, s *handle, put error) {
	t.Helper()
	_, count := s.Count(t.Context(), store.Filter{})
	for what, err := range map[string]error{
		"Put": put, "Put again": s.Put(t.Context(), message(4, 10)), "Count": count, "Ping": s.Ping(t.Context()),
	} {
		if !errors.Is(err, store.ErrUnavailable) || !errors.Is(err, sqlitedb.ErrReplaced) || !strings.Contains(err.Error(), s.db.path) {
			t.Errorf("%s: error is %v, want ErrUnavailable, ErrReplaced and the path", what, err)
		}
	}
	if f := s.Check(t.Context())[0]; f.OK || f.Advice == "" {
		t.Errorf("check finds %+v", f)
	}
}

// TestFilesPutBack moves the files away and back.
func TestFilesPutBack(t *testing.T) {
	for _, only := range []string{"", "peba.db"} {
		path := emptyPath(t)
		s := openTest(t, path, store.Options{})
		must(t, s.Put(t.Context(), message(1, 50)))
		away := t.TempDir()
		move := func(name string) error {
			if only != "" && filepath.Base(name) != only {
				return nil
			}
			return moveTo(away)(name)
		}
		must(t, forEachFile(path, move))
		stillLost(t, s, s.Put(t.Context(), message(2, 20)))
		must(t, forEachFile(filepath.Join(away, "peba.db"), moveTo(filepath.Dir(path))))
		must(t, s.Ping(t.Context()))
		must(t, s.Put(t.Context(), message(2, 20)))
		if n := countAll(t, s); n != 70 {
			t.Errorf("%d alerts are there, want 70", n)
		}
	}
}

// TestFilesAreLostInACommit deletes the file when its transaction has begun.
func TestFilesAreLostInACommit(t *testing.T) {
	path := emptyPath(t)
	s := openTest(t, path, store.Options{})
	err := s.db.do(t.Context(), &job{work: func(w *writer) error {
		_, err := w.insert.records(message(1, 10))
		return errors.Join(err, os.Remove(path))
	}})
	stillLost(t, s, err)
}

// TestBackupInACutFile writes a backup over the file in place, as cp does, and is
// noticed on the way.
func TestBackupInACutFile(t *testing.T) {
	path := emptyPath(t)
	s, err := open(t.Context(), path, store.Options{})
	must(t, err)
	must(t, s.Put(t.Context(), message(1, 2000)))
	checkpointNow(t, s)
	must(t, s.Put(t.Context(), message(2, 20)))
	from := filepath.Join(t.TempDir(), "peba.db")
	backup(t, from, 7)
	c, err := sqlitedb.Connect(t.Context(), from)
	must(t, err)
	_, err = emptyLog(c)
	must(t, errors.Join(err, c.Close()))
	content, err := os.ReadFile(from)
	must(t, err)
	must(t, os.WriteFile(path, content, 0o600))
	stillLost(t, s, s.Put(t.Context(), message(3, 10)))
	must(t, s.Close())

	again := openTest(t, path, store.Options{})
	if n := countAll(t, again); n != 7 {
		t.Errorf("%d alerts are there, want 7", n)
	}
	soundFile(t, again)
}

// TestForeignLogIsLeftAlone closes a store when another log is in the place of its
// own. SQLite would delete it.
func TestForeignLogIsLeftAlone(t *testing.T) {
	path := emptyPath(t)
	s, err := open(t.Context(), path, store.Options{})
	must(t, err)
	must(t, s.Put(t.Context(), message(1, 50)))
	must(t, os.WriteFile(path+".other", []byte("another log"), 0o600))
	must(t, os.Rename(path+".other", path+"-wal"))
	stillLost(t, s, s.Put(t.Context(), message(3, 10)))
	must(t, s.Close())
	if content, err := os.ReadFile(path + "-wal"); err != nil || string(content) != "another log" {
		t.Errorf("the other log is %q, %v", content, err)
	}
}

// TestMovedFileHasEverything: what was moved away can be put back later, without
// the log.
func TestMovedFileHasEverything(t *testing.T) {
	path := emptyPath(t)
	s, err := open(t.Context(), path, store.Options{})
	must(t, err)
	must(t, s.Put(t.Context(), message(1, 50)))
	moved := filepath.Join(t.TempDir(), "moved.db")
	must(t, os.Rename(path, moved))
	stillLost(t, s, s.Put(t.Context(), message(2, 20)))
	must(t, s.Close())
	again := openTest(t, moved, store.Options{})
	if n := countAll(t, again); n < 50 {
		t.Errorf("%d alerts are there, want 50", n)
	}
}

// eventually calls f until it returns nil.
func eventually(t *testing.T, f func() error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), waitFor)
	defer cancel()
	for {
		err := f()
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatal(err)
		case <-tick():
		}
	}
}
