package goldentest

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

// checkSame compares JSON as values and XML as text.
func (e *exchange) checkSame(t *testing.T, ours []byte) {
	t.Helper()
	if e.legacy.refused() {
		t.Fatalf("legacy refused with %d %q, ours answers %s", e.legacy.Status, e.legacy.Body, ours)
	}
	sameAnswer(t, string(ours), e.legacy.Body)
}

// sameAnswer compares JSON as values and everything else as text.
func sameAnswer(t *testing.T, got, want string) {
	t.Helper()
	if strings.HasPrefix(want, "<") {
		if got != want {
			t.Fatalf("differs from byte %d on:\ngot  %q\nwant %q", firstDifference(got, want),
				cut(got, firstDifference(got, want)), cut(want, firstDifference(got, want)))
		}
		return
	}
	if !reflect.DeepEqual(parseJSON[any](t, got), parseJSON[any](t, want)) {
		t.Fatalf("got  %s\nwant %s", got, want)
	}
}

func firstDifference(a, b string) int {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	return i
}

// cut shows a text from shortly before a place.
func cut(s string, at int) string {
	return s[max(0, at-40):min(len(s), at+160)]
}

func parseJSON[T any](t *testing.T, text string) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v in %.200s", err, text)
	}
	return v
}

// entry is one of a list of alerts: its second and all of its text.
type entry struct{ second, text string }

// sameNewest compares lists of which the order within a second is arbitrary,
// and so is which alerts of its last second a list has. longer is what ours
// gives without the end that got is cut off at.
func sameNewest(t *testing.T, got, want, longer []entry) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d alerts, want %d", len(got), len(want))
	}
	known := make(map[entry]bool)
	for _, e := range longer {
		known[e] = true
	}
	twice := make(map[entry]bool)
	for i, w := range want {
		if got[i].second != w.second {
			t.Fatalf("alert %d is of %s, want %s", i, got[i].second, w.second)
		}
		if !known[got[i]] || twice[got[i]] {
			t.Fatalf("alert %d is not among those of a longer list, or there twice: %s", i, got[i].text)
		}
		twice[got[i]] = true
		if !known[w] {
			t.Fatalf("alert %d of legacy's is not among ours:\n%s", i, w.text)
		}
	}
}

// sameCounts compares groupings that legacy cuts at its engine's default of
// ten: it has nothing that ours has not, and ours has no more than it if it has
// fewer than ten; what else ours has occurs no more often than the least of legacy's.
func sameCounts(t *testing.T, got, want map[string]float64) {
	t.Helper()
	const cap = 10
	least := -1.0
	for name, count := range want {
		if got[name] != count {
			t.Errorf("%q occurs %v times, legacy has %v", name, got[name], count)
		}
		if least < 0 || count < least {
			least = count
		}
	}
	for name, count := range got {
		if _, there := want[name]; !there && (len(want) != cap || count > least) {
			t.Errorf("%q occurs %v times, legacy has none among %d", name, count, len(want))
		}
	}
}
