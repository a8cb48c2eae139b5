package sqlite

import (
	"path/filepath"
	"testing"

	"github.com/peba-edge/peba/store"
	"github.com/peba-edge/peba/store/storetest"
)

// openTest opens a store that is closed when the test ends.
func openTest(tb testing.TB, path string, opts store.Options) *handle {
	tb.Helper()
	h, err := open(tb.Context(), path, opts)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := h.Close(); err != nil {
			tb.Error(err)
		}
	})
	return h
}

// emptyPath is where there is no store yet.
func emptyPath(tb testing.TB) string { return filepath.Join(tb.TempDir(), "new", "peba.db") }

func TestConformance(t *testing.T) {
	var path string
	storetest.Suite{
		Open: func(t *testing.T, opts store.Options) store.Store {
			path = emptyPath(t)
			return openTest(t, path, opts)
		},
		Reopen: func(t *testing.T, opts store.Options) store.Store { return openTest(t, path, opts) },
	}.Run(t)
}
