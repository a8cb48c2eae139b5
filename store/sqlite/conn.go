package sqlite

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
	codes "modernc.org/sqlite/lib"

	"github.com/peba-edge/peba/store"
)

// conn is one connection, used by one goroutine, on the driver itself:
// database/sql makes an insert a quarter dearer (DESIGN.md).
type conn struct {
	driver.Conn
	kept []*statement
}

// connect opens a connection. Each pragma is of the form name(value).
func connect(ctx context.Context, path string, pragmas ...string) (*conn, error) {
	connector, err := sqlite3.NewConnector(dsn(path, "rw", pragmas...))
	if err != nil {
		return nil, err
	}
	c, err := connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &conn{Conn: c}, nil
}

// Close closes the connection with the statements that it keeps: SQLite would
// leave the file open for them.
func (c *conn) Close() error {
	var errs []error
	for _, s := range c.kept {
		errs = append(errs, s.close())
	}
	return errors.Join(append(errs, c.Conn.Close())...)
}

// dsn writes path as SQLite's URI, in which ? # and % stand for themselves.
func dsn(path, mode string, pragmas ...string) string {
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

// exec runs one or more statements.
func (c *conn) exec(ctx context.Context, sql string) error {
	_, err := c.Conn.(driver.ExecerContext).ExecContext(ctx, sql, nil)
	return err
}

// value runs a query for one value.
func (c *conn) value(ctx context.Context, sql string) (driver.Value, error) {
	s, err := c.prepare(ctx, sql)
	if err != nil {
		return nil, err
	}
	dest := make([]driver.Value, 1)
	_, err = s.row(ctx, dest)
	if err = errors.Join(err, s.close()); err != nil {
		return nil, fmt.Errorf("%s: %w", sql, err)
	}
	return dest[0], nil
}

// number runs a query for one integer.
func (c *conn) number(ctx context.Context, sql string) (int64, error) {
	v, err := c.value(ctx, sql)
	n, _ := v.(int64)
	return n, err
}

// statement is a prepared statement. Its values are bound from one slice, that
// is kept so that a row costs no allocation for it.
type statement struct {
	stmt driver.Stmt
	args []driver.NamedValue
}

func (c *conn) prepare(ctx context.Context, sql string) (*statement, error) {
	stmt, err := c.Conn.(driver.ConnPrepareContext).PrepareContext(ctx, sql)
	if err != nil {
		return nil, fmt.Errorf("prepare %s: %w", sql, err)
	}
	return &statement{stmt: stmt}, nil
}

// keep prepares a statement that lives as long as the connection.
func (c *conn) keep(ctx context.Context, sql string) (*statement, error) {
	s, err := c.prepare(ctx, sql)
	if err == nil {
		c.kept = append(c.kept, s)
	}
	return s, err
}

func (s *statement) bind(values []driver.Value) []driver.NamedValue {
	s.args = s.args[:0]
	for i, v := range values {
		s.args = append(s.args, driver.NamedValue{Ordinal: i + 1, Value: v})
	}
	return s.args
}

// exec runs the statement and tells how many rows it changed.
func (s *statement) exec(ctx context.Context, values ...driver.Value) (changed, lastID int64, err error) {
	res, err := s.stmt.(driver.StmtExecContext).ExecContext(ctx, s.bind(values))
	if err != nil {
		return 0, 0, err
	}
	changed, _ = res.RowsAffected() // the driver has both at hand and returns no errors
	lastID, _ = res.LastInsertId()
	return changed, lastID, nil
}

// row reads the first row of the answer into dest, if there is one.
func (s *statement) row(ctx context.Context, dest []driver.Value, values ...driver.Value) (found bool, err error) {
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

func (s *statement) close() error { return s.stmt.Close() }

// isDown tells errors of the file, the disk and its locks, which may pass, from
// errors that a statement or a value would meet again.
func isDown(err error) bool {
	var e *sqlite3.Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Code() & 0xff {
	case codes.SQLITE_ERROR, codes.SQLITE_TOOBIG, codes.SQLITE_CONSTRAINT,
		codes.SQLITE_MISMATCH, codes.SQLITE_MISUSE, codes.SQLITE_RANGE:
		return false
	default:
		return true
	}
}

// describe says what failed on which file, and marks what may pass.
func describe(doing, path string, err error) error {
	switch {
	case err == nil:
		return nil
	case isDown(err):
		return fmt.Errorf("%s %s: %w: %w", doing, path, store.ErrUnavailable, err)
	default:
		return fmt.Errorf("%s %s: %w", doing, path, err)
	}
}
