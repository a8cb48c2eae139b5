package query

import (
	"context"
	"time"

	"github.com/peba-edge/peba/store"
)

var retrieveAlertStats = &Question{
	Name:    "retrieveAlertStats",
	Summary: "How many alerts arrived in the last 24 hours, hour, 5 minutes and minute.",
	Formats: []string{JSON},
	TTL:     fixed(13 * time.Second),
	Answers: []Answer{{
		Schema: record(
			field("AlertsLast24Hours", count("How many alerts in the last 24 hours.")),
			field("AlertsLastHour", count("How many in the last hour.")),
			field("AlertsLast5Minutes", count("How many in the last five minutes.")),
			field("AlertsLastMinute", count("How many in the last minute."))),
		Example: `{"AlertsLast24Hours": 86400, "AlertsLastHour": 3600, "AlertsLast5Minutes": 300, "AlertsLastMinute": 60}`,
	}},
	Ask: askAlertStats,
}

func askAlertStats(ctx context.Context, in Input) ([]byte, error) {
	var answer struct {
		AlertsLast24Hours, AlertsLastHour, AlertsLast5Minutes, AlertsLastMinute int64
	}
	// The shortest first: alerts that arrive meanwhile then never make a
	// shorter window hold more than a longer one.
	for _, window := range []struct {
		minutes int64
		count   *int64
	}{
		{1, &answer.AlertsLastMinute},
		{5, &answer.AlertsLast5Minutes},
		{60, &answer.AlertsLastHour},
		{24 * 60, &answer.AlertsLast24Hours},
	} {
		var err error
		filter := store.Filter{Domain: in.Domain, From: minutesBefore(in.Now, window.minutes)}
		if *window.count, err = in.Reader.Count(ctx, filter); err != nil {
			return nil, err
		}
	}
	return encodeJSON(answer)
}
