package query

import (
	"context"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
)

var datasetAlertTypesPerMonth = &Question{
	Name:    "datasetAlertTypesPerMonth",
	Summary: "Number of alerts per day and honeypot type, by the sensors' clocks or by time of arrival, without days without alerts and alerts of more than a day in the future.",
	Formats: []string{JSON},
	TTL:     dayTypesTTL,
	Params: []Param{daysParam, {
		Name:    "clock",
		Summary: "The clock that determines an alert's day: the sensor's, or this server's at arrival.",
		Kind:    Word,
		Words:   []string{"sensor", "arrival"},
		Default: "sensor",
		Example: "arrival",
	}},
	Answers: []Answer{{
		Schema: datasetSchema(byKey("", count("Number of alerts."), "By honeypot type, highest first."),
			"By day, in order, without days without alerts."),
		Example: `[
  {
    "datasetAlertsPerMonth": {
      "2026-11-21 00:00:00": {"Webpage": 20, "Network(Dionaea)": 5},
      "2026-11-23 00:00:00": {"SSH/console(cowrie)": 377}
    }
  }
]`,
	}},
	Ask: func(ctx context.Context, in Input) ([]byte, error) {
		clock := store.Created
		if in.text("clock") == "arrival" {
			clock = store.Received
		}
		groups, err := in.askDays(ctx, clock, store.PeerType)
		if err != nil {
			return nil, err
		}
		types := make(map[time.Time]object)
		for _, g := range groups {
			types[g.Start] = append(types[g.Start], member{g.Key[0], g.Count})
		}
		days := make(object, 0, len(types))
		for _, day := range sortedKeys(types) {
			days = append(days, member{alert.At(day).String(), types[day]})
		}
		return encodeDataset(days)
	},
}

// dayTypesTTL is an hour. By arrival, a past day does not change any more, so an answer
// with half of a day is not kept beyond the end of that day.
func dayTypesTTL(args Args, now time.Time) time.Duration {
	ttl := 3600 * time.Second
	if args.text("clock") != "arrival" {
		return ttl
	}
	today := startOfDay(now)
	if now.Before(today.Add(settleTime)) {
		return 60 * time.Second
	}
	return min(ttl, today.Add(oneDay).Sub(now))
}
