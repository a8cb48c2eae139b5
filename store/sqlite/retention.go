package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"
)

// Maximum rows deleted per transaction, so that messages do not wait longer for
// it than for each other. A payload may have megabytes.
const (
	retireRows     = 1000
	retirePayloads = 100
)

// retire deletes alerts received before a time, payloads and sensors not seen since, and
// unreferenced dictionary rows. Freed pages stay in the file for new alerts.
func (d *database) retire(ctx context.Context, receivedBefore time.Time) error {
	limit := secondsFrom(receivedBefore)
	for done := false; !done; {
		err := d.do(ctx, &job{rows: retireRows, work: func(w *writer) (err error) {
			done, err = w.retireSome(limit)
			return err
		}})
		if err != nil {
			return err
		}
	}
	if err := d.retireArrivals(ctx, limit); err != nil {
		return err
	}
	if err := d.retireRollups(ctx, limit); err != nil {
		return err
	}
	if err := d.retireSensors(ctx, limit); err != nil {
		return err
	}
	return d.retirePayloads(ctx, limit)
}

// retireSome deletes some rows before the limit, and reports whether they were
// the last.
func (w *writer) retireSome(limit int64) (done bool, err error) {
	left := int64(retireRows)
	for _, community := range []string{"0", "1"} {
		n, err := w.change(`DELETE FROM alerts WHERE seq IN (
			SELECT seq FROM alerts INDEXED BY alerts_received
			WHERE community = `+community+` AND received < ? ORDER BY received LIMIT ?)`, limit, left)
		if left -= n; err != nil || left == 0 {
			return false, err
		}
	}
	// No alert from before the limit is left, so none refers to a row whose
	// last day is before the limit's.
	var rows int64
	for _, table := range []string{"sensors", "places"} {
		n, err := w.change(`DELETE FROM `+table+` WHERE id IN (
			SELECT id FROM `+table+` WHERE last_day < ? LIMIT ?)`, dayOf(limit), int64(retireRows))
		if err != nil {
			return false, err
		}
		rows = max(rows, n)
	}
	if rows > 0 {
		w.insert.forget()
	}
	return rows < retireRows, nil
}

// retirePayloads deletes payloads last seen before the limit. A reader finds
// them, so that the writer need not wait.
func (d *database) retirePayloads(ctx context.Context, limit int64) error {
	for last := int64(0); ; {
		var ids []int64
		err := d.each(ctx, "SELECT id FROM payloads WHERE id > ? AND last_seen < ? ORDER BY id LIMIT ?",
			[]any{last, limit, retirePayloads}, func(rows *sql.Rows) error {
				err := rows.Scan(&last)
				ids = append(ids, last)
				return err
			})
		if err != nil || len(ids) == 0 {
			return err
		}
		list, err := json.Marshal(ids)
		if err != nil {
			return err
		}
		err = d.do(ctx, &job{rows: retireRows, work: func(w *writer) error {
			return w.deletePayloads(string(list), limit)
		}})
		if err != nil {
			return err
		}
	}
}

// deletePayloads deletes those payloads that were not seen in the meantime.
func (w *writer) deletePayloads(ids string, limit int64) error {
	if _, err := w.change("DELETE FROM payloads WHERE id IN (SELECT value FROM json_each(?)) AND last_seen < ?", ids, limit); err != nil {
		return err
	}
	_, err := w.change(`DELETE FROM payload_data WHERE id IN (SELECT value FROM json_each(?1))
		AND id NOT IN (SELECT id FROM payloads WHERE id IN (SELECT value FROM json_each(?1)))`, ids)
	return err
}
