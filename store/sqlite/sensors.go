package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/peba-edge/peba/store"
)

// sensorsAtOnce is how many records one transaction takes in, so that messages
// wait for them no longer than for each other.
const sensorsAtOnce = 500

func (d *database) putSensors(ctx context.Context, records []store.SensorRecord) error {
	for some := range slices.Chunk(records, sensorsAtOnce) {
		list, err := json.Marshal(some)
		if err != nil {
			return fmt.Errorf("records of sensors: %w", err)
		}
		err = d.do(ctx, &job{rows: len(some), bytes: len(list), work: func(w *writer) error {
			_, err := w.change(`INSERT INTO sensor_records (key, community, updated, record)
				SELECT value ->> 'key', value ->> 'community', unixepoch(value ->> 'updated'), value FROM json_each(?) WHERE true
				ON CONFLICT DO UPDATE SET community = excluded.community, updated = excluded.updated, record = excluded.record`, string(list))
			return err
		}})
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (d *database) sensors(ctx context.Context, community bool, n int, visit func(store.SensorRecord) error) error {
	const query = "SELECT record FROM sensor_records WHERE community = ? ORDER BY updated DESC, key LIMIT ?"
	return d.each(ctx, query, []any{community, n}, func(rows *sql.Rows) error {
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
