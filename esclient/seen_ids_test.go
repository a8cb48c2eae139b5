package esclient

import (
	"fmt"
	"strings"
	"testing"

	"github.com/peba-edge/peba/alert"
)

// TestRecentKnowsTheLastIDs remembers far more ids than are kept: the last ones
// are known, and what is kept has a bound.
func TestRecentKnowsTheLastIDs(t *testing.T) {
	var r seenIDs
	record := func(id string) []alert.Record {
		return []alert.Record{{Document: alert.Document{ID: id}}}
	}
	const all = 5 * seenIDsPerGeneration
	for i := range all {
		r.remember(record(fmt.Sprint(i)))
	}
	for i := all - seenIDsPerGeneration; i < all; i++ {
		if len(r.unknown(record(fmt.Sprint(i)))) > 0 {
			t.Fatalf("id %d of %d is forgotten", i, all)
		}
	}
	if n := len(r.now) + len(r.last); n > 2*seenIDsPerGeneration {
		t.Errorf("%d ids are kept, want %d at most", n, 2*seenIDsPerGeneration)
	}
	if len(r.unknown(record("0"))) != 1 {
		t.Error("the first id is kept permanently")
	}
	mixed := append(record("new"), record(fmt.Sprint(all-1))...)
	if fresh := r.unknown(mixed); len(fresh) != 1 || fresh[0].ID != "new" {
		t.Errorf("of a new and a known one these are new: %v", fresh)
	}
	long := strings.Repeat("x", seenIDBytes+1)
	r.remember(record(long))
	if len(r.unknown(record(long))) != 1 {
		t.Error("an id without end is kept")
	}
	r.forget()
	if len(r.unknown(record(fmt.Sprint(all-1)))) != 1 {
		t.Error("an id is known after all were forgotten")
	}
}
