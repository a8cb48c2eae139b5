package query

import (
	"context"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
)

var retrieveAlertStats = &Question{
	Name:    "retrieveAlertStats",
	Summary: "Number of alerts that arrived in the last 24 hours, hour, 5 minutes and minute.",
	Formats: []string{JSON},
	TTL:     fixed(13 * time.Second),
	Params: []Param{{
		Name:    "until",
		Summary: "second: the windows end with the last complete second, which the answer states. By default they end now.",
		Kind:    Word,
		Words:   []string{"second"},
		Example: "second",
	}},
	Answers: []Answer{{
		Schema: optional(record(
			field("AlertsLast24Hours", count("Number of alerts in the last 24 hours.")),
			field("AlertsLastHour", count("Number of alerts in the last hour.")),
			field("AlertsLast5Minutes", count("Number of alerts in the last five minutes.")),
			field("AlertsLastMinute", count("Number of alerts in the last minute.")),
			field("until", textLike(momentPattern, "With until=second: the end of the windows, exclusive, in UTC."))),
			"until"),
		Example: `{"AlertsLast24Hours": 86400, "AlertsLastHour": 3600, "AlertsLast5Minutes": 300, "AlertsLastMinute": 60}`,
	}},
	Ask: askAlertStats,
}

func askAlertStats(ctx context.Context, in Input) ([]byte, error) {
	var answer struct {
		AlertsLast24Hours, AlertsLastHour, AlertsLast5Minutes, AlertsLastMinute int64

		Until string `json:"until,omitempty"`
	}
	now, to := in.Now, time.Time{}
	if in.given("until") {
		now = in.Now.Add(-store.Settle).Truncate(time.Second)
		to = now
		answer.Until = alert.At(to).String()
	}
	// Shortest first, so that alerts arriving meanwhile never make a shorter
	// window exceed a longer one.
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
		filter := store.Filter{Domain: in.Domain, From: minutesBefore(now, window.minutes), To: to}
		if *window.count, err = in.Reader.Count(ctx, filter); err != nil {
			return nil, err
		}
	}
	return encodeJSON(answer)
}
