package sqlite

import (
	"testing"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
)

// What files from before a kind has grown hold is what is written today where the
// new text is empty, and is read as that.
func TestGrownKinds(t *testing.T) {
	for i := range kinds {
		k := &kinds[i]
		last := len(k.by) - 1
		if !k.grown {
			if !k.inKey(last, "") {
				t.Errorf("kind %d leaves out an empty text that its keys have in older files", i)
			}
			continue
		}
		if !k.inKey(last, "x") || k.inKey(last, "") || !k.inKey(0, "") {
			t.Errorf("kind %d has its last text in keys where it is empty, or not where it is not", i)
		}
		var before []byte
		for range last {
			before = appendPart(before, "a")
		}
		texts, err := splitKey(before, len(k.by))
		if err != nil || texts[last] != "" || texts[0] != "a" {
			t.Errorf("kind %d reads a key from before as %q, %v", i, texts, err)
		}
	}
	sources := &kinds[len(kinds)-1]
	for _, doubt := range []string{"", alert.SourceSpoofable, alert.SourceOwn} {
		id, ok := sources.directKey("203.0.113.7", doubt)
		texts, direct := directTexts(id)
		if !ok || !direct || texts[0] != "203.0.113.7" || texts[1] != doubt {
			t.Errorf("the key of a source in doubt %q is %d and reads as %q", doubt, id, texts)
		}
	}
	if id, _ := sources.directKey("0.0.0.1", ""); id != firstAddr+1 || sources.by[0] != store.SourceIP {
		t.Errorf("the key of a source is %d, which files from before do not have", id)
	}
}
