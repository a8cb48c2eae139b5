package index

import (
	"testing"
	"time"

	"github.com/peba-edge/peba/alert"
)

// TestOutlierDays has alerts of every day of a century come in: those of days that
// are likely go to their days, of the others no more than can be had.
func TestOutlierDays(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	names := &Names{Alerts: "ews"}
	var s OutlierDays
	send := func(created time.Time) string {
		return s.Index(names, &alert.Document{CreateTime: alert.At(created), RecievedTime: alert.At(now)})
	}
	indices := make(map[string]bool)
	first := now.AddDate(3, 0, 0)
	for day := range 365 * 20 {
		indices[send(first.AddDate(0, 0, day))] = true
	}
	if len(indices) != maxOutliers+1 || !indices["ews-unclocked-1"] {
		t.Errorf("there are %d indices, want %d and ews-unclocked-1", len(indices), maxOutliers)
	}
	if got := send(first); got != "ews-2029.11.24-1" {
		t.Errorf("an alert that is sent again goes to %s", got)
	}
	for _, likely := range []time.Time{now, now.Add(-59 * 24 * time.Hour), now.Add(47 * time.Hour)} {
		if got, want := send(likely), names.Day(likely); got != want {
			t.Errorf("an alert of %v goes to %s, want %s", likely, got, want)
		}
	}

	// The cluster has lost them, but for one, and has one of the Python service's.
	s.Learn(names, []string{"ews-2029.11.24-1", "ews-2018.04.24-1", "ews-2026.11.24-1", "ews-unclocked-1"}, now)
	if n := len(s.indices); n != 2 {
		t.Errorf("%d outlier days are known, want 2: %v", n, s.indices)
	}
	later := now.AddDate(40, 0, 0)
	if got, want := send(later), names.Day(later); got != want {
		t.Errorf("with room again an alert of %v goes to %s, want %s", later, got, want)
	}
}
