//go:build linux

package torture

import (
	"slices"
	"testing"

	"github.com/peba-edge/peba/integration/edgetest"
)

// TestHarness breaks the program in one way after the other: with an fsync, a
// checksum or an ordering removed the row that is about it must fail. The same binary
// with nothing broken passes.
func TestHarness(t *testing.T) {
	binary, err := edgetest.Build(t.TempDir(), "sabotage")
	if err != nil {
		t.Fatal(err)
	}
	t.Parallel()
	all := slices.Concat(processRows(), diskRows(), fileRows())
	find := func(fault, store string) row {
		i := slices.IndexFunc(all, func(w row) bool { return w.fault == fault && w.store == store })
		if i < 0 {
			t.Fatalf("there is no row %q of %s", fault, store)
		}
		return all[i]
	}
	for _, test := range []struct {
		broken, fault, store string
		rounds               int // what is lost depends on the moment
	}{
		{"fsync", "power loss", embedded, 3},
		{"fsync", "power loss", cluster, 3},
		{"checksum", "flipped bits in a spool segment", cluster, 1},
		{"order", "kill -9 while every write takes 20 ms", embedded, 3},
		{"order", "kill -9 while every write takes 20 ms", cluster, 3},
	} {
		for _, broken := range []string{"nothing", test.broken} {
			t.Run(test.store+"/"+test.fault+"/"+broken+" broken", func(t *testing.T) {
				t.Parallel()
				w := find(test.fault, test.store)
				r := newRun(t, binary, w)
				r.s.Env = []string{"PEBA_SABOTAGE=" + broken}
				rounds := 1
				if broken != "nothing" {
					rounds = test.rounds
				}
				result := r.play(rounds)
				damage := result.damage()
				if (len(damage) > 0) != (broken != "nothing") {
					t.Errorf("the harness finds %q: %s", damage, result.line(""))
				}
				t.Logf("the harness finds %q", damage)
			})
		}
	}
}
