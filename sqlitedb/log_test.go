package sqlitedb

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

const testFrame = pageHeader + 4096

// crashedLog returns a database as a crash leaves it: so many commits of a row
// each are in its log, and none in the file. Each row has a page to itself.
func crashedLog(t *testing.T, commits int) (path string) {
	t.Helper()
	ctx := t.Context()
	from := filepath.Join(t.TempDir(), "test.db")
	if err := Create(from); err != nil {
		t.Fatal(err)
	}
	c, err := Connect(ctx, from, "journal_mode(WAL)", "wal_autocheckpoint(0)")
	if err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{"CREATE TABLE t (n INTEGER PRIMARY KEY, s)", "PRAGMA wal_checkpoint(TRUNCATE)"} {
		if err := c.Exec(ctx, sql); err != nil {
			t.Fatal(err)
		}
	}
	for n := range commits {
		if err := c.Exec(ctx, fmt.Sprintf("INSERT INTO t VALUES (%d, printf('%%.*c', 3000, 'x'))", n)); err != nil {
			t.Fatal(err)
		}
	}
	path = filepath.Join(t.TempDir(), "test.db")
	for _, end := range []string{"", "-wal"} {
		content, err := os.ReadFile(from + end)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path+end, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// frameOf returns where the frame with the commit's own page starts: the first of
// the commit, which no later one has again.
func frameOf(t *testing.T, log []byte, commit int) int {
	t.Helper()
	at := logHeader
	for range commit {
		for binary.BigEndian.Uint32(log[at+4:]) == 0 {
			at += testFrame
		}
		at += testFrame
	}
	return at
}

func TestExamineLog(t *testing.T) {
	const commits = 30
	flip := func(at int) func(*testing.T, []byte) []byte {
		return func(t *testing.T, log []byte) []byte {
			log[frameOf(t, log, 10)+at] ^= 1
			return log
		}
	}
	tests := []struct {
		name    string
		harm    func(t *testing.T, log []byte) []byte
		rows    int // that are there at least
		want    func(r LogRepair) bool
		damaged bool
	}{
		{"nothing", func(_ *testing.T, log []byte) []byte { return log }, commits,
			func(r LogRepair) bool { return !r.Repaired && r.Harmless() }, false},
		{"content", flip(pageHeader + 4000), commits,
			func(r LogRepair) bool { return r.Repaired && r.Commits == 20 && len(r.Damaged)+r.Rewritten == 1 }, false},
		{"checksum", flip(16), commits, func(r LogRepair) bool { return r.Repaired && r.Harmless() }, false},
		{"salt", flip(8), commits, func(r LogRepair) bool { return r.Repaired && r.Harmless() }, false},
		{"page number beyond the end", flip(0), commits - 1,
			func(r LogRepair) bool { return r.Repaired && r.Unknown == 1 && !r.Harmless() }, false},
		{"header", func(_ *testing.T, log []byte) []byte { log[9] ^= 1; return log }, commits,
			func(r LogRepair) bool { return r.Repaired && r.Harmless() }, false},
		{"salt of the header", func(_ *testing.T, log []byte) []byte { log[17] ^= 1; return log }, commits,
			func(r LogRepair) bool { return r.Repaired && r.Harmless() }, false},
		{"checksum of the header", func(_ *testing.T, log []byte) []byte { log[25] ^= 1; return log }, commits,
			func(r LogRepair) bool { return r.Repaired && r.Harmless() }, false},
		{"last commit", func(t *testing.T, log []byte) []byte {
			log[frameOf(t, log, commits-1)+pageHeader+99] ^= 1
			return log
		}, commits - 1, func(r LogRepair) bool { return !r.Repaired && r.Discarded == 1 }, false},
		{"a commit cut off", func(_ *testing.T, log []byte) []byte { return log[:len(log)-100] }, commits - 1,
			func(r LogRepair) bool { return !r.Repaired && r.Harmless() }, false},
		{"nothing but a header", func(_ *testing.T, log []byte) []byte { return log[:logHeader] }, 0,
			func(r LogRepair) bool { return !r.Repaired && r.Harmless() }, false},
		{"noise", func(_ *testing.T, log []byte) []byte {
			for i := range log {
				log[i] = byte(i * i >> 3)
			}
			return log
		}, 0, nil, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := crashedLog(t, commits)
			log, err := os.ReadFile(path + "-wal")
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path+"-wal", test.harm(t, log), 0o600); err != nil {
				t.Fatal(err)
			}
			r, err := ExamineLog(path)
			if test.damaged {
				if !errors.Is(err, ErrDamaged) {
					t.Errorf("error is %v, want ErrDamaged", err)
				}
				return
			}
			if err != nil || !test.want(r) {
				t.Errorf("repair is %+v, %v", r, err)
			}
			if n := rowsIn(t, path); n < int64(test.rows) {
				t.Errorf("%d rows are there, want %d", n, test.rows)
			}
		})
	}
}

func rowsIn(t *testing.T, path string) int64 {
	t.Helper()
	c, err := Connect(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	n, err := c.Number(t.Context(), "SELECT count(*) FROM t")
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestRemainsAreNoCommits has the log of a writer that went on behind two failed
// commits, each shorter than the one before: their remains must not come back.
func TestRemainsAreNoCommits(t *testing.T) {
	path := crashedLog(t, 3)
	log, err := os.ReadFile(path + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	second := frameOf(t, log, 1)
	// What stands behind the first commit was chained to other frames than it.
	for at := second; at < len(log); at += testFrame {
		sum := binary.BigEndian.Uint32(log[at+16:]) + 12345
		binary.BigEndian.PutUint32(log[at+16:], sum)
	}
	if err := os.WriteFile(path+"-wal", log, 0o600); err != nil {
		t.Fatal(err)
	}
	if r, err := ExamineLog(path); err != nil || r.Repaired {
		t.Errorf("repair is %+v, %v, want none", r, err)
	}
	if info, err := os.Stat(path + "-wal"); err != nil || info.Size() != int64(second) {
		t.Errorf("the log is %v, %v, want it cut at %d", info, err, second)
	}
	if n := rowsIn(t, path); n != 1 {
		t.Errorf("%d rows are there, want 1", n)
	}
}

// TestCutLog cuts what is behind the commits of an open database.
func TestCutLog(t *testing.T) {
	path, w, pages := watched(t, filepath.Join(t.TempDir(), "test.db"))
	f, err := os.OpenFile(path+"-wal", os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(make([]byte, 10_000)); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.Close(), CutLog(path, pages, 4096), w.Check(LogBytes(pages, 4096))); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(path + "-wal"); err != nil || info.Size() != LogBytes(pages, 4096) {
		t.Errorf("the log is %v, %v, want %d bytes", info, err, LogBytes(pages, 4096))
	}
}
