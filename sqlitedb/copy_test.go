package sqlitedb

import (
	"os"
	"path/filepath"
	"testing"
)

// TestCopyToOfDeletedFile copies a database out of the descriptors of a
// connection whose files are gone.
func TestCopyToOfDeletedFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.db")
	if err := Create(path); err != nil {
		t.Fatal(err)
	}
	c, err := Connect(t.Context(), path, "journal_mode(WAL)", "wal_autocheckpoint(0)")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Exec(t.Context(), "CREATE TABLE t (id INTEGER PRIMARY KEY); INSERT INTO t VALUES (7); PRAGMA user_version = 3"); err != nil {
		t.Fatal(err)
	}
	for _, name := range Files(path) {
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
	}
	begun := filepath.Join(dir, "b.db.new")
	if err := c.CopyTo(t.Context(), begun); err != nil {
		t.Fatal(err)
	}
	if err := Replace(begun, path); err != nil {
		t.Fatal(err)
	}
	again, err := Connect(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	for sql, want := range map[string]int64{"SELECT id FROM t": 7, "PRAGMA user_version": 3} {
		if got, err := again.Number(t.Context(), sql); err != nil || got != want {
			t.Errorf("%s: got %d, %v, expected %d", sql, got, err, want)
		}
	}
	if err := c.CopyTo(t.Context(), filepath.Join(dir, "missing", "c.db")); err == nil {
		t.Error("a copy to a folder that does not exist succeeds")
	}
}
