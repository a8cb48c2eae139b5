package esclient

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"go.uber.org/zap"

	"github.com/peba-edge/peba/store"
)

// mirrorFile is the name of the copy of the users, in the spool's folder.
const mirrorFile = "users.json"

// mirror is a local copy of the users. The hashes are sensitive: only the owner
// may read the file.
type mirror struct {
	path string

	mu      sync.Mutex
	users   map[string]store.User
	changes int // counts changes, so that a list read before one does not undo it
	saving  sync.Mutex
}

// openMirror reads the copy of an earlier process, if any. An unreadable copy
// is rebuilt and must not prevent the start.
func openMirror(folder string, logger *zap.Logger) (*mirror, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("folder of the copy of the users: %w", err)
	}
	m := &mirror{path: filepath.Join(folder, mirrorFile), users: make(map[string]store.User)}
	text, err := os.ReadFile(m.path)
	if errors.Is(err, fs.ErrNotExist) {
		return m, nil
	}
	if err != nil {
		return nil, fmt.Errorf("copy of the users: %w", err)
	}
	var users []store.User
	if err := json.Unmarshal(text, &users); err != nil {
		logger.Warn("the local copy of the users is damaged and will be rebuilt", zap.String("file", m.path), zap.Error(err))
	}
	for _, u := range users {
		m.users[u.Name] = u
	}
	return m, nil
}

func (m *mirror) user(name string) (store.User, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	u, ok := m.users[name]
	return u, ok
}

func (m *mirror) put(u store.User) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.users[u.Name] = u
	m.changes++
}

func (m *mirror) remove(name string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.users, name)
	m.changes++
}

// version changes with every put and remove.
func (m *mirror) version() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.changes
}

// replace sets the list of all users, read at the given version, and reports
// whether that changed anything.
func (m *mirror) replace(users []store.User, version int) bool {
	byName := make(map[string]store.User, len(users))
	for _, u := range users {
		byName[u.Name] = u
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.changes != version || maps.Equal(m.users, byName) {
		return false
	}
	m.users = byName
	return true
}

// save writes the file: all of it or nothing.
func (m *mirror) save() error {
	m.saving.Lock()
	defer m.saving.Unlock()
	m.mu.Lock()
	users := slices.SortedFunc(maps.Values(m.users), func(a, b store.User) int { return cmp.Compare(a.Name, b.Name) })
	m.mu.Unlock()
	text, err := json.MarshalIndent(users, "", "\t")
	if err != nil {
		return fmt.Errorf("copy of the users: %w", err)
	}
	if err := writeFile(m.path, text); err != nil {
		return fmt.Errorf("copy of the users: %w", err)
	}
	return nil
}

// writeFile replaces a file's content atomically. CreateTemp creates files that
// only their owner may read.
func writeFile(path string, text []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
