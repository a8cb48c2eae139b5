package query

import (
	"context"
	"time"

	"github.com/peba-edge/peba/store"
)

var retrieveLatLonAttacks = &Question{
	Name:    "retrieveLatLonAttacks",
	Summary: "The coordinates with the most alerts, as source or as target, in the last 24 hours or on one day by the sensors' clocks.",
	Formats: []string{JSON},
	TTL:     fixed(60 * time.Second),
	Params: []Param{
		{
			Name:    "direction",
			Summary: "Whether to rank sources or targets of attacks.",
			Kind:    Word,
			Words:   []string{"src", "dst"},
			Default: "src",
			Example: "dst",
		},
		topxParam,
		{
			Name:    "offset",
			Summary: "The day in UTC, as a number of days ago; by default, and for 0, the last 24 hours.",
			Kind:    Number,
			Max:     99_999,
			Default: "0",
			Example: "1",
		},
	},
	Answers: []Answer{{
		Schema: list(record(
			field("statsSince", textLike(`^[0-9]{4}-[0-9]{2}-[0-9]{2}$`, "The day, in UTC; today for the last 24 hours.")),
			field("latLonAttacks", list(placeSchema, "The places, highest count first."))),
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

var placeSchema = record(
	field("lat", text("In degrees.")),
	field("lng", text("In degrees.")),
	field("count", count("Number of alerts.")))

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
	end := store.SourceLocation
	if in.text("direction") == "dst" {
		end = store.TargetLocation
	}
	locations, err := in.topPlaces(ctx, filter, end, int(in.number("topx")))
	if err != nil {
		return nil, err
	}
	return encodeJSON([]any{struct {
		StatsSince    string          `json:"statsSince"`
		LatLonAttacks []locationCount `json:"latLonAttacks"`
	}{day.Format(time.DateOnly), locations}})
}

// topPlaces ranks the places of one end of the alerts. It returns [] for none.
func (in Input) topPlaces(ctx context.Context, f store.Filter, end store.Dimension, top int) ([]locationCount, error) {
	groups, err := in.Reader.Group(ctx, f, store.Grouping{By: []store.Dimension{end}, Top: top})
	if err != nil {
		return nil, err
	}
	places := make([]locationCount, len(groups))
	for i, g := range groups {
		lat, lng := coordinates(g.Key[0])
		places[i] = locationCount{lat, lng, g.Count}
	}
	return places, nil
}
