package app

import (
	"path/filepath"
	"testing"
)

// TestReloadKeepsKnownSources has a configuration share the known sources with the one
// before it, until both are closed.
func TestReloadKeepsKnownSources(t *testing.T) {
	path := filepath.Join(t.TempDir(), "peba.db")
	var storeConfig string
	sharing := func(want int) {
		t.Helper()
		if n, _ := knownSources.References(storeConfig); n != want {
			t.Errorf("%d configurations share the known sources, want %d", n, want)
		}
	}
	t.Cleanup(func() { sharing(0) }) // after the apps are closed
	for range 2 {
		app, err := provisionAt(t, path, "")
		if err != nil {
			t.Fatal(err)
		}
		if err := app.Start(); err != nil {
			t.Fatal(err)
		}
		storeConfig = app.storeConfig
	}
	sharing(2)
}
