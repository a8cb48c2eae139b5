package sqlitedb

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
)

// Watch remembers which files an open database consists of. SQLite goes on
// writing to a file that was deleted, moved or replaced, and every commit
// succeeds: only a look at the path shows that nothing is there any more.
type Watch struct {
	path  string
	files [3]os.FileInfo // of Files(path), as they were opened

	mu    sync.Mutex
	sizes [3]int64 // of the files, when they were last looked at
	size  int64    // of the database file, which shrinks in a checkpoint only
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
		w.files[i], w.sizes[i] = info, info.Size()
	}
	w.size = w.sizes[0]
	return w, nil
}

// Check returns an error that wraps ErrReplaced unless each file is still at
// its path, the database file is not shorter than it was, and the write-ahead
// log has at least logBytes. It takes three calls of stat, a few microseconds.
func (w *Watch) Check(logBytes int64) error {
	w.mu.Lock()
	defer w.mu.Unlock()
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
		w.sizes[i] = info.Size()
	}
	return nil
}

// Size returns how many bytes the files had at the last look.
func (w *Watch) Size() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.sizes[0] + w.sizes[1] + w.sizes[2]
}

// LogSize returns how many bytes the write-ahead log had at the last look. For
// a log that is never moved into its file, Check(LogSize()) before a commit
// finds one that was truncated: the commit would extend it again, with a hole.
func (w *Watch) LogSize() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.sizes[1]
}

// Checkpointed is called after a checkpoint of one's own: it may have made the
// database file shorter, when another program has vacuumed it.
func (w *Watch) Checkpointed() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if info, err := os.Stat(w.path); err == nil && os.SameFile(info, w.files[0]) {
		w.size = info.Size()
	}
}

// Loss is what is wrong with the files of an open database.
type Loss int

const (
	// LostNothing is said of files that are where they were opened.
	LostNothing Loss = iota
	// LostLog is said when the log or its index is gone from its path, and nothing
	// stands in its place: a checkpoint saves what is in it.
	LostLog
	// LostFile is said when the database is gone from its path, or another file
	// stands in place of it or of its log.
	LostFile
	// LostContent is said when the database, at its path, was cut.
	LostContent
)

// Loss looks at the files as Check does.
func (w *Watch) Loss() Loss {
	w.mu.Lock()
	defer w.mu.Unlock()
	loss := LostNothing
	for i, name := range Files(w.path) {
		info, err := os.Stat(name)
		switch {
		case i > 0 && errors.Is(err, fs.ErrNotExist):
			loss = LostLog
		case err != nil || !os.SameFile(info, w.files[i]):
			return LostFile
		case i == 0 && info.Size() < w.size:
			return LostContent
		}
	}
	return loss
}

// LogBytes is how long a write-ahead log of so many pages is.
func LogBytes(pages, pageSize int64) int64 {
	if pages == 0 {
		return 0
	}
	return logHeader + pages*(pageHeader+pageSize)
}
