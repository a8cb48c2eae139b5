package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/peba-edge/peba/store"
)

const userColumns = "name, hash, get_only, community, email"

func scanUser(scan func(dest ...any) error) (u store.User, err error) {
	err = scan(&u.Name, &u.Hash, &u.GetOnly, &u.Community, &u.Email)
	return u, err
}

func (d *database) user(ctx context.Context, name string) (u store.User, err error) {
	err = d.read(ctx, func(readers *sql.DB) error {
		u, err = scanUser(readers.QueryRowContext(ctx, "SELECT "+userColumns+" FROM users WHERE name = ?", name).Scan)
		if errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("user %q: %w", name, store.ErrNotFound)
		}
		return err
	})
	return u, err
}

func (d *database) listUsers(ctx context.Context, l store.Listing, visit func(store.Record) error) error {
	return d.each(ctx, "SELECT "+userColumns+" FROM users ORDER BY name LIMIT ?", []any{l.N}, func(rows *sql.Rows) error {
		u, err := scanUser(rows.Scan)
		if err != nil {
			return err
		}
		return visit(u)
	})
}

func (d *database) putUsers(ctx context.Context, records []store.Record) error {
	return d.putChunks(ctx, records, func(w *writer, some []store.Record) error {
		for _, r := range some {
			u := r.(store.User)
			_, err := w.change("INSERT OR REPLACE INTO users ("+userColumns+") VALUES (?, ?, ?, ?, ?)",
				u.Name, u.Hash, encodeBool(u.GetOnly), encodeBool(u.Community), u.Email)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func (d *database) removeUser(ctx context.Context, name string) error {
	removed, err := d.write(ctx, "DELETE FROM users WHERE name = ?", name)
	if err == nil && removed == 0 {
		return fmt.Errorf("user %q: %w", name, store.ErrNotFound)
	}
	return err
}
