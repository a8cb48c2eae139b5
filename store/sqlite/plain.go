package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/peba-edge/peba/store"
)

func (d *database) plainRecord(ctx context.Context, kind store.Kind, key string) (r store.Record, err error) {
	err = d.read(ctx, func(readers *sql.DB) error {
		var document []byte
		err := readers.QueryRowContext(ctx, "SELECT value FROM documents WHERE kind = ? AND key = ?", string(kind), key).Scan(&document)
		if errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("%s %q: %w", kind, key, store.ErrNotFound)
		}
		if err != nil {
			return err
		}
		r, err = store.DecodePlain(kind, document)
		return err
	})
	return r, err
}

func (d *database) listPlain(ctx context.Context, kind store.Kind, l store.Listing, visit func(store.Record) error) error {
	query, values := "SELECT value FROM documents WHERE kind = ? AND key > ?", []any{string(kind), l.After}
	if l.Prefix != "" {
		// No UTF-8 has the byte FF, so that all keys with the prefix are before it.
		query, values = query+" AND key >= ? AND key < ?", append(values, l.Prefix, l.Prefix+"\xff")
	}
	return d.each(ctx, query+" ORDER BY key LIMIT ?", append(values, l.N), func(rows *sql.Rows) error {
		var document []byte
		if err := rows.Scan(&document); err != nil {
			return err
		}
		r, err := store.DecodePlain(kind, document)
		if err != nil {
			return err
		}
		return visit(r)
	})
}

// putPlain stores plain records, each in its own transaction: they are few, and may have
// megabytes.
func (d *database) putPlain(ctx context.Context, records []store.Record) error {
	for _, r := range records {
		document, err := store.EncodePlain(r)
		if err != nil {
			return err
		}
		conflict := "UPDATE SET value = excluded.value"
		if store.KeepsFirst(r.RecordKind()) {
			conflict = "NOTHING"
		}
		err = d.do(ctx, &job{rows: 1, bytes: len(document), work: func(w *writer) error {
			_, err := w.change("INSERT INTO documents (kind, key, value) VALUES (?, ?, ?) ON CONFLICT (kind, key) DO "+conflict,
				string(r.RecordKind()), r.RecordKey(), document)
			return err
		}})
		if err != nil {
			return err
		}
	}
	return nil
}

func (d *database) deletePlain(ctx context.Context, kind store.Kind, key string) error {
	deleted, err := d.write(ctx, "DELETE FROM documents WHERE kind = ? AND key = ?", string(kind), key)
	if err == nil && deleted == 0 {
		return fmt.Errorf("%s %q: %w", kind, key, store.ErrNotFound)
	}
	return err
}
