package sqlitedb

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// lockWait is how long Lock waits for another process to release the file, in
// milliseconds: long enough for one that is just ending.
const lockWait = 2000

// RealPath returns the path of the file without symbolic links. It creates the
// folder if missing.
func RealPath(path string) (string, error) {
	real, err := filepath.EvalSymlinks(path)
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return real, err
	}
	if _, err := os.Lstat(path); err == nil {
		return "", errors.New("it is a symbolic link to a file that does not exist")
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", err
	}
	dir, err := filepath.EvalSymlinks(filepath.Dir(path))
	return filepath.Join(dir, filepath.Base(path)), err
}

// Create creates an empty file, readable by its owner only, if missing. It does
// not open an existing file: closing any descriptor of it would drop SQLite's
// locks.
func Create(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return f.Close()
}

// Lock acquires a lock that ends with the process, however it ends. The lock
// file is a separate, empty database that stays locked: these are the same locks
// that SQLite itself relies on, on every system. On a read-only disk no lock is
// possible: the error's Cause is then CauseReadOnly.
func Lock(ctx context.Context, path string) (*Conn, error) {
	if err := Create(path); err != nil {
		return nil, err
	}
	c, err := Connect(ctx, path, fmt.Sprintf("busy_timeout(%d)", lockWait))
	if err != nil {
		return nil, err
	}
	// On a read-only disk the transaction begins without a lock. Only a write,
	// never committed, proves the lock.
	if err := c.Exec(ctx, "PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE; PRAGMA user_version = 1"); err != nil {
		if IsDown(err) && Cause(err) != CauseReadOnly && ctx.Err() == nil {
			err = fmt.Errorf("another process has it open (it holds %s): %w", path, err)
		}
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}
