package query

import (
	"context"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
)

// replayedPlaces is the maximum number of places in an answer of replayPlaces.
const replayedPlaces = 100

var replayPlaces = &Question{
	Name:    "replayPlaces",
	Summary: "The coordinates with the most alerts as source on a day up to some hour, by the sensors' clocks, for the background of a replay.",
	Formats: []string{JSON},
	AtOnce:  2,
	TTL: func(args Args, now time.Time) time.Duration {
		return replayTTL(args.time("to"), now, 60*time.Second)
	},
	Params: []Param{{
		Name:     "to",
		Summary:  "The end, exclusive; 00:00:00 is the end of the day before.",
		Kind:     Moment,
		Every:    time.Hour,
		Required: true,
		Example:  "2026-11-22 14:00:00",
	}},
	Answers: []Answer{{
		Schema: record(
			field("from", textLike(dayPattern, "The day's start, in UTC.")),
			field("to", textLike(momentPattern, "The end, exclusive.")),
			field("places", list(placeSchema, "At most 100, highest count first."))),
		Example: `{
  "from": "2026-11-22 00:00:00",
  "to": "2026-11-22 14:00:00",
  "places": [{"lat": "52.3751", "lng": "9.9819", "count": 30}]
}`,
	}},
	Ask: askReplayPlaces,
}

func askReplayPlaces(ctx context.Context, in Input) ([]byte, error) {
	to := in.time("to")
	from := startOfDay(to)
	if from.Equal(to) && to.Year() > 0 { // no day precedes the year 0
		from = from.Add(-oneDay)
	}
	places := []locationCount{} // not nil: an empty answer is []
	if from.Before(in.Now) && to.After(in.Now.Add(-in.Retention)) {
		var err error
		// By the sensors' clocks, since stores roll up places by these.
		filter := store.Filter{Domain: in.Domain, Time: store.Created, From: from, To: to}
		if places, err = in.topPlaces(ctx, filter, store.SourceLocation, replayedPlaces); err != nil {
			return nil, err
		}
	}
	return encodeJSON(struct {
		From   string          `json:"from"`
		To     string          `json:"to"`
		Places []locationCount `json:"places"`
	}{alert.At(from).String(), alert.At(to).String(), places})
}
