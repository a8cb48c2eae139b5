package sqlite

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/peba-edge/peba/store"
)

// TestLostStoreIsNoNewStore refuses to begin anew where a store was.
func TestLostStoreIsNoNewStore(t *testing.T) {
	touch := func(names ...string) func(string) error {
		return func(path string) error {
			var errs []error
			for _, end := range names {
				content := []byte(nil)
				if end == "-wal" {
					content = []byte("something")
				}
				errs = append(errs, os.WriteFile(path+end, content, 0o600))
			}
			return errors.Join(errs...)
		}
	}
	tests := []struct {
		name    string
		make    func(path string) error
		refuses bool
	}{
		{"nothing", touch(), false},
		{"an empty file", touch(""), false},
		{"an empty file and a lock", touch("", ".lock"), true},
		{"an empty file and a log", touch("", "-wal"), true},
		{"a lock", touch(".lock"), true},
		{"a log", touch("-wal"), true},
		{"a first start, ended before the lock", touch(".new"), false},
		{"a first start, ended before the schema", touch(".new", ".lock"), false},
		{"a first start on an empty file, ended before the schema", touch(".new", ".lock", ""), false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "peba.db")
			must(t, test.make(path))
			s, err := open(t.Context(), path, store.Options{})
			if test.refuses {
				if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "move it back") {
					t.Errorf("error is %v, want it to say what to do", err)
				}
				return
			}
			must(t, err)
			must(t, s.Put(t.Context(), message(1, 10)))
			must(t, s.Close())
			if _, err := os.Stat(path + beginning); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("the beginning is still there: %v", err)
			}
			again := openTest(t, path, store.Options{})
			if n := countAll(t, again); n != 10 {
				t.Errorf("%d alerts are there, want 10", n)
			}
		})
	}
}
