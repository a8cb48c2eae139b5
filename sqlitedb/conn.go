// Package sqlitedb is the SQLite layer of store/sqlite and spool: connections
// on the driver itself, files and their locks, write-ahead logs, and a write
// queue.
package sqlitedb

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"strings"

	sqlite3 "modernc.org/sqlite"

	"github.com/peba-edge/peba/sqlitedb/sabotage"
)

// Conn is one connection, used by one goroutine, on the driver itself:
// database/sql makes an insert a quarter slower (store/sqlite/DESIGN.md).
type Conn struct {
	driver.Conn
	kept []*Statement
}

// Connect opens a connection. Each pragma has the form name(value).
func Connect(ctx context.Context, path string, pragmas ...string) (*Conn, error) {
	return connect(ctx, DSN(path, "rw", pragmas...))
}

// ConnectReadOnly opens a connection that cannot write: even if it is the last
// to close, it does not move the write-ahead log into the file.
func ConnectReadOnly(ctx context.Context, path string, pragmas ...string) (*Conn, error) {
	return connect(ctx, DSN(path, "ro", pragmas...))
}

func connect(ctx context.Context, dsn string) (*Conn, error) {
	if sabotage.Fsync {
		dsn += "&_pragma=synchronous(OFF)"
	}
	connector, err := sqlite3.NewConnector(dsn)
	if err != nil {
		return nil, err
	}
	c, err := connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &Conn{Conn: c}, nil
}

// Close closes the connection and its kept statements, which would otherwise
// keep the file open.
func (c *Conn) Close() error {
	var errs []error
	for _, s := range c.kept {
		errs = append(errs, s.Close())
	}
	return errors.Join(append(errs, c.Conn.Close())...)
}

// DSN returns path as an SQLite URI with ? # and % escaped.
func DSN(path, mode string, pragmas ...string) string {
	slashed := filepath.ToSlash(path)
	if !strings.HasPrefix(slashed, "/") {
		slashed = "/" + slashed // a drive letter
	}
	uri := url.URL{Scheme: "file", Path: slashed, RawQuery: url.Values{
		"mode":    {mode},
		"_pragma": pragmas,
	}.Encode()}
	return uri.String()
}

// Exec runs one or more statements.
func (c *Conn) Exec(ctx context.Context, sql string) error {
	_, err := c.Conn.(driver.ExecerContext).ExecContext(ctx, sql, nil)
	return err
}

// Transact runs work in a transaction and rolls back on error. It takes no
// context: the driver may begin a transaction and still return the error of a
// context that just ended, which would leave the transaction open.
func (c *Conn) Transact(work func() error) error {
	ctx := context.Background()
	err := c.Exec(ctx, "BEGIN IMMEDIATE")
	if err == nil {
		err = work()
	}
	if err == nil {
		err = c.Exec(ctx, "COMMIT")
	}
	if err != nil {
		// After some errors SQLite has already rolled back; then this fails
		// without new information.
		_ = c.Exec(ctx, "ROLLBACK")
	}
	return err
}

// Value runs a query for one value.
func (c *Conn) Value(ctx context.Context, sql string) (driver.Value, error) {
	s, err := c.Prepare(ctx, sql)
	if err != nil {
		return nil, err
	}
	dest := make([]driver.Value, 1)
	_, err = s.Row(ctx, dest)
	if err = errors.Join(err, s.Close()); err != nil {
		return nil, fmt.Errorf("%s: %w", sql, err)
	}
	return dest[0], nil
}

// Number runs a query for one integer.
func (c *Conn) Number(ctx context.Context, sql string) (int64, error) {
	v, err := c.Value(ctx, sql)
	n, _ := v.(int64)
	return n, err
}

// Statement is a prepared statement. It reuses one slice for its values, to
// avoid an allocation per row.
type Statement struct {
	stmt driver.Stmt
	args []driver.NamedValue
}

// Prepare prepares a statement that the caller closes.
func (c *Conn) Prepare(ctx context.Context, sql string) (*Statement, error) {
	stmt, err := c.Conn.(driver.ConnPrepareContext).PrepareContext(ctx, sql)
	if err != nil {
		return nil, fmt.Errorf("prepare %s: %w", sql, err)
	}
	return &Statement{stmt: stmt}, nil
}

// Keep prepares a statement that is closed with the connection.
func (c *Conn) Keep(ctx context.Context, sql string) (*Statement, error) {
	s, err := c.Prepare(ctx, sql)
	if err == nil {
		c.kept = append(c.kept, s)
	}
	return s, err
}

func (s *Statement) bind(values []driver.Value) []driver.NamedValue {
	s.args = s.args[:0]
	for i, v := range values {
		s.args = append(s.args, driver.NamedValue{Ordinal: i + 1, Value: v})
	}
	return s.args
}

// Exec runs the statement and returns the number of changed rows.
func (s *Statement) Exec(ctx context.Context, values ...driver.Value) (changed, lastID int64, err error) {
	res, err := s.stmt.(driver.StmtExecContext).ExecContext(ctx, s.bind(values))
	if err != nil {
		return 0, 0, err
	}
	changed, _ = res.RowsAffected() // the driver never returns errors here
	lastID, _ = res.LastInsertId()
	return changed, lastID, nil
}

// Row reads the first row of the answer into dest, if there is one.
func (s *Statement) Row(ctx context.Context, dest []driver.Value, values ...driver.Value) (found bool, err error) {
	rows, err := s.stmt.(driver.StmtQueryContext).QueryContext(ctx, s.bind(values))
	if err != nil {
		return false, err
	}
	err = rows.Next(dest)
	if errors.Is(err, io.EOF) {
		return false, rows.Close()
	}
	return err == nil, errors.Join(err, rows.Close())
}

// Each calls visit for every row of the answer. row is valid only during the
// call.
func (s *Statement) Each(ctx context.Context, columns int, visit func(row []driver.Value), values ...driver.Value) error {
	rows, err := s.stmt.(driver.StmtQueryContext).QueryContext(ctx, s.bind(values))
	if err != nil {
		return err
	}
	row := make([]driver.Value, columns)
	for {
		err := rows.Next(row)
		if errors.Is(err, io.EOF) {
			return rows.Close()
		}
		if err != nil {
			return errors.Join(err, rows.Close())
		}
		visit(row)
	}
}

// Close ends a statement that is not kept.
func (s *Statement) Close() error { return s.stmt.Close() }
