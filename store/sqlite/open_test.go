package sqlite

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/sqlitedb"
	"github.com/peba-edge/peba/store"
	"github.com/peba-edge/peba/store/storetest"
)

// parentless is the context of helper processes, which have no test.
var parentless = context.Background()

// message returns some alerts, different ones for different seeds.
func message(seed uint64, n int) []alert.Record {
	return storetest.NewTraffic(seed, 5).Message(time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC), n)
}

func countAll(t *testing.T, s store.Store) int64 {
	t.Helper()
	n, err := s.Count(t.Context(), store.Filter{Domain: store.Both})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestFilesAreTheOwnersAlone(t *testing.T) {
	path := emptyPath(t)
	s := openTest(t, path, store.Options{})
	must(t, s.Put(t.Context(), message(1, 1)))
	modes := map[string]fs.FileMode{
		filepath.Dir(path): 0o700, path: 0o600, path + "-wal": 0o600, path + "-shm": 0o600, path + ".lock": 0o600,
	}
	for name, want := range modes {
		info, err := os.Stat(name)
		must(t, err)
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has mode %o, want %o", filepath.Base(name), got, want)
		}
	}
}

func TestReopenedStoreHasEverything(t *testing.T) {
	path := filepath.Join(t.TempDir(), "odd ?#%41 name.db")
	for round := range int64(3) {
		s, err := open(t.Context(), path, store.Options{})
		must(t, err)
		if n := countAll(t, s); n != round*10 {
			t.Errorf("round %d: %d alerts are there", round, n)
		}
		must(t, s.Put(t.Context(), message(uint64(round), 10)))
		must(t, s.Close())
	}
	for _, end := range []string{"-wal", "-shm"} {
		if _, err := os.Stat(path + end); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("after Close there is a file with %s: %v", end, err)
		}
	}
}

// TestOlderSchema opens a file of version 1 with alerts in it.
func TestOlderSchema(t *testing.T) {
	path := emptyPath(t)
	s, err := open(t.Context(), path, store.Options{})
	must(t, err)
	must(t, s.Put(t.Context(), message(1, 10)))
	must(t, s.Close())
	c, err := sqlitedb.Connect(t.Context(), path)
	must(t, err)
	must(t, c.Exec(t.Context(), "DROP TABLE arrivals; DROP TABLE sensor_records; DROP TABLE documents; PRAGMA user_version = 1"))
	must(t, c.Close())

	s = openTest(t, path, store.Options{})
	must(t, s.Put(t.Context(), message(2, 10)))
	day := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
	f, g := store.Filter{Domain: store.Both, From: day, To: day.Add(24 * time.Hour)}, store.Grouping{Bucket: 5 * time.Minute}
	got, err := s.Group(t.Context(), f, g)
	must(t, err)
	if len(got) != 1 || got[0].Count != 20 {
		t.Errorf("arrivals are %v, want 20 at once", got)
	}
	sameGroups(t, "the alerts", got, recount(t, s, f, g), f, g)
}

// TestOneDatabaseForAllHandles opens a file twice, the second time by another
// name, as a reload does while the first is in use.
func TestOneDatabaseForAllHandles(t *testing.T) {
	path := emptyPath(t)
	first, err := open(t.Context(), path, store.Options{})
	must(t, err)
	link := filepath.Join(t.TempDir(), "link")
	must(t, os.Symlink(filepath.Dir(path), link))
	second := openTest(t, filepath.Join(link, "peba.db"), store.Options{})
	if first.db != second.db {
		t.Error("the handles do not share a database")
	}
	must(t, first.Put(t.Context(), message(1, 10)))
	must(t, first.Close())
	must(t, second.Put(t.Context(), message(2, 10)))
	if n := countAll(t, second); n != 20 {
		t.Errorf("%d alerts are there, want 20", n)
	}
}

func TestNewestHandleHearsOfCVEs(t *testing.T) {
	path := emptyPath(t)
	var heard []string
	listen := func(who string) store.Options {
		return store.Options{NewCVE: func(c store.CVE) { heard = append(heard, who+" "+c.ID) }}
	}
	putCVE := func(s store.Store, id string) {
		t.Helper()
		m := message(uint64(len(heard)), 1)
		m[0].ID, m[0].VulnID = "id of "+id, id
		must(t, s.Put(t.Context(), m))
	}
	old := openTest(t, path, listen("old"))
	putCVE(old, "CVE-1")
	reloaded := openTest(t, path, listen("new"))
	putCVE(old, "CVE-2")
	must(t, reloaded.Close()) // the reload failed
	putCVE(old, "CVE-3")
	if got, want := fmt.Sprint(heard), "[old CVE-1 new CVE-2 old CVE-3]"; got != want {
		t.Errorf("heard %s, want %s", got, want)
	}
}

func TestSecondProcessIsTurnedAway(t *testing.T) {
	t.Parallel()
	path := emptyPath(t)
	s := openTest(t, path, store.Options{})
	cmd := child(t, "open", path)
	out, err := cmd.Output()
	must(t, err)
	for _, word := range []string{path, "another process has it open"} {
		if !strings.Contains(string(out), word) {
			t.Errorf("the second process says %q, want %q in it", out, word)
		}
	}
	must(t, s.Put(t.Context(), message(1, 1)))
}

func TestKilledProcessLeavesNoLock(t *testing.T) {
	t.Parallel()
	path := emptyPath(t)
	cmd := child(t, "open", path)
	stdin, err := cmd.StdinPipe() // left open, so that it stays
	must(t, err)
	defer stdin.Close()
	stdout, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil || line != "<nil>\n" {
		t.Fatalf("the other process says %q, %v", line, err)
	}
	if _, err := open(t.Context(), path, store.Options{}); err == nil {
		t.Error("open while another process has it: no error")
	}
	must(t, cmd.Process.Kill())
	_ = cmd.Wait() // says that it was killed
	openTest(t, path, store.Options{})
}

func TestFilesThatAreNoStores(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		must(t, os.WriteFile(path, []byte(content), 0o600))
		return path
	}
	foreign := func(name, sql string) string {
		path := write(name, "")
		c, err := sqlitedb.Connect(t.Context(), path)
		must(t, err)
		must(t, c.Exec(t.Context(), sql))
		must(t, c.Close())
		return path
	}
	dangling := filepath.Join(dir, "dangling")
	must(t, os.Symlink(filepath.Join(dir, "nowhere"), dangling))
	tests := []struct{ name, path, want string }{
		{"text", write("text", strings.Repeat("no database\n", 1000)), "file is not a database"},
		{"folder", dir, "unable to open"},
		{"dangling link", dangling, "symbolic link to a file that does not exist"},
		{"below a file", filepath.Join(write("file", ""), "peba.db"), "not a directory"},
		{"another program's", foreign("other", "CREATE TABLE t (x)"), "another program's SQLite file"},
		{"from the future", foreign("future", fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = 99; CREATE TABLE t (x)", applicationID)),
			"schema version 99 is newer than 3"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s, err := open(t.Context(), test.path, store.Options{})
			if err == nil {
				_ = s.Close()
				t.Fatal("no error")
			}
			for _, word := range []string{test.path, test.want} {
				if !strings.Contains(err.Error(), word) {
					t.Errorf("error is %q, want %q in it", err, word)
				}
			}
		})
	}
}

// TestForeignFileIsLeftAlone sees that looking at another program's file does
// not change it.
func TestForeignFileIsLeftAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "other.db")
	must(t, sqlitedb.Create(path))
	c, err := sqlitedb.Connect(t.Context(), path)
	must(t, err)
	must(t, c.Exec(t.Context(), "CREATE TABLE t (x)"))
	must(t, c.Close())
	before, err := os.ReadFile(path)
	must(t, err)
	if _, err := open(t.Context(), path, store.Options{}); err == nil {
		t.Fatal("no error")
	}
	after, err := os.ReadFile(path)
	must(t, err)
	if string(before) != string(after) {
		t.Error("the file was changed")
	}
}
