package sqlite

import (
	"context"
	"database/sql/driver"
	"fmt"
)

const (
	// checkpointPages is how long the write-ahead log may grow, in pages of
	// 4 KiB, before it is moved into the database file: 16 MiB.
	checkpointPages = 4096
	// checkpointWait is how long the writer waits for readers then, in milliseconds.
	checkpointWait = 100
	// logLimit is what is kept of the log's file for reuse, in bytes.
	logLimit = 64 << 20
)

// checkpointer moves the write-ahead log into the database file. SQLite's
// automatic checkpoint never starts the log anew while readers overlap without
// a gap, and so lets it grow without bound. This one holds writing back for a
// moment: readers that come then need the log no more, and those that are
// there end.
type checkpointer struct {
	length  *statement
	attempt int64 // at how many pages the next attempt is due
}

func newCheckpointer(ctx context.Context, c *conn) (checkpointer, error) {
	length, err := c.keep(ctx, "PRAGMA wal_checkpoint(NOOP)")
	return checkpointer{length: length, attempt: checkpointPages}, err
}

// checkpoint is called after each commit. That it fails costs disk space, not
// data; it is tried again when the log has grown by half.
func (p *checkpointer) checkpoint(c *conn) {
	ctx := context.Background()
	pages := p.pages(ctx)
	if pages < p.attempt {
		return
	}
	p.attempt = pages + pages/2
	if err := c.exec(ctx, fmt.Sprintf("PRAGMA busy_timeout = %d", checkpointWait)); err != nil {
		return
	}
	busy, err := c.number(ctx, "PRAGMA wal_checkpoint(RESTART)")
	if err == nil && busy == 0 {
		p.attempt = checkpointPages
	}
	_ = c.exec(ctx, "PRAGMA busy_timeout = 5000")
}

// pages returns the number of pages in the log, 0 when it is not known.
func (p *checkpointer) pages(ctx context.Context) int64 {
	dest := make([]driver.Value, 3) // busy, pages in the log, pages moved
	if _, err := p.length.row(ctx, dest); err != nil {
		return 0
	}
	n, _ := dest[1].(int64)
	return n
}
