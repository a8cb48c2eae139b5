package sqlite

import (
	"context"
	"database/sql"
	"math"
	"slices"
	"strconv"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
)

// position is an alert's position in the order of Newest: by time, then by
// arrival.
type position struct{ at, seq int64 }

// compare sorts newest first.
func (p position) compare(other position) int {
	switch {
	case p.at > other.at || p.at == other.at && p.seq > other.seq:
		return -1
	case p == other:
		return 0
	default:
		return 1
	}
}

// newest answers in two steps on one snapshot: first the positions, from an
// index alone, then the documents.
func (d *database) newest(ctx context.Context, f store.Filter, n int) ([]alert.Document, error) {
	if n <= 0 {
		return nil, ctx.Err()
	}
	var docs []alert.Document
	err := d.snapshot(ctx, func(tx *sql.Tx) error {
		found, err := newestPositions(ctx, tx, f, n)
		if err != nil {
			return err
		}
		docs, err = documents(ctx, tx, found)
		return err
	})
	return docs, err
}

// newestPositions returns the first n positions of each domain, in order.
func newestPositions(ctx context.Context, tx *sql.Tx, f store.Filter, n int) ([]position, error) {
	domain, err := communities(f.Domain)
	if err != nil {
		return nil, err
	}
	var found []position
	for _, community := range domain {
		more, err := newestOfDomain(ctx, tx, f, community, n)
		if err != nil {
			return nil, err
		}
		found = append(found, more...)
	}
	return first(found, n), nil
}

func newestOfDomain(ctx context.Context, tx *sql.Tx, f store.Filter, community string, n int) ([]position, error) {
	c, column, err := selected(f)
	if err != nil {
		return nil, err
	}
	c.add("community = " + community)
	if f.Time == store.Created && f.SourceIP != "" {
		return newestOfSource(ctx, tx, c, n)
	}
	table := "alerts INDEXED BY alerts_id"
	if f.Time == store.Received {
		table = "alerts INDEXED BY alerts_received"
	}
	return positions(ctx, tx, "SELECT "+column+", seq FROM "+table+c.where()+
		" ORDER BY "+column+" DESC, seq DESC LIMIT ?", append(c.values, n)...)
}

// newestOfSource finds the newest created alerts of one source, in an index with
// the block of arrival before the source. It reads blocks backwards from the
// last, one, two, four and so on at a time. It needs only alerts not older than
// the n-th so far, which soon is nothing.
func newestOfSource(ctx context.Context, tx *sql.Tx, c conditions, n int) ([]position, error) {
	var firstBlock, lastBlock sql.NullInt64
	err := tx.QueryRowContext(ctx, `SELECT
		(SELECT block FROM alerts ORDER BY seq LIMIT 1), (SELECT block FROM alerts ORDER BY seq DESC LIMIT 1)`).
		Scan(&firstBlock, &lastBlock)
	if err != nil || !firstBlock.Valid {
		return nil, err
	}
	var found []position
	width := int64(1)
	for high := lastBlock.Int64; high >= firstBlock.Int64; width *= 2 {
		low := max(firstBlock.Int64, high-width+1)
		oldest := int64(math.MinInt64)
		if len(found) == n {
			oldest = found[n-1].at
		}
		more, err := positions(ctx, tx, "SELECT created, seq FROM alerts INDEXED BY alerts_source"+c.where()+
			" AND block IN (SELECT value FROM json_each(?)) AND created >= ? ORDER BY created DESC, seq DESC LIMIT ?",
			append(slices.Clone(c.values), numbers(low, high), oldest, n)...)
		if err != nil {
			return nil, err
		}
		found = first(append(found, more...), n)
		high = low - 1
	}
	return found, nil
}

// numbers returns a JSON array of the numbers from low to high.
func numbers(low, high int64) string {
	list := []byte{'['}
	for n := low; n <= high; n++ {
		if n > low {
			list = append(list, ',')
		}
		list = strconv.AppendInt(list, n, 10)
	}
	return string(append(list, ']'))
}

func positions(ctx context.Context, tx *sql.Tx, query string, values ...any) ([]position, error) {
	rows, err := tx.QueryContext(ctx, query, values...)
	if err != nil {
		return nil, err
	}
	return readPositions(rows)
}

func readPositions(rows *sql.Rows) ([]position, error) {
	defer func() { _ = rows.Close() }()
	var found []position
	for rows.Next() {
		var p position
		if err := rows.Scan(&p.at, &p.seq); err != nil {
			return nil, err
		}
		found = append(found, p)
	}
	return found, rows.Err()
}

// first sorts positions and keeps n.
func first(found []position, n int) []position {
	slices.SortFunc(found, position.compare)
	return found[:min(n, len(found))]
}
