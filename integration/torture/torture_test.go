//go:build linux

package torture

import (
	"slices"
	"testing"
)

// TestRows goes through all rows and writes the table. Those that leave the cluster
// as it is go at once, a few at a time; the others come after that.
func TestRows(t *testing.T) {
	report := newReport(t)
	t.Run("at once", func(t *testing.T) {
		for _, w := range slices.Concat(processRows(), diskRows(), fileRows(), clusterRows(), otherRows()) {
			t.Run(w.store+"/"+w.fault, func(t *testing.T) {
				t.Parallel()
				report.row(t, w)
			})
		}
	})
	t.Run("alone", func(t *testing.T) {
		for _, w := range append(nodeRows(), loadRows()...) {
			t.Run(w.store+"/"+w.fault, func(t *testing.T) { report.row(t, w) })
		}
	})
}
