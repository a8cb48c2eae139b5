package collector

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
	// statisticsEvery is how often it is looked for hours without a record.
	statisticsEvery = 5 * time.Minute
	// statisticsSettle is how long after its end an hour is counted: messages
	// that arrived in it are stored by then.
	statisticsSettle = 2 * time.Minute
)

// writeStatistics keeps the statistics series complete (contract §3.2, end)
// until ctx ends: an hour soon after its end, and after downtime all that are
// missing. Every node does so; a second record of an hour changes nothing.
func (a *App) writeStatistics(ctx context.Context) {
	repeat(ctx, statisticsEvery, func() {
		if err := a.fillStatistics(ctx, time.Now().UTC()); err != nil && !errors.Is(err, context.Canceled) {
			a.logger.Error("writing the statistics series", zap.Error(err))
		}
	})
}

// fillStatistics writes the records that are missing at now, as far back as
// alerts are kept whole. A record stays as it is written: so an hour of which the
// store has yet to count alerts must wait.
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
		if err := a.store.PutStatistic(ctx, record); err != nil {
			return fmt.Errorf("storing the hour from %s: %w", hour.Format(time.DateTime), err)
		}
	}
	return nil
}
