package feed

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/peba-edge/peba/store"
)

// allow puts a network on the list of allowed ones.
func (w *world) allow(network string) {
	w.t.Helper()
	if err := w.store.PutRecords(w.t.Context(), store.FeedAllowance{CIDR: network, Reason: "test", By: "test", Created: start}); err != nil {
		w.t.Fatal(err)
	}
}

// TestAggregatesWithoutExceptions: a network with an address that must never be listed is
// not listed as a whole, even if its other addresses attack.
func TestAggregatesWithoutExceptions(t *testing.T) {
	w := newWorld(t, func(d *Definition) { d.V4 = Aggregation{24, 3} })
	for _, net := range []string{"9.1.1", "9.1.2", "9.1.3", "80.1.1", "192.88.98"} {
		for i := range 4 {
			w.attack(fmt.Sprintf("%s.%d", net, i+2), start, 3, nil)
		}
	}
	file := filepath.Join(t.TempDir(), "list")
	if err := os.WriteFile(file, []byte("9.1.2.200\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.defs[0].Exclude = []string{file}
	w.restart()
	w.allow("9.1.1.4/32")
	s := w.step(minutes(1))
	var networks []string
	for _, e := range s.Entries {
		if !e.Prefix.IsSingleIP() {
			networks = append(networks, e.Prefix.String())
		}
		for _, never := range []string{"9.1.1.4", "9.1.2.200", "80.1.1.1"} {
			if e.Prefix.Contains(netip.MustParseAddr(never)) {
				t.Errorf("%v is listed, which has %s", e.Prefix, never)
			}
		}
	}
	if slices.Sort(networks); !slices.Equal(networks, []string{"192.88.98.0/24", "9.1.3.0/24"}) || len(s.Entries) != 2+3+4+4 {
		t.Errorf("networks %v of %d entries", networks, len(s.Entries))
	}
	w = newWorld(t, func(d *Definition) { d.V4 = Aggregation{22, 3} })
	for i := range 4 {
		w.attack(fmt.Sprintf("192.88.98.%d", i+2), start, 3, nil) // next to 192.88.99.0/24
	}
	if s := w.step(minutes(1)); len(s.Entries) != 4 {
		t.Errorf("a network with addresses that are not global: %v", s.Entries)
	}
}

// TestNeverAtStart: what was excluded while the process did not run, or by the new
// configuration, is not in the first snapshot.
func TestNeverAtStart(t *testing.T) {
	w := newWorld(t, nil)
	for _, source := range []string{"9.1.1.1", "9.1.1.2", "9.1.1.3"} {
		w.attack(source, start, 3, nil)
	}
	w.step(minutes(1))
	file := filepath.Join(t.TempDir(), "list")
	if err := os.WriteFile(file, []byte("9.1.1.1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.defs[0].Exclude = []string{file}
	w.restart()
	w.allow("9.1.1.2/32")
	allowed, err := readAllowances(t.Context(), w.store, minutes(1))
	if err != nil {
		t.Fatal(err)
	}
	f := w.e.feeds[0]
	if err := f.restore(t.Context(), minutes(1), f.never(allowed)); err != nil {
		t.Fatal(err)
	}
	if got := listed(f.snapshot.Load()); !slices.Equal(got, []string{"9.1.1.3"}) {
		t.Errorf("the first snapshot lists %v", got)
	}
	// The step of this time is recorded already.
	if got := listed(w.step(minutes(1))); !slices.Equal(got, []string{"9.1.1.3"}) {
		t.Errorf("the step of the same time lists %v", got)
	}
	s := w.step(minutes(2))
	if got := listed(s); !slices.Equal(got, []string{"9.1.1.3"}) || len(s.Left) != 2 {
		t.Errorf("the next step lists %v, and %d left", got, len(s.Left))
	}
}

// TestNeverWithClockSetBack: whoever must not be listed is not, whatever was recorded for
// later times.
func TestNeverWithClockSetBack(t *testing.T) {
	w := newWorld(t, nil)
	w.attack("9.1.1.1", start, 3, nil)
	w.attack("9.1.1.2", start, 3, nil)
	w.step(minutes(50))
	w.allow("9.1.1.1/32")
	for _, restart := range []bool{false, true} {
		if restart {
			w.restart()
		}
		if got := listed(w.step(minutes(10))); !slices.Equal(got, []string{"9.1.1.2"}) {
			t.Errorf("restart %t: lists %v", restart, got)
		}
	}
	s := w.step(minutes(51))
	if got := listed(s); !slices.Equal(got, []string{"9.1.1.2"}) || len(s.Left) != 1 {
		t.Errorf("later: lists %v, and %d left", got, len(s.Left))
	}
}
