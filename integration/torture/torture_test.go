//go:build linux

package torture

import (
	"slices"
	"testing"
)

// TestRows goes through all rows and writes the table. Those about load come first,
// while nothing else runs. Those that leave their cluster as it is go at once, a few
// at a time, and TestHarness with them; beside them, one after the other, those that
// do something to a cluster of their own, which take longest.
func TestRows(t *testing.T) {
	alone, nodes := loadRows(), nodeRows()
	together := slices.Concat(processRows(), diskRows(), fileRows(), clusterRows(), otherRows())
	report := newReport(t, slices.Concat(together, nodes, alone))
	inTurn := func(list rows) func(t *testing.T) {
		return func(t *testing.T) {
			for _, w := range list {
				t.Run(w.store+"/"+w.fault, func(t *testing.T) { report.row(t, w) })
			}
		}
	}
	t.Run("alone", inTurn(alone))
	t.Parallel()
	t.Run("nodes", func(t *testing.T) {
		t.Parallel()
		inTurn(nodes)(t)
	})
	t.Run("at once", func(t *testing.T) {
		t.Parallel()
		for _, w := range together {
			t.Run(w.store+"/"+w.fault, func(t *testing.T) {
				t.Parallel()
				report.row(t, w)
			})
		}
	})
}
