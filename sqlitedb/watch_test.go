package sqlitedb

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestWatch does to the files of an open database what people and their tools do.
func TestWatch(t *testing.T) {
	tests := []struct {
		name string
		harm func(path string) error
		want bool // that the files are taken for replaced
		loss Loss
	}{
		{"nothing", func(string) error { return nil }, false, LostNothing},
		{"all deleted", func(path string) error {
			return errors.Join(os.Remove(path), os.Remove(path+"-wal"), os.Remove(path+"-shm"))
		}, true, LostFile},
		{"database deleted", os.Remove, true, LostFile},
		{"log deleted", func(path string) error { return os.Remove(path + "-wal") }, true, LostLog},
		{"index of the log deleted", func(path string) error { return os.Remove(path + "-shm") }, true, LostLog},
		{"database moved", func(path string) error { return os.Rename(path, path+".old") }, true, LostFile},
		{"moved away and back", func(path string) error {
			return errors.Join(os.Rename(path, path+".old"), os.Rename(path+".old", path))
		}, false, LostNothing},
		{"folder moved", func(path string) error { return os.Rename(filepath.Dir(path), filepath.Dir(path)+".old") }, true, LostFile},
		{"database replaced by a copy", func(path string) error {
			content, err := os.ReadFile(path)
			return errors.Join(err, os.WriteFile(path+".new", content, 0o600), os.Rename(path+".new", path))
		}, true, LostFile},
		{"database truncated", func(path string) error { return os.Truncate(path, 0) }, true, LostContent},
		{"log replaced", func(path string) error {
			return errors.Join(os.WriteFile(path+".new", nil, 0o600), os.Rename(path+".new", path+"-wal"))
		}, true, LostFile},
		{"log truncated", func(path string) error { return os.Truncate(path+"-wal", 100) }, true, LostNothing},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "folder", "test.db")
			path, w, pages := watched(t, path)
			if err := w.Check(LogBytes(pages, 4096)); err != nil {
				t.Fatalf("before: %v", err)
			}
			if err := test.harm(path); err != nil {
				t.Fatal(err)
			}
			ofDatabase := test.want && !strings.Contains(test.name, "log ") && !strings.HasPrefix(test.name, "index ")
			if err := w.CheckCommitted(LogBytes(pages, 4096)); errors.Is(err, ErrReplaced) != ofDatabase {
				t.Errorf("error of the database alone is %v", err)
			}
			if err := w.CheckLog(LogBytes(pages, 4096)); strings.HasPrefix(test.name, "log ") && !errors.Is(err, ErrReplaced) {
				t.Errorf("error of the log alone is %v", err)
			}
			w.allAt = w.allAt.Add(-allEvery)
			err := w.CheckCommitted(LogBytes(pages, 4096))
			if got := errors.Is(err, ErrReplaced); got != test.want || (err != nil) != test.want {
				t.Errorf("error is %v, taken for replaced: %t, want %t", err, got, test.want)
			}
			if err := w.Check(LogBytes(pages, 4096)); errors.Is(err, ErrReplaced) != test.want {
				t.Errorf("error of all files is %v", err)
			}
			if got := w.Loss(); got != test.loss {
				t.Errorf("loss is %d, want %d", got, test.loss)
			}
		})
	}
}

// watched opens a database that has something in its file and in its log.
func watched(t *testing.T, path string) (real string, w *Watch, pages int64) {
	t.Helper()
	ctx := t.Context()
	real, err := RealPath(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := Create(real); err != nil {
		t.Fatal(err)
	}
	c, err := Connect(ctx, real, "journal_mode(WAL)", "wal_autocheckpoint(0)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	for _, sql := range []string{"CREATE TABLE t (a)", "PRAGMA wal_checkpoint(TRUNCATE)", "INSERT INTO t VALUES (1)"} {
		if err := c.Exec(ctx, sql); err != nil {
			t.Fatal(err)
		}
	}
	if w, err = NewWatch(real); err != nil {
		t.Fatal(err)
	}
	return real, w, 1
}

func TestCause(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	_, missing := os.Stat(path)
	tests := []struct {
		err  error
		want string
		down bool
	}{
		{fmt.Errorf("write: %w", ErrReplaced), CauseReplaced, true},
		{fmt.Errorf("%w: %w", ErrReplaced, missing), CauseReplaced, true},
		{fmt.Errorf("read: %w", ErrDamaged), CauseDamaged, true},
		{missing, CauseIO, true},
		{errors.New("bad value"), CauseOther, false},
	}
	for _, test := range tests {
		if got, down := Cause(test.err), IsDown(test.err); got != test.want || down != test.down {
			t.Errorf("cause of %v is %q, down: %t; want %q, %t", test.err, got, down, test.want, test.down)
		}
	}
}

func TestFailuresAreCounted(t *testing.T) {
	q := NewQueue[int](1, 1)
	done := make(chan bool)
	go func() {
		defer close(done)
		q.Serve(func(group []int) error {
			if group[0] < 0 {
				return errors.New("bad value")
			}
			return fmt.Errorf("commit: %w", ErrReplaced)
		}, func() {})
	}()
	for _, work := range []int{1, -1, 2} {
		if err := q.Do(t.Context(), work, 1, 1); err == nil {
			t.Errorf("work %d succeeded", work)
		}
	}
	q.Close()
	<-done
	if got, want := fmt.Sprint(q.Failures()), fmt.Sprint(map[string]int64{CauseReplaced: 2}); got != want {
		t.Errorf("failures are %s, want %s", got, want)
	}
}
