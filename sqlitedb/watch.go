package sqlitedb

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"
)

// Watch remembers the files of an open database. SQLite keeps writing to a file
// that was deleted, moved or replaced, and every commit succeeds: only checking
// the path reveals that the file is gone.
type Watch struct {
	path  string
	names []string       // Files(path)
	files [3]os.FileInfo // of names, when opened

	mu    sync.Mutex
	sizes [3]int64  // of the files, at the last check
	size  int64     // of the database file, which shrinks only in a checkpoint
	allAt time.Time // when CheckCommitted last checked all files
}

// Files returns the paths that SQLite may have for the database at path: the
// file itself, its write-ahead log and the log's index.
func Files(path string) []string { return []string{path, path + "-wal", path + "-shm"} }

// NewWatch records the files of a database in WAL mode. Its connection must
// have read something, so that all three exist.
func NewWatch(path string) (*Watch, error) {
	w := &Watch{path: path, names: Files(path)}
	for i, name := range w.names {
		info, err := os.Stat(name)
		if err != nil {
			return nil, fmt.Errorf("watch the files of %s: %w", path, err)
		}
		w.files[i], w.sizes[i] = info, info.Size()
	}
	w.size, w.allAt = w.sizes[0], time.Now()
	return w, nil
}

// allEvery is how often CheckCommitted checks all files.
const allEvery = time.Second

// Check returns an error that wraps ErrReplaced unless each file is still at
// its path, the database file is not shorter than it was, and the write-ahead
// log has at least logBytes. It takes three calls of stat, a few microseconds.
func (w *Watch) Check(logBytes int64) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.look(0, len(w.names), logBytes)
}

// CheckLog is Check for the write-ahead log alone.
func (w *Watch) CheckLog(logBytes int64) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.look(1, 2, logBytes)
}

// CheckCommitted checks the database file, and once a second the others too. It is for
// after a commit, if CheckLog comes before the next one: a log that is deleted in
// between is noticed there, like one that is deleted right after an OK. The log's index
// holds no data of its own.
func (w *Watch) CheckCommitted(logBytes int64) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	end := 1
	if now := time.Now(); now.Sub(w.allAt) >= allEvery {
		end, w.allAt = len(w.names), now
	}
	return w.look(0, end, logBytes)
}

// look is Check for the names with index first to end-1.
func (w *Watch) look(first, end int, logBytes int64) error {
	for i := first; i < end; i++ {
		name := w.names[i]
		info, err := os.Stat(name)
		if errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%w: %w", ErrReplaced, err)
		}
		if err != nil {
			return err
		}
		if !os.SameFile(info, w.files[i]) {
			return fmt.Errorf("%w: %s is not the file that is open", ErrReplaced, name)
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

// Size returns the size of the files in bytes at the last check.
func (w *Watch) Size() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.sizes[0] + w.sizes[1] + w.sizes[2]
}

// LogSize returns the size of the write-ahead log in bytes at the last check.
// For a log without checkpoints, Check(LogSize()) before a commit detects
// truncation: the commit would extend the log again, with a hole.
func (w *Watch) LogSize() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.sizes[1]
}

// Checkpointed must be called after a checkpoint of this process: it may shrink
// the database file, if another program has vacuumed it.
func (w *Watch) Checkpointed() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if info, err := os.Stat(w.path); err == nil && os.SameFile(info, w.files[0]) {
		w.size = info.Size()
	}
}

// Loss describes what happened to the files of an open database.
type Loss int

const (
	// LostNothing means that the files are at their paths.
	LostNothing Loss = iota
	// LostLog means that the log or its index is gone, and nothing has replaced it. A
	// checkpoint saves its content.
	LostLog
	// LostFile means that the database is gone from its path, or another file has
	// replaced it or its log.
	LostFile
	// LostContent means that the database file was truncated.
	LostContent
)

// Loss checks the files as Check does.
func (w *Watch) Loss() Loss {
	w.mu.Lock()
	defer w.mu.Unlock()
	loss := LostNothing
	for i, name := range w.names {
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

// LogBytes returns the size of a write-ahead log of so many pages in bytes.
func LogBytes(pages, pageSize int64) int64 {
	if pages == 0 {
		return 0
	}
	return logHeader + pages*(pageHeader+pageSize)
}
