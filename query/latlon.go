package query

import (
	"context"
	"time"

	"github.com/peba-edge/peba/store"
)

var retrieveLatLonAttacks = &Question{
	Name:    "retrieveLatLonAttacks",
	Summary: "The coordinates that most alerts came from, or went to, in the last 24 hours or on one day by the sensors' clocks.",
	Formats: []string{JSON},
	TTL:     fixed(60 * time.Second),
	Params: []Param{
		{
			Name:    "direction",
			Summary: "Whether sources or targets of attacks are meant.",
			Kind:    Word,
			Words:   []string{"src", "dst"},
			Default: "src",
			Example: "dst",
		},
		topxParam,
		{
			Name:    "offset",
			Summary: "How many days ago was the day, in UTC; by default, and for 0, the last 24 hours.",
			Kind:    Number,
			Max:     99_999,
			Default: "0",
			Example: "1",
		},
	},
	Answers: []Answer{{
		Schema: list(record(
			field("statsSince", textLike(`^[0-9]{4}-[0-9]{2}-[0-9]{2}$`, "The day, in UTC; today for the last 24 hours.")),
			field("latLonAttacks", list(record(
				field("lat", text("In degrees.")),
				field("lng", text("In degrees.")),
				field("count", count("How many alerts."))),
				"The places, most alerts first."))),
			"One object."),
		Example: `[
  {
    "statsSince": "2026-11-23",
    "latLonAttacks": [
      {"lat": "52.3751", "lng": "9.9819", "count": 30},
      {"lat": "0.0", "lng": "0.0", "count": 19}
    ]
  }
]`,
	}},
	Ask: askLatLon,
}

type locationCount struct {
	Lat   string `json:"lat"`
	Lng   string `json:"lng"`
	Count int64  `json:"count"`
}

func askLatLon(ctx context.Context, in Input) ([]byte, error) {
	offset := in.number("offset")
	day := daysBefore(in.Now, offset)
	filter := store.Filter{Domain: in.Domain, Time: store.Created, From: day, To: day.Add(oneDay)}
	if offset == 0 {
		filter.From, filter.To = minutesBefore(in.Now, 24*60), untilNow(in.Now)
	}
	grouping := store.Grouping{By: []store.Dimension{store.SourceLocation}, Top: int(in.number("topx"))}
	if in.text("direction") == "dst" {
		grouping.By[0] = store.TargetLocation
	}
	groups, err := in.Reader.Group(ctx, filter, grouping)
	if err != nil {
		return nil, err
	}
	locations := make([]locationCount, len(groups)) // not nil: an empty answer is []
	for i, g := range groups {
		lat, lng := coordinates(g.Key[0])
		locations[i] = locationCount{lat, lng, g.Count}
	}
	return encodeJSON([]any{struct {
		StatsSince    string          `json:"statsSince"`
		LatLonAttacks []locationCount `json:"latLonAttacks"`
	}{day.Format(time.DateOnly), locations}})
}
