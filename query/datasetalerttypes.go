package query

import (
	"context"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
)

var datasetAlertTypesPerMonth = &Question{
	Name:    "datasetAlertTypesPerMonth",
	Summary: "How many alerts of each honeypot type there were each day, by the sensors' clocks; days without alerts are left out, as are alerts of more than a day in the future.",
	Formats: []string{JSON},
	TTL:     fixed(3600 * time.Second),
	Params:  []Param{daysParam},
	Answers: []Answer{{
		Schema: datasetSchema(byKey("", count("How many alerts."), "By honeypot type, most first."),
			"By day, in order; days without alerts are left out."),
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
		groups, err := in.askDays(ctx, store.PeerType)
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
