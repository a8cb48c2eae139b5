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
	tx, err := d.readers.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return d.readError(ctx, err)
	}
	defer func() { _ = tx.Rollback() }() // nothing was written
	return d.readError(ctx, read(tx))
}

// readError says where reading failed; a context that ended comes first,
// whatever it made of the query.
func (d *database) readError(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return describe("read", d.path, err)
}

// each runs a query on a snapshot of its own and calls scan for every row.
func (d *database) each(ctx context.Context, query string, values []any, scan func(rows *sql.Rows) error) error {
	rows, err := d.readers.QueryContext(ctx, query, values...)
	if err != nil {
		return d.readError(ctx, err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return d.readError(ctx, err)
		}
	}
	return d.readError(ctx, rows.Err())
}

// eachRow runs a query and calls scan for every row.
func eachRow(ctx context.Context, tx *sql.Tx, query string, values []any, scan func(rows *sql.Rows) error) error {
	rows, err := tx.QueryContext(ctx, query, values...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
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
	err := d.readers.QueryRowContext(ctx, `
		SELECT fuzzy, md5, mime_type, source_ip, target_port, first_seen, last_seen, md5_count, fuzzy_count, data
		FROM payloads JOIN payload_data USING (id)
		WHERE fuzzy = ? OR md5 = ? ORDER BY id LIMIT 1`, encoded, encoded).
		Scan(&fuzzy, &md5, &p.MIMEType, &p.InitialIP, &p.InitialDestPort, &first, &last, &p.MD5Count, &p.FuzzyHashCount, &p.Data)
	if errors.Is(err, sql.ErrNoRows) {
		return store.Payload{}, fmt.Errorf("payload %q: %w", hash, store.ErrNotFound)
	}
	if err != nil {
		return store.Payload{}, d.readError(ctx, err)
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
	case err == nil:
		return nil
	case sqlitedb.IsDown(err):
		return fmt.Errorf("%s %s: %w: %w", doing, path, store.ErrUnavailable, err)
	default:
		return fmt.Errorf("%s %s: %w", doing, path, err)
	}
}
