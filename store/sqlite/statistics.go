package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/peba-edge/peba/store"
)

func (d *database) putStatistic(ctx context.Context, s store.Statistic) error {
	values, err := json.Marshal(s.Values)
	if err != nil {
		return fmt.Errorf("statistic from %s: %w", s.From, err)
	}
	_, err = d.write(ctx, `INSERT INTO statistics (starts, ends, "values") VALUES (?, ?, ?) ON CONFLICT DO NOTHING`,
		s.From.Unix(), s.To.Unix(), string(values))
	return err
}

func (d *database) statistics(ctx context.Context, from, to time.Time) ([]store.Statistic, error) {
	var series []store.Statistic
	err := d.each(ctx, `SELECT starts, ends, "values" FROM statistics WHERE starts >= ? AND starts <= ? ORDER BY starts`,
		[]any{secondsFrom(from), to.Unix()}, func(rows *sql.Rows) error {
			var starts, ends int64
			var values []byte
			if err := rows.Scan(&starts, &ends, &values); err != nil {
				return err
			}
			s := store.Statistic{From: decodeTime(starts), To: decodeTime(ends)}
			series = append(series, s)
			return json.Unmarshal(values, &series[len(series)-1].Values)
		})
	if err != nil {
		return nil, err
	}
	return series, nil
}
