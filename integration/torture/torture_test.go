//go:build linux

package torture

import (
	"slices"
	"testing"
)

// TestRows goes through all rows and writes the table. Those that leave the cluster
// as it is go at once, a few at a time; the others come after that.
func TestRows(t *testing.T) {
	together := slices.Concat(processRows(), diskRows(), fileRows(), clusterRows(), otherRows())
	alone := slices.Concat(nodeRows(), loadRows())
	report := newReport(t, slices.Concat(together, alone))
	t.Run("at once", func(t *testing.T) {
		for _, w := range together {
			t.Run(w.store+"/"+w.fault, func(t *testing.T) {
				t.Parallel()
				report.row(t, w)
			})
		}
	})
	t.Run("alone", func(t *testing.T) {
		for _, w := range alone {
			t.Run(w.store+"/"+w.fault, func(t *testing.T) { report.row(t, w) })
		}
	})
}
