package cache

import (
	"sync"
	"time"
)

const (
	// failureKeep is how long a failure is remembered, so that not every
	// request asks a failing store.
	failureKeep = time.Second

	// maxFailures bounds the memory: clients choose a part of the keys.
	maxFailures = 4096
)

// failures remembers the last error of each key for a short time. The zero
// value is ready to use.
type failures struct {
	mu    sync.Mutex
	byKey map[string]failure
}

type failure struct {
	err   error
	until time.Time
}

// recent returns the remembered error of key, or nil.
func (f *failures) recent(key string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if last, ok := f.byKey[key]; ok && time.Now().Before(last.until) {
		return last.err
	}
	return nil
}

// remember keeps err for key. If there are too many, it drops all.
func (f *failures) remember(key string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.byKey == nil || len(f.byKey) >= maxFailures {
		f.byKey = make(map[string]failure)
	}
	f.byKey[key] = failure{err: err, until: time.Now().Add(failureKeep)}
}
