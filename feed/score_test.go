package feed

import (
	"testing"
	"time"
)

// TestScore has the examples of docs/FEEDS.md.
func TestScore(t *testing.T) {
	for name, test := range map[string]struct {
		details Details
		age     time.Duration
		want    Score
	}{
		"one knock now":      {Details{Alerts: 1, Sensors: 1, Days: 1}, 0, Score{30, 0, 5, 2, 0}},
		"three days ago":     {Details{Alerts: 1, Sensors: 1, Days: 1}, 72 * time.Hour, Score{15, 0, 5, 2, 0}},
		"a brute force":      {Details{Alerts: 100, Sensors: 3, Days: 2, Interaction: "attempt"}, time.Hour, Score{30, 17, 10, 4, 5}},
		"everything at most": {Details{Alerts: 5000, Sensors: 40, Days: 9, Interaction: "exploit"}, 0, Score{30, 25, 20, 10, 15}},
	} {
		t.Run(name, func(t *testing.T) {
			test.details.Last = start
			if got := scoreOf(&test.details, start.Add(test.age)); got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
	if all := (Score{30, 25, 20, 10, 15}).Total(); all != 100 {
		t.Errorf("the highest score is %d, want 100", all)
	}
}
