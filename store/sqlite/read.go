package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/peba-edge/peba/sqlitedb"
	"github.com/peba-edge/peba/store"
)

// snapshot runs reads that belong together on one state of the database.
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

// read runs a question, which must not ask another while it runs. There is no
// answer while the files are not where they were opened: a new connection would
// read another file.
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
	// A context that ended comes first, whatever it made of the query.
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	if sqlitedb.IsDamage(err) {
		d.suspect(err)
	}
	return describe("read", d.path, err)
}

// each runs a query on a snapshot of its own and calls scan for every row.
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

// count is a group by nothing.
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

func (d *database) cves(ctx context.Context) ([]store.CVE, error) {
	var all []store.CVE
	err := d.each(ctx, "SELECT id, first_seen, source_ip, target_port, peer_type FROM cves ORDER BY id", nil, func(rows *sql.Rows) error {
		var c store.CVE
		var first int64
		if err := rows.Scan(&c.ID, &first, &c.SourceIP, &c.TargetPort, &c.PeerType); err != nil {
			return err
		}
		c.FirstSeen = decodeTime(first)
		all = append(all, c)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

// describe says what failed on which file, and marks what may pass.
func describe(doing, path string, err error) error {
	switch {
	case err == nil, errors.Is(err, store.ErrNotFound):
		return err
	case errors.Is(err, store.ErrUnavailable): // it was described before
		return err
	case sqlitedb.IsDown(err):
		return fmt.Errorf("%s %s: %w: %w", doing, path, store.ErrUnavailable, err)
	default:
		return fmt.Errorf("%s %s: %w", doing, path, err)
	}
}
