package query

import (
	"context"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
)

// replayStep is the length of a step of a day, and the span of one answer of
// replay.
const replayStep = 5 * time.Minute

var replayDay = &Question{
	Name:    "replayDay",
	Summary: "Number of alerts that arrived in each five minutes of a day: what can be replayed.",
	Formats: []string{JSON},
	TTL: func(args Args, now time.Time) time.Duration {
		return replayTTL(args.day(now).Add(oneDay), now, 60*time.Second)
	},
	Params: []Param{{
		Name:    "day",
		Summary: "The day in UTC; by default today.",
		Kind:    Day,
		Example: "20261122",
	}},
	Answers: []Answer{{
		Schema: record(
			field("from", textLike(dayPattern, "The day's start, in UTC.")),
			field("to", text("Its end, exclusive.")),
			field("step", count("Length of a step in seconds.")),
			field("alerts", list(count("Number of alerts."), "One number per step; 0 for steps in the future.")),
			field("keptFrom", textLike(momentPattern, "Alerts that arrived before this time are no longer kept, in UTC."))),
		Example: `{
  "from": "2026-11-22 00:00:00",
  "to": "2026-11-23 00:00:00",
  "step": 300,
  "alerts": [12, 0, 377],
  "keptFrom": "2026-08-25 22:50:00"
}`,
	}},
	Ask: askReplayDay,
}

// replayTTL caches finished spans for hours. Alerts that an edge delivers to the
// cluster later than that appear in replays with a delay.
func replayTTL(end, now time.Time, meanwhile time.Duration) time.Duration {
	if end.Add(15 * time.Minute).After(now) {
		return meanwhile
	}
	return 6 * time.Hour
}

func askReplayDay(ctx context.Context, in Input) ([]byte, error) {
	day := in.day(in.Now)
	counts, err := in.countSteps(ctx, day, day.Add(oneDay), replayStep)
	if err != nil {
		return nil, err
	}
	return encodeJSON(struct {
		From     string  `json:"from"`
		To       string  `json:"to"`
		Step     int     `json:"step"`
		Alerts   []int64 `json:"alerts"`
		KeptFrom string  `json:"keptFrom"`
	}{
		alert.At(day).String(), alert.At(day.Add(oneDay)).String(), int(replayStep.Seconds()), counts,
		alert.At(in.Now.Add(-in.Retention)).String(),
	})
}

// countSteps counts the alerts that arrived in each step from one time to another,
// both multiples of the step. It does not ask the store about times without kept
// alerts.
func (in Input) countSteps(ctx context.Context, from, to time.Time, step time.Duration) ([]int64, error) {
	counts := make([]int64, to.Sub(from)/step)
	if from.After(in.Now) || !to.After(in.Now.Add(-in.Retention)) {
		return counts, nil
	}
	groups, err := in.Reader.Group(ctx, store.Filter{Domain: in.Domain, From: from, To: to}, store.Grouping{Bucket: step})
	if err != nil {
		return nil, err
	}
	for _, g := range groups {
		counts[g.Start.Sub(from)/step] += g.Count
	}
	return counts, nil
}
