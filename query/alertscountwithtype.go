package query

import (
	"context"
	"time"

	"github.com/peba-edge/peba/store"
)

var retrieveAlertsCountWithType = &Question{
	Name:    "retrieveAlertsCountWithType",
	Summary: "Number of alerts that arrived in a window up to now, in total and per honeypot type, highest first.",
	Formats: []string{JSON},
	TTL:     fixed(13 * time.Second),
	Params:  []Param{timeParam},
	Answers: []Answer{{
		Schema: record(
			field("AlertCountTotal", count("Total number of alerts.")),
			field("AlertCountPerType", byKey("", count("Number of alerts."), "By honeypot type, highest first."))),
		Example: `{
  "AlertCountTotal": 1234,
  "AlertCountPerType": {"SSH/console(cowrie)": 1000, "Webpage": 200, "Network(Dionaea)": 34}
}`,
	}},
	Ask: func(ctx context.Context, in Input) ([]byte, error) {
		groups, err := in.Reader.Group(ctx,
			store.Filter{Domain: in.Domain, From: in.since()},
			store.Grouping{By: []store.Dimension{store.PeerType}})
		if err != nil {
			return nil, err
		}
		var answer struct {
			AlertCountTotal   int64
			AlertCountPerType object
		}
		for _, g := range groups {
			answer.AlertCountTotal += g.Count
			answer.AlertCountPerType = append(answer.AlertCountPerType, member{g.Key[0], g.Count})
		}
		return encodeJSON(answer)
	},
}
