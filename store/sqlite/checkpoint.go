package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"

	"github.com/peba-edge/peba/sqlitedb"
)

const (
	// checkpointPages is the length of the write-ahead log, in pages of 4 KiB,
	// at which it is moved into the database file: 16 MiB.
	checkpointPages = 4096
	// checkpointWait is how long the writer then waits for readers, and
	// writerWait how long it waits for other programs otherwise, in
	// milliseconds.
	checkpointWait = 100
	writerWait     = 5000
	// logLimit is the size of the log file kept for reuse, in bytes.
	logLimit = 64 << 20
)

// checkpointer moves the write-ahead log into the database file. SQLite's
// automatic checkpoint never restarts the log while readers overlap without a
// gap, so it would grow without limit. This one blocks writing for a moment:
// new readers no longer need the log, and existing ones end.
type checkpointer struct {
	look, restart *sqlitedb.Statement
	pageSize      int64
	pages         int64 // in the log after the last commit
	attempt       int64 // number of pages at which the next attempt is due
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

// survey records the number of pages in the log, and returns its size in bytes.
func (p *checkpointer) survey() (int64, error) {
	_, pages, err := logState(context.Background(), p.look)
	if err != nil {
		return 0, err
	}
	p.pages = pages
	return sqlitedb.LogBytes(pages, p.pageSize), nil
}

// checkpoint is called after each commit, and reports whether it has moved the
// log. A failure costs disk space, not data; it is retried when the log has
// grown by half.
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

// emptyLog moves the whole log into the database file, unless a reader blocks it.
func emptyLog(c *sqlitedb.Conn) (busy bool, err error) {
	s, err := c.Prepare(context.Background(), "PRAGMA wal_checkpoint(TRUNCATE)")
	if err != nil {
		return false, err
	}
	busy, _, err = logState(context.Background(), s)
	return busy, errors.Join(err, s.Close())
}

// logState runs one of the statements, which return whether something blocked
// them and the number of pages in the log.
func logState(ctx context.Context, s *sqlitedb.Statement) (busy bool, pages int64, err error) {
	dest := make([]driver.Value, 3)
	if _, err := s.Row(ctx, dest); err != nil {
		return false, 0, err
	}
	was, _ := dest[0].(int64)
	pages, _ = dest[1].(int64)
	return was != 0, pages, nil
}
