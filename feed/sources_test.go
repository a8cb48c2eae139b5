package feed

import (
	"testing"
	"time"

	"github.com/peba-edge/peba/store"
)

// TestLongerWindow: after a reload with a longer window feeds wait until it is read. Otherwise
// addresses whose alerts are older would leave, and bouncers would release them.
func TestLongerWindow(t *testing.T) {
	w := newWorld(t, nil)
	w.attack("9.1.1.1", start.Add(-26*time.Hour), 3, nil)
	w.attack("9.1.1.2", start.Add(-time.Hour), 3, nil)
	s := NewSources()
	update := func(at time.Time, window, budget time.Duration) bool {
		t.Helper()
		behind, err := s.Update(t.Context(), w.store, at, window, time.Hour, budget)
		if err != nil {
			t.Fatal(err)
		}
		return behind
	}
	for _, window := range []time.Duration{24 * time.Hour, 72 * time.Hour, 24 * time.Hour, 72 * time.Hour} {
		at := store.BucketStart(start, time.Hour).Add(time.Minute)
		if window > 24*time.Hour && !update(at, window, -time.Second) {
			t.Errorf("window %v: nothing to read", window)
		}
		if update(at, window, time.Minute) {
			t.Fatalf("window %v: still behind", window)
		}
		if got, want := s.Size(), int(window/(24*time.Hour)+1)/2; got != want {
			t.Errorf("window %v: %d sources, want %d", window, got, want)
		}
	}
}
