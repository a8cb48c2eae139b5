package sqlite

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/peba-edge/peba/internal/rings"
	"github.com/peba-edge/peba/sqlitedb"
	"github.com/peba-edge/peba/store"
)

// crashed returns the files of a store as a crash leaves them, with all in the log
// but what is there at first: two hundred messages of an alert.
func crashed(t *testing.T) (path string) {
	t.Helper()
	from, path := emptyPath(t), emptyPath(t)
	s := openTest(t, from, store.Options{})
	for n := range uint64(200) {
		must(t, s.Put(t.Context(), message(n, 1)))
	}
	_, err := sqlitedb.RealPath(path)
	must(t, err)
	must(t, forEachFile(from, func(name string) error { return copyFile(name, path+strings.TrimPrefix(name, from)) }))
	return path
}

// TestFlippedBitInTheLog flips a bit here and there. No other commit may be lost.
func TestFlippedBitInTheLog(t *testing.T) {
	original := crashed(t)
	for _, part := range []int{0, 10, 50, 90} {
		t.Run(fmt.Sprint(part, " percent"), func(t *testing.T) {
			path := emptyPath(t)
			_, err := sqlitedb.RealPath(path)
			must(t, err)
			must(t, copyFile(original, path))
			log, err := os.ReadFile(original + "-wal")
			must(t, err)
			log[9+len(log)*part/100] ^= 4
			must(t, os.WriteFile(path+"-wal", log, 0o600))
			s := openTest(t, path, store.Options{})
			if n := countAll(t, s); n < 199 {
				t.Errorf("%d alerts are there, want 200", n)
			}
			for _, f := range s.Check(t.Context()) {
				if f.Part == "log" && strings.Contains(f.Text, "it was repaired") {
					return
				}
			}
			t.Errorf("check says nothing of the repair: %v", s.Check(t.Context()))
		})
	}
}

// TestDamagedFile overwrites pages of a file with noise.
func TestDamagedFile(t *testing.T) {
	path := emptyPath(t)
	s, err := open(t.Context(), path, store.Options{})
	must(t, err)
	must(t, s.Put(t.Context(), message(1, 2000)))
	must(t, s.Close())
	content, err := os.ReadFile(path)
	must(t, err)
	for i := 40 * 4096; i < len(content); i++ {
		content[i] = byte(i * i >> 3)
	}
	must(t, os.WriteFile(path, content, 0o600))

	s = openTest(t, path, store.Options{})
	_, _ = s.Newest(t.Context(), store.Filter{Domain: store.Both}, 5000)
	_ = s.Put(t.Context(), message(2, 2000))
	for range 3 {
		if err := s.Ping(t.Context()); !errors.Is(err, store.ErrUnavailable) || sqlitedb.Cause(err) != sqlitedb.CauseDamaged {
			t.Errorf("Ping: error is %v, want damage", err)
		}
	}
	if f := s.Check(t.Context())[0]; f.OK || !strings.Contains(f.Advice, ".recover") {
		t.Errorf("check finds %+v", f)
	}
	eventually(t, func() error {
		if err := s.db.health.damaged(); !errors.Is(err, sqlitedb.ErrDamaged) {
			return fmt.Errorf("the check in the background has found %w", err)
		}
		return nil
	})
}

// TestLockIsGone finds out that nothing keeps a second process away.
func TestLockIsGone(t *testing.T) {
	path := emptyPath(t)
	s := openTest(t, path, store.Options{})
	for _, f := range s.Check(t.Context()) {
		if f.Part == "lock" || f.Part == "store" && !f.OK {
			t.Errorf("check finds %+v", f)
		}
	}
	must(t, os.Remove(path+".lock"))
	if f := s.Check(t.Context())[2]; f.Part != "lock" || f.OK || f.Advice == "" {
		t.Errorf("check finds %+v", f)
	}
}

// TestSuspicionPasses suspects a sound file, as a disk that fails once makes it.
func TestSuspicionPasses(t *testing.T) {
	s := openTest(t, emptyPath(t), store.Options{})
	must(t, s.Put(t.Context(), message(1, 50)))
	s.db.suspect(sqlitedb.ErrDamaged)
	eventually(t, func() error { return s.Ping(t.Context()) })
}

// TestTruncatedFileIsRefused has a file from which the end is missing, with and
// without a log beside it that says how long the file should be.
func TestTruncatedFileIsRefused(t *testing.T) {
	from := emptyPath(t)
	s := openTest(t, from, store.Options{})
	must(t, s.Put(t.Context(), message(1, 2000)))
	checkpointNow(t, s)
	must(t, s.Put(t.Context(), message(2, 1)))
	size, err := sizeOf(from)
	must(t, err)
	size -= 3 * 4096
	for want, ends := range map[string][]string{"malformed": {""}, "the file was truncated": {"", "-wal"}} {
		path := emptyPath(t)
		_, err := sqlitedb.RealPath(path)
		must(t, err)
		for _, end := range ends {
			must(t, copyFile(from+end, path+end))
		}
		must(t, os.Truncate(path, size))
		_, err = open(t.Context(), path, store.Options{})
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "put a backup in its place") {
			t.Errorf("error is %v, want %q and what to do", err, want)
		}
	}
}

// TestKilledWithFailingDisk has every few fsyncs fail in a process that goes on,
// and kills it. What it was told is stored must be there.
func TestKilledWithFailingDisk(t *testing.T) {
	strace := rings.Tool(t, "strace", "sudo apt-get install strace")
	t.Parallel()
	path := emptyPath(t)
	s, err := open(t.Context(), path, store.Options{})
	must(t, err)
	must(t, s.Close())
	acknowledged, failed := make(map[uint64]bool), 0
	for round := range uint64(3) {
		cmd := child(t, "putOn", path)
		cmd.Args = append([]string{"strace", "-f", "-qq", "-o", os.DevNull,
			"-e", "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:error=EIO:when=10+2", cmd.Path}, cmd.Args[1:]...)
		cmd.Path = strace
		cmd.Env = append(cmd.Env, fmt.Sprint("PEBA_SQLITE_TEST_FIRST=", round*1_000_000))
		stdin, err := cmd.StdinPipe()
		must(t, err)
		stdout, err := cmd.StdoutPipe()
		must(t, err)
		must(t, cmd.Start())
		lines := bufio.NewScanner(stdout)
		lines.Scan()
		process, err := strconv.Atoi(lines.Text())
		must(t, err)
		for n := 0; lines.Scan(); n++ {
			number, err := strconv.ParseUint(lines.Text(), 10, 64)
			if err != nil {
				failed++
			} else {
				acknowledged[number] = true
			}
			if n == 60 {
				kill(t, process)
			}
		}
		_ = stdin.Close()
		_ = cmd.Wait() // says that it was killed
	}
	if failed < 3 || len(acknowledged) < 30 {
		t.Errorf("%d messages failed, %d were acknowledged: the test has tested nothing", failed, len(acknowledged))
	}
	s = openTest(t, path, store.Options{})
	groups, err := s.Group(t.Context(), store.Filter{Domain: store.Both}, store.Grouping{By: []store.Dimension{store.Hostname}})
	must(t, err)
	for _, g := range groups {
		number, err := strconv.ParseUint(g.Key[0], 10, 64)
		must(t, err)
		delete(acknowledged, number)
	}
	if len(acknowledged) > 0 {
		t.Errorf("lost are %v", acknowledged)
	}
	soundFile(t, s)
}

func kill(t *testing.T, process int) {
	t.Helper()
	p, err := os.FindProcess(process)
	must(t, err)
	must(t, p.Kill())
}
