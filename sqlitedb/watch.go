package sqlitedb

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// Watch remembers which files an open database consists of. SQLite goes on
// writing to a file that was deleted, moved or replaced, and every commit
// succeeds: only a look at the path shows that nothing is there any more. It is
// used by one goroutine.
type Watch struct {
	path  string
	files [3]os.FileInfo // of Files(path), as they were opened
	size  int64          // of the database file, which never shrinks while it is open
}

// Files returns the paths that SQLite may have for the database at path: the
// file itself, its write-ahead log and the log's index.
func Files(path string) []string { return []string{path, path + "-wal", path + "-shm"} }

// NewWatch looks at the files of a database in WAL mode whose connection has
// read something: all three exist then.
func NewWatch(path string) (*Watch, error) {
	w := &Watch{path: path}
	for i, name := range Files(path) {
		info, err := os.Stat(name)
		if err != nil {
			return nil, fmt.Errorf("watch the files of %s: %w", path, err)
		}
		w.files[i] = info
	}
	w.size = w.files[0].Size()
	return w, nil
}

// Check returns an error that wraps ErrReplaced unless each file is still at
// its path, the database file is not shorter than it was, and the write-ahead
// log has at least logBytes. It takes three calls of stat, a few microseconds.
func (w *Watch) Check(logBytes int64) error {
	for i, name := range Files(w.path) {
		info, err := os.Stat(name)
		if errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%w: %w", ErrReplaced, err)
		}
		if err != nil {
			return err
		}
		if !os.SameFile(info, w.files[i]) {
			return fmt.Errorf("%w: %s is another file than the one that is open", ErrReplaced, name)
		}
		least := int64(0)
		switch i {
		case 0:
			least = w.size
			w.size = max(w.size, info.Size())
		case 1:
			least = logBytes
		}
		if info.Size() < least {
			return fmt.Errorf("%w: %s was truncated: it has %d bytes, expected at least %d", ErrReplaced, name, info.Size(), least)
		}
	}
	return nil
}

// LogBytes is how long a write-ahead log of so many pages is.
func LogBytes(pages, pageSize int64) int64 {
	if pages == 0 {
		return 0
	}
	return logHeader + pages*(pageHeader+pageSize)
}
