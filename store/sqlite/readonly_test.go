//go:build linux

package sqlite

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/peba-edge/peba/sqlitedb"
	"github.com/peba-edge/peba/store"
)

// disk returns the path of a store on a disk that can be made read-only. To
// mount one takes root; to others a folder without permissions is the same.
func disk(t *testing.T) (path string, setReadOnly func(bool)) {
	t.Helper()
	dir := t.TempDir()
	path = filepath.Join(dir, "peba.db")
	if os.Geteuid() != 0 {
		return path, func(readOnly bool) {
			files, folder := os.FileMode(0o600), os.FileMode(0o700)
			if readOnly {
				files, folder = 0o400, 0o500
			}
			must(t, forEachFile(path, func(name string) error { return os.Chmod(name, files) }))
			must(t, os.Chmod(path+".lock", files))
			must(t, os.Chmod(dir, folder))
		}
	}
	must(t, syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=64m"))
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	return path, func(readOnly bool) {
		flags := uintptr(syscall.MS_REMOUNT)
		if readOnly {
			flags |= syscall.MS_RDONLY
		}
		must(t, syscall.Mount("tmpfs", dir, "tmpfs", flags, "size=64m"))
	}
}

// TestReadOnlyDisk starts a store on a disk that is read-only, with the files of a
// process that was killed, and makes it writable.
func TestReadOnlyDisk(t *testing.T) {
	path, setReadOnly := disk(t)
	backup(t, path, 7)
	must(t, sqlitedb.Create(path+".lock"))
	setReadOnly(true)

	s := openTest(t, path, store.Options{})
	if n := countAll(t, s); n != 7 {
		t.Errorf("%d alerts are there, want 7", n)
	}
	for what, err := range map[string]error{"Put": s.Put(t.Context(), message(1, 10)), "Ping": s.Ping(t.Context())} {
		if !errors.Is(err, store.ErrUnavailable) || sqlitedb.Cause(err) != sqlitedb.CauseReadOnly {
			t.Errorf("%s: error is %v, want ErrUnavailable because of a read-only disk", what, err)
		}
	}
	setReadOnly(false)
	eventually(t, func() error { return s.Ping(t.Context()) })
	must(t, s.Put(t.Context(), message(1, 10)))
	if n := countAll(t, s); n != 17 {
		t.Errorf("%d alerts are there, want 17", n)
	}
	if s.db.lock == nil {
		t.Error("it writes without a lock")
	}
}

// TestReadOnlyAfterStop starts a store that was closed in good order on a disk that has
// become read-only: SQLite cannot, and the error says why.
func TestReadOnlyAfterStop(t *testing.T) {
	path, setReadOnly := disk(t)
	s, err := open(t.Context(), path, store.Options{})
	must(t, err)
	must(t, errors.Join(s.Put(t.Context(), message(1, 7)), s.Close()))
	setReadOnly(true)
	if s, err := open(t.Context(), path, store.Options{}); sqlitedb.Cause(err) != sqlitedb.CauseReadOnly || !strings.Contains(err.Error(), "mount its disk writable") {
		t.Errorf("store %v, error %v, want one that names the read-only disk", s, err)
	}
	setReadOnly(false)
	if n := countAll(t, openTest(t, path, store.Options{})); n != 7 {
		t.Errorf("%d alerts are there, want 7", n)
	}
}
