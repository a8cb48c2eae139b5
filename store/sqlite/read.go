package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/peba-edge/peba/sqlitedb"
	"github.com/peba-edge/peba/store"
)

// snapshot runs related reads on one state of the database.
func (d *database) snapshot(ctx context.Context, read func(tx *sql.Tx) error) error {
	return d.read(ctx, func(readers *sql.DB) error {
		tx, err := readers.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
		if err != nil {
			return err
		}
		defer func() { _ = tx.Rollback() }() // nothing was written
		return read(tx)
	})
}

// read runs a question, which must not start another one. It fails while the
// files are not at their paths: a new connection would read a different file.
func (d *database) read(ctx context.Context, ask func(readers *sql.DB) error) error {
	if d.draining.Load() {
		return describe("read", d.path, errOpening)
	}
	d.files.mu.RLock()
	defer d.files.mu.RUnlock()
	err := d.inPlace()
	if err == nil {
		err = ask(d.readers)
	}
	if err == nil {
		return nil
	}
	// A context's end takes precedence over the query's error.
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	if sqlitedb.IsDamage(err) {
		d.suspect(err)
	}
	return describe("read", d.path, err)
}

// each runs a query on a separate snapshot and calls scan for every row.
func (d *database) each(ctx context.Context, query string, values []any, scan func(rows *sql.Rows) error) error {
	return d.read(ctx, func(readers *sql.DB) error {
		rows, err := readers.QueryContext(ctx, query, values...)
		if err != nil {
			return err
		}
		return scanAll(rows, scan)
	})
}

// scanAll calls scan for every row and closes them.
func scanAll(rows *sql.Rows, scan func(rows *sql.Rows) error) error {
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// eachRow runs a query and calls scan for every row.
func eachRow(ctx context.Context, tx *sql.Tx, query string, values []any, scan func(rows *sql.Rows) error) error {
	rows, err := tx.QueryContext(ctx, query, values...)
	if err != nil {
		return err
	}
	return scanAll(rows, scan)
}

// count groups by nothing.
func (d *database) count(ctx context.Context, f store.Filter) (int64, error) {
	groups, err := d.group(ctx, f, store.Grouping{})
	if err != nil || len(groups) == 0 {
		return 0, err
	}
	return groups[0].Count, nil
}

func (d *database) payload(ctx context.Context, hash string) (store.Payload, error) {
	var p store.Payload
	var fuzzy, md5 any
	var first, last int64
	encoded := encodeHex(hash)
	err := d.read(ctx, func(readers *sql.DB) error {
		err := readers.QueryRowContext(ctx, `
			SELECT fuzzy, md5, mime_type, source_ip, target_port, first_seen, last_seen, md5_count, fuzzy_count, data
			FROM payloads JOIN payload_data USING (id)
			WHERE fuzzy = ? OR md5 = ? ORDER BY id LIMIT 1`, encoded, encoded).
			Scan(&fuzzy, &md5, &p.MIMEType, &p.InitialIP, &p.InitialDestPort, &first, &last, &p.MD5Count, &p.FuzzyHashCount, &p.Data)
		if errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("payload %q: %w", hash, store.ErrNotFound)
		}
		return err
	})
	if err != nil {
		return store.Payload{}, err
	}
	p.FuzzyHash, p.Hash = decodeHex(fuzzy), decodeHex(md5)
	p.FirstSeen, p.LastSeen = decodeTime(first), decodeTime(last)
	p.Location = "store"
	return p, nil
}

func (d *database) listCVEs(ctx context.Context, l store.Listing, visit func(store.Record) error) error {
	const query = "SELECT id, first_seen, source_ip, target_port, peer_type FROM cves ORDER BY id LIMIT ?"
	return d.each(ctx, query, []any{l.N}, func(rows *sql.Rows) error {
		var c store.CVE
		var first int64
		if err := rows.Scan(&c.ID, &first, &c.SourceIP, &c.TargetPort, &c.PeerType); err != nil {
			return err
		}
		c.FirstSeen = decodeTime(first)
		return visit(c)
	})
}

// describe adds the operation and the file to an error, and marks temporary
// ones.
func describe(doing, path string, err error) error {
	switch {
	case err == nil, errors.Is(err, store.ErrNotFound):
		return err
	case errors.Is(err, store.ErrUnavailable): // already described
		return err
	case sqlitedb.IsDown(err):
		return fmt.Errorf("%s %s: %w: %w", doing, path, store.ErrUnavailable, err)
	default:
		return fmt.Errorf("%s %s: %w", doing, path, err)
	}
}
