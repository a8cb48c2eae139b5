package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/peba-edge/peba/store"
)

func (d *database) putStatistics(ctx context.Context, records []store.Record) error {
	return d.putChunks(ctx, records, func(w *writer, some []store.Record) error {
		for _, r := range some {
			s := r.(store.Statistic)
			values, err := json.Marshal(s.Values)
			if err != nil {
				return fmt.Errorf("statistic from %s: %w", s.From, err)
			}
			_, err = w.change(`INSERT INTO statistics (starts, ends, "values") VALUES (?, ?, ?) ON CONFLICT DO NOTHING`,
				s.From.Unix(), s.To.Unix(), string(values))
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func (d *database) listStatistics(ctx context.Context, l store.Listing, visit func(store.Record) error) error {
	query, values := `SELECT starts, ends, "values" FROM statistics WHERE true`, []any{}
	if !l.From.IsZero() {
		query, values = query+" AND starts >= ?", append(values, secondsFrom(l.From))
	}
	if !l.To.IsZero() {
		query, values = query+" AND starts <= ?", append(values, l.To.Unix())
	}
	return d.each(ctx, query+" ORDER BY starts LIMIT ?", append(values, l.N), func(rows *sql.Rows) error {
		var starts, ends int64
		var text []byte
		if err := rows.Scan(&starts, &ends, &text); err != nil {
			return err
		}
		s := store.Statistic{From: decodeTime(starts), To: decodeTime(ends)}
		if err := json.Unmarshal(text, &s.Values); err != nil {
			return err
		}
		return visit(s)
	})
}
