package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/peba-edge/peba/sqlitedb"
)

// beginning is the suffix of a file without a schema. The file is created before
// the lock file and exists until the database gets its name. So if a database is
// missing beside a lock, it existed before, unless its beginning still exists.
const beginning = ".new"

// prepare is called before acquiring the lock. It records if there is no
// database yet; an empty file with nothing beside it does not count as one.
func (d *database) prepare() error {
	size, err := sizeOf(d.path)
	if err != nil || size > 0 {
		return err
	}
	for _, beside := range []string{"-wal", ".lock"} {
		if _, err := os.Stat(d.path + beside); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return sqlitedb.Create(d.path + beginning)
}

// ensure makes sure that there is a database. It fails instead of creating one
// where one was lost.
func (d *database) ensure(ctx context.Context) error {
	size, err := sizeOf(d.path)
	if err != nil || size > 0 {
		return err
	}
	begun := d.path + beginning
	log, err := sizeOf(d.path + "-wal")
	if err != nil {
		return err
	}
	if _, err := os.Stat(begun); log > 0 || errors.Is(err, fs.ErrNotExist) {
		what := "is empty"
		if size < 0 {
			what = "is missing"
		}
		return fmt.Errorf("the file %[1]s, but %[2]s.lock or %[2]s-wal shows that there was a store: if it was moved, move it back beside its %[2]s-wal; "+
			"else delete %[2]s-wal and %[2]s-shm and put a backup in its place, "+
			"or delete all of %[2]s, %[2]s-wal, %[2]s-shm and %[2]s.lock to begin with an empty store", what, d.path)
	} else if err != nil {
		return err
	}
	if err := create(ctx, begun); err != nil {
		return err
	}
	return os.Rename(begun, d.path)
}

// create creates an empty store.
func create(ctx context.Context, path string) error {
	for _, name := range sqlitedb.Files(path) {
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if err := sqlitedb.Create(path); err != nil {
		return err
	}
	c, err := sqlitedb.Connect(ctx, path, "synchronous(FULL)")
	if err != nil {
		return err
	}
	return errors.Join(migrate(ctx, c), c.Close())
}

// sizeOf returns a file's size, or -1 if it does not exist.
func sizeOf(path string) (int64, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return -1, nil
	}
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// withAdvice adds advice to an error of opening.
func withAdvice(path string, err error) error {
	switch sqlitedb.Cause(err) {
	case sqlitedb.CauseDamaged:
		return fmt.Errorf("%w: put a backup in its place (delete %s-wal and %s-shm with it), or save what is left: "+
			"`sqlite3 %s .recover | sqlite3 NEW-FILE`, and put NEW-FILE in its place", err, path, path, path)
	case sqlitedb.CauseReadOnly:
		return fmt.Errorf("%w: mount its disk writable", err)
	case sqlitedb.CauseFull:
		return fmt.Errorf("%w: free space on its disk", err)
	case sqlitedb.CauseIO:
		return fmt.Errorf("%w: it must be a file that PEBA's user may read and write, in a folder where that user may create files; "+
			"the system's log reports errors of the disk", err)
	default:
		return err
	}
}
