package sqlitedb

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// lockWait is how long Lock waits for another process to let go of the file,
// in milliseconds: long enough for one that is just ending.
const lockWait = 2000

// RealPath returns the path of the file without symbolic links; its folder is
// made when it does not exist.
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

// Create makes an empty file, for its owner only, when there is none. One that
// exists is not opened: closing any descriptor of a file would drop the locks
// that SQLite holds on it.
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

// Lock takes a lock that ends with the process, however that ends. It is a
// database of its own, locked and left empty: the same locks that SQLite itself
// relies on, on every system that it runs on. Where nothing can be written there
// is no lock to be had: the Cause of the error is then CauseReadOnly.
func Lock(ctx context.Context, path string) (*Conn, error) {
	if err := Create(path); err != nil {
		return nil, err
	}
	c, err := Connect(ctx, path, fmt.Sprintf("busy_timeout(%d)", lockWait))
	if err != nil {
		return nil, err
	}
	// On a read-only disk the transaction begins, but locks nothing: only a write,
	// which is never committed, proves that it does.
	if err := c.Exec(ctx, "PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE; PRAGMA user_version = 1"); err != nil {
		if IsDown(err) && Cause(err) != CauseReadOnly && ctx.Err() == nil {
			err = fmt.Errorf("another process has it open (it holds %s): %w", path, err)
		}
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}
