package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"

	"github.com/peba-edge/peba/sqlitedb"
)

const (
	// checkpointPages is how long the write-ahead log may grow, in pages of
	// 4 KiB, before it is moved into the database file: 16 MiB.
	checkpointPages = 4096
	// checkpointWait is how long the writer waits for readers then, writerWait
	// how long it waits for other programs at other times, in milliseconds.
	checkpointWait = 100
	writerWait     = 5000
	// logLimit is what is kept of the log's file for reuse, in bytes.
	logLimit = 64 << 20
)

// checkpointer moves the write-ahead log into the database file. SQLite's
// automatic checkpoint never starts the log anew while readers overlap without
// a gap, and so lets it grow without bound. This one holds writing back for a
// moment: readers that come then need the log no more, and those that are
// there end.
type checkpointer struct {
	look, restart *sqlitedb.Statement
	pageSize      int64
	pages         int64 // in the log after the last commit
	attempt       int64 // at how many pages the next attempt is due
}

func newCheckpointer(ctx context.Context, c *sqlitedb.Conn) (checkpointer, error) {
	look, err := c.Keep(ctx, "PRAGMA wal_checkpoint(NOOP)")
	if err != nil {
		return checkpointer{}, err
	}
	restart, err := c.Keep(ctx, "PRAGMA wal_checkpoint(RESTART)")
	if err != nil {
		return checkpointer{}, err
	}
	pageSize, err := c.Number(ctx, "PRAGMA page_size")
	return checkpointer{look: look, restart: restart, pageSize: pageSize, attempt: checkpointPages}, err
}

// survey notes how many pages are in the log, and returns how long it is in bytes.
func (p *checkpointer) survey() (int64, error) {
	_, pages, err := logState(context.Background(), p.look)
	if err != nil {
		return 0, err
	}
	p.pages = pages
	return sqlitedb.LogBytes(pages, p.pageSize), nil
}

// checkpoint is called after each commit, and reports whether it has moved the
// log. That it fails costs disk space, not data; it is tried again when the log
// has grown by half.
func (p *checkpointer) checkpoint(c *sqlitedb.Conn) (moved bool) {
	if p.pages < p.attempt {
		return false
	}
	p.attempt = p.pages + p.pages/2
	ctx := context.Background()
	if c.Exec(ctx, fmt.Sprintf("PRAGMA busy_timeout = %d", checkpointWait)) != nil {
		return false
	}
	if busy, _, err := logState(ctx, p.restart); err == nil && !busy {
		p.attempt = checkpointPages
	}
	_ = c.Exec(ctx, fmt.Sprintf("PRAGMA busy_timeout = %d", writerWait)) // it sets a number, and cannot fail
	return true
}

// emptyLog moves the whole log into the database file, unless a reader keeps it busy.
func emptyLog(c *sqlitedb.Conn) (busy bool, err error) {
	s, err := c.Prepare(context.Background(), "PRAGMA wal_checkpoint(TRUNCATE)")
	if err != nil {
		return false, err
	}
	busy, _, err = logState(context.Background(), s)
	return busy, errors.Join(err, s.Close())
}

// logState runs one of the statements, which tell whether something was in
// their way and how many pages are in the log.
func logState(ctx context.Context, s *sqlitedb.Statement) (busy bool, pages int64, err error) {
	dest := make([]driver.Value, 3)
	if _, err := s.Row(ctx, dest); err != nil {
		return false, 0, err
	}
	was, _ := dest[0].(int64)
	pages, _ = dest[1].(int64)
	return was != 0, pages, nil
}
