package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/peba-edge/peba/query"
	"github.com/peba-edge/peba/store"
)

const (
	// statisticsEvery is how often hours without a record are searched.
	statisticsEvery = 5 * time.Minute
	// statisticsSettle is how long after its end an hour is counted, when all
	// messages that arrived in it are stored.
	statisticsSettle = 2 * time.Minute
)

// writeStatistics keeps the statistics series complete (docs/CONTRACT.md §3.2, end)
// until ctx ends: it writes each hour soon after its end, and after downtime all
// missing ones. Every node does so; a second record of an hour changes nothing.
func (a *App) writeStatistics(ctx context.Context) {
	repeat(ctx, statisticsEvery, func() {
		if err := a.fillStatistics(ctx, time.Now().UTC()); err != nil && !errors.Is(err, context.Canceled) {
			a.logger.Error("writing the statistics series", zap.Error(err))
		}
	})
}

// fillStatistics writes the missing records at now, as far back as alerts are
// complete. Records are final, so an hour must wait until the store has counted
// all its alerts.
func (a *App) fillStatistics(ctx context.Context, now time.Time) error {
	earliest := now.Add(-time.Duration(a.Retention)).Truncate(time.Hour).Add(time.Hour)
	settled := now
	if o, ok := a.store.(store.Outbox); ok {
		oldest, err := o.Settle(ctx)
		if err != nil {
			return fmt.Errorf("waiting for alerts to be counted: %w", err)
		}
		if oldest.Before(now) {
			settled = oldest
		}
	}
	hours, err := query.MissingHours(ctx, a.store, earliest, settled.Add(-statisticsSettle))
	if err != nil {
		return fmt.Errorf("finding hours without a record: %w", err)
	}
	for _, hour := range hours {
		record, err := query.Statistic(ctx, a.store, hour)
		if err != nil {
			return fmt.Errorf("counting the hour from %s: %w", hour.Format(time.DateTime), err)
		}
		if err := a.store.PutRecords(ctx, record); err != nil {
			return fmt.Errorf("storing the hour from %s: %w", hour.Format(time.DateTime), err)
		}
	}
	return nil
}
