package sqlitedb

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// CopyTo copies the connection's database to a new file at path, and returns
// when that is on disk. The connection's own file may no longer be at its path.
// The copy has no write-ahead log. After an error nothing is left at path.
func (c *Conn) CopyTo(ctx context.Context, path string) error {
	s, err := c.Prepare(ctx, "VACUUM INTO ?")
	if err != nil {
		return err
	}
	_, _, err = s.Exec(ctx, driver.Value(path))
	if err = errors.Join(err, s.Close()); err == nil {
		err = syncFile(path)
	}
	if err != nil {
		return fmt.Errorf("copy the database to %s: %w", path, errors.Join(err, removeIfThere(path)))
	}
	return nil
}

func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return err
	}
	return nil
}

func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Chmod(0o600), f.Sync(), f.Close())
}

// Replace renames a file and makes the new name durable on systems that can
// sync a folder.
func Replace(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(to))
	if err != nil {
		return err
	}
	_ = dir.Sync() // Windows cannot and need not
	return dir.Close()
}
