package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/peba-edge/peba/store"
)

func (d *database) putSensors(ctx context.Context, records []store.Record) error {
	return d.putChunks(ctx, records, func(w *writer, some []store.Record) error {
		list, err := json.Marshal(some)
		if err != nil {
			return fmt.Errorf("records of sensors: %w", err)
		}
		_, err = w.change(`INSERT INTO sensor_records (key, community, updated, record)
			SELECT value ->> 'key', value ->> 'community', unixepoch(value ->> 'updated'), value FROM json_each(?) WHERE true
			ON CONFLICT DO UPDATE SET community = excluded.community, updated = excluded.updated, record = excluded.record`, string(list))
		return err
	})
}

func (d *database) listSensors(ctx context.Context, l store.Listing, visit func(store.Record) error) error {
	const query = "SELECT record FROM sensor_records WHERE community = ? ORDER BY updated DESC, key LIMIT ?"
	return d.each(ctx, query, []any{l.Domain == store.Community, l.N}, func(rows *sql.Rows) error {
		var (
			text   []byte
			record store.SensorRecord
		)
		if err := rows.Scan(&text); err != nil {
			return err
		}
		if err := json.Unmarshal(text, &record); err != nil {
			return err
		}
		return visit(record)
	})
}

// retireSensors deletes records not updated since the limit.
func (d *database) retireSensors(ctx context.Context, limit int64) error {
	for done := false; !done; {
		err := d.do(ctx, &job{rows: retireRows, work: func(w *writer) error {
			n, err := w.change(`DELETE FROM sensor_records WHERE key IN (
				SELECT key FROM sensor_records WHERE community IN (0, 1) AND updated < ? LIMIT ?)`, limit, int64(retireRows))
			done = n < retireRows
			return err
		}})
		if err != nil {
			return err
		}
	}
	return nil
}
