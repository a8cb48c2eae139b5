package query

import (
	"context"
	"math"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
)

var getStats = &Question{
	Name:          "getStats",
	Summary:       "The community's hourly statistics series: alerts per daemon, in total and of the requested honeypot types.",
	CommunityOnly: true,
	Formats:       []string{JSON},
	TTL:           fixed(1800 * time.Second),
	AtOnce:        2, // of any span, and of any types
	Params: []Param{
		{Name: "gte", Summary: "Start of the first hour; by default 24 hours ago.", Kind: Moment, Example: "2026-11-23 18:00:00"},
		{Name: "lt", Summary: "Start of the last hour, inclusive; by default now.", Kind: Moment, Example: "2026-11-23 20:00:00"},
		typesParam("values", "Honeypot types whose ratios to include."),
		typesParam("value", "More of the same."),
	},
	Answers: []Answer{{
		Schema: byKey(momentPattern, &Schema{
			Type: "object",
			Properties: Properties{
				field("UTCtimeFrom", textLike(momentPattern, "The hour's first second.")),
				field("UTCtimeTo", textLike(momentPattern, "The hour's last second.")),
				field("comm_totalRatio", &Schema{Type: "number", Description: "Alerts per daemon."}),
			},
			Required: []string{"UTCtimeFrom", "UTCtimeTo"},
			AdditionalProperties: &Schema{
				Type:        "number",
				Description: "comm_ratio_TYPE: alerts per honeypot of a requested type; absent in hours without that type.",
			},
		}, "By hour, in order, without hours without a record."),
		Example: `{
  "2026-11-23 18:00:00": {
    "UTCtimeFrom": "2026-11-23 18:00:00",
    "UTCtimeTo": "2026-11-23 18:59:59",
    "comm_totalRatio": 10.23,
    "comm_ratio_SSH/console(cowrie)": 12.5
  }
}`,
	}},
	Ask: askStats,
}

func typesParam(name, summary string) Param {
	return Param{Name: name, Summary: summary, Kind: List, Example: "SSH/console(cowrie),Webpage"}
}

func askStats(ctx context.Context, in Input) ([]byte, error) {
	from, to := minutesBefore(in.Now, 24*60), in.Now
	if in.given("gte") {
		from = in.time("gte")
	}
	if in.given("lt") {
		to = in.time("lt")
	}
	series, err := store.List[store.Statistic](ctx, in.Reader, store.Listing{From: from, To: to})
	if err != nil {
		return nil, err
	}
	names := []string{"comm_totalRatio"}
	for _, peerType := range items(canonicalList(in.text("values") + "," + in.text("value"))) {
		names = append(names, "comm_ratio_"+peerType)
	}
	answer := make(object, 0, len(series))
	for _, hour := range series {
		answer = append(answer, member{alert.At(hour.From).String(), statisticMembers(hour, names)})
	}
	return encodeJSON(answer)
}

// statisticMembers returns one hour of the answer, with those of the names that it
// has.
func statisticMembers(hour store.Statistic, names []string) object {
	members := object{
		{"UTCtimeFrom", alert.At(hour.From).String()},
		{"UTCtimeTo", alert.At(hour.To).String()},
	}
	for _, name := range names {
		// An hour without daemons has no ratio that JSON could represent.
		if v, ok := hour.Values[name]; ok && !math.IsNaN(v) && !math.IsInf(v, 0) {
			members = append(members, member{name, v})
		}
	}
	return members
}
