package query

import (
	"context"
	"math"
	"time"

	"github.com/peba-edge/peba/store"
)

// hourly is the length of a record of the statistics series.
const hourly = time.Hour

// Statistic computes the record of the statistics series for the hour that
// starts at from, from the community's alerts (docs/CONTRACT.md §3.2, end).
func Statistic(ctx context.Context, r store.Reader, from time.Time) (store.Statistic, error) {
	groups, err := r.Group(ctx,
		store.Filter{Domain: store.Community, From: from, To: from.Add(hourly)},
		store.Grouping{By: honeypotDimensions})
	if err != nil {
		return store.Statistic{}, err
	}
	stats := countHoneypots(groups)
	values := map[string]float64{
		"comm_totalNumberAlerts":    float64(stats.Alerts),
		"comm_totalNumberHoneypots": float64(stats.Honeypots),
		"comm_totalNumberDaemons":   float64(stats.Daemons),
		"comm_totalRatio":           ratio(float64(stats.Alerts), float64(stats.Daemons)),
	}
	for peerType, alerts := range stats.AlertsPerType {
		honeypots := stats.HoneypotsPerType[peerType]
		values["comm_totalAlerts_"+peerType] = float64(alerts)
		values["comm_totalHPs_"+peerType] = float64(honeypots)
		values["comm_ratio_"+peerType] = ratio(float64(alerts), float64(honeypots))
	}
	return store.Statistic{From: from, To: from.Add(hourly - time.Second), Values: values}, nil
}

// MissingHours returns the starts of hours without a record in the statistics
// series, oldest first. The hours ended by end, and at least one hour after the
// arrival of the community's first alert since earliest.
func MissingHours(ctx context.Context, r store.Reader, earliest, end time.Time) ([]time.Time, error) {
	// By hour, not by alert: a store has few hours.
	hours, err := r.Group(ctx,
		store.Filter{Domain: store.Community, From: earliest, To: end},
		store.Grouping{Bucket: hourly})
	if err != nil || len(hours) == 0 {
		return nil, err
	}
	first := hours[0].Start
	for _, h := range hours {
		if h.Start.Before(first) {
			first = h.Start
		}
	}
	series, err := store.List[store.Statistic](ctx, r, store.Listing{From: first, To: end})
	if err != nil {
		return nil, err
	}
	there := make(map[time.Time]bool, len(series))
	for _, s := range series {
		there[s.From.UTC()] = true
	}
	var missing []time.Time
	for hour := first; !hour.Add(hourly).After(end); hour = hour.Add(hourly) {
		if !there[hour] {
			missing = append(missing, hour)
		}
	}
	return missing, nil
}

// ratio returns a/b with three decimals, 0 for b 0.
func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return math.Round(a/b*1000) / 1000
}
