package feed

import (
	"testing"

	"github.com/peba-edge/peba/store"
)

// TestDamagedNeighbour: a feed whose stored state cannot be read does not stop the others.
func TestDamagedNeighbour(t *testing.T) {
	w := newWorld(t, nil)
	other := w.defs[0]
	other.Name = "other"
	w.defs = append([]Definition{other}, w.defs...)
	if err := w.store.PutRecords(t.Context(), store.FeedPart{Key: "other/step/x", Value: []byte("x")}); err != nil {
		t.Fatal(err)
	}
	w.restart()
	w.attack("9.1.1.1", start, 3, nil)
	if err := w.e.step(t.Context(), minutes(1)); err == nil {
		t.Error("no error for the damaged feed")
	}
	if s := w.e.Snapshot("test"); s == nil || len(s.Members) != 1 {
		t.Errorf("the other feed has the snapshot %+v", s)
	}
	if s := w.e.Snapshot("other"); s != nil {
		t.Errorf("the damaged feed has the snapshot %+v", s)
	}
	if err := w.store.DeleteRecord(t.Context(), store.KindFeedPart, "other/step/x"); err != nil {
		t.Fatal(err)
	}
	if w.step(minutes(2)); w.e.feeds[0].snapshot.Load() == nil {
		t.Error("the damaged feed was not repaired")
	}
}
