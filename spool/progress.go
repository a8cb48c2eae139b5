package spool

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/peba-edge/peba/sqlitedb"
)

// progressFile records which frames are done, one row per segment. It is not
// fsynced: if it loses entries, those frames are sent again.
const progressFile = "progress.db"

type progress struct {
	path     string
	logPages int64 // the size of its log before a checkpoint
	size     atomic.Int64
	mu       sync.Mutex // one transaction at a time
	conn     *sqlitedb.Conn
	put, del *sqlitedb.Statement
	watch    *sqlitedb.Watch
}

// summary is a segment's row in the progress file.
type summary struct {
	last, bytes, doneBytes int64
	done                   spans
}

// undone returns how many frames of the segment are not done.
func (s summary) undone(first int64) int64 {
	return max(0, s.last-first+1-s.done.count())
}

// logPages returns the maximum number of pages of the progress file's log. The log
// never shrinks and counts against MaxSize, of which it may take a sixteenth.
func (o *Options) logPages() int64 {
	const pageSize, usual, least = 4 << 10, 256, 4
	if o.MaxSize == 0 {
		return usual
	}
	return max(least, min(o.MaxSize/16/pageSize, usual))
}

func openProgress(ctx context.Context, path string, logPages int64) (_ *progress, err error) {
	if err := sqlitedb.Create(path); err != nil {
		return nil, err
	}
	p := &progress{path: path, logPages: logPages}
	if p.conn, err = sqlitedb.Connect(ctx, path, "journal_mode(WAL)", "synchronous(NORMAL)", fmt.Sprintf("wal_autocheckpoint(%d)", logPages), "busy_timeout(5000)"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.conn.Close())
		}
	}()
	if err := p.conn.Exec(ctx, `CREATE TABLE IF NOT EXISTS segments (
			first INTEGER PRIMARY KEY, last INTEGER NOT NULL, bytes INTEGER NOT NULL,
			done_bytes INTEGER NOT NULL, done BLOB, sum INTEGER NOT NULL
		) STRICT`); err != nil {
		return nil, err
	}
	if p.put, err = p.conn.Keep(ctx, "REPLACE INTO segments (first, last, bytes, done_bytes, done, sum) VALUES (?,?,?,?,?,?)"); err != nil {
		return nil, err
	}
	if p.del, err = p.conn.Keep(ctx, "DELETE FROM segments WHERE first = ?"); err != nil {
		return nil, err
	}
	p.watch, err = sqlitedb.NewWatch(path)
	return p, err
}

// lookAfter creates the file again if it was deleted, moved or replaced: its
// content is also in memory.
func (p *progress) lookAfter(ctx context.Context, s *Spool) error {
	p.mu.Lock()
	err := error(nil)
	if p.conn != nil {
		err = p.watch.Check(0)
	}
	if err == nil && p.conn != nil {
		p.mu.Unlock()
		return nil
	}
	err = errors.Join(p.reopen(ctx, s.opts.quarantine), err)
	again := p.conn != nil
	p.mu.Unlock()
	if !again {
		return fmt.Errorf("%s: cannot record what is delivered; it is sent again after a restart: %w", p.path, err)
	}
	s.mu.Lock()
	for _, g := range s.segments {
		g.unsaved = true
	}
	s.mu.Unlock()
	s.opts.Report(p.path, fmt.Errorf("%w: %s was created again", sqlitedb.ErrReplaced, p.path))
	return p.save(s)
}

// reopen opens the file at the path. It closes the old file first, since
// closing removes a log by name. The caller holds mu.
func (p *progress) reopen(ctx context.Context, quarantine func(string, error) error) error {
	var closing error
	if p.conn != nil {
		closing = p.conn.Close() // of a file that is gone
		p.conn = nil
	}
	next, err := openProgress(ctx, p.path, p.logPages)
	if isDamage(err) {
		if err = quarantine(p.path, err); err == nil {
			next, err = openProgress(ctx, p.path, p.logPages)
		}
	}
	if err != nil {
		return errors.Join(err, closing)
	}
	p.conn, p.put, p.del, p.watch = next.conn, next.put, next.del, next.watch
	return closing
}

// errNoProgress is returned by writes while the file is missing.
var errNoProgress = errors.New("it was deleted and cannot be created again")

// load returns the summary of each segment by its first id, and errors for rows
// that cannot be trusted: a frame must not be considered done by mistake.
func (p *progress) load(ctx context.Context) (map[int64]summary, error) {
	s, err := p.conn.Prepare(ctx, "SELECT first, last, bytes, done_bytes, done, sum FROM segments")
	if err != nil {
		return nil, err
	}
	known := make(map[int64]summary)
	var bad []error
	err = s.Each(ctx, 6, func(row []driver.Value) {
		first, sum, err := readSummary(row)
		if err != nil {
			bad = append(bad, fmt.Errorf("%w: progress of segment %d: %w", ErrDamaged, first, err))
			return
		}
		known[first] = sum
	})
	return known, errors.Join(append(bad, err, s.Close())...)
}

func readSummary(row []driver.Value) (first int64, s summary, err error) {
	first, _ = row[0].(int64)
	s.last, _ = row[1].(int64)
	s.bytes, _ = row[2].(int64)
	s.doneBytes, _ = row[3].(int64)
	done, _ := row[4].([]byte)
	want, _ := row[5].(int64)
	if summarySum(first, s, done) != want {
		return first, s, errors.New("wrong checksum")
	}
	s.done, err = decodeSpans(done, first, s.last)
	return first, s, err
}

func summarySum(first int64, s summary, done []byte) int64 {
	return sum(first, s.last, s.bytes, append(fmt.Appendf(nil, "%d ", s.doneBytes), done...))
}

// save writes the changes of all segments.
func (p *progress) save(s *Spool) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var rows [][]driver.Value
	var saved []*segment
	s.mu.Lock()
	for _, g := range s.segments {
		if g.unsaved {
			g.unsaved = false
			saved = append(saved, g)
			rows = append(rows, g.summaryRow())
		}
	}
	s.mu.Unlock()
	if len(rows) == 0 {
		return nil
	}
	err := p.write(rows)
	if err == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, g := range saved {
		g.unsaved = true
	}
	return fmt.Errorf("write to %s: %w", p.path, err)
}

func (g *segment) summaryRow() []driver.Value {
	s := summary{last: g.last, bytes: g.bytes, doneBytes: g.doneBytes, done: g.done}
	done := s.done.encode(g.first)
	return []driver.Value{g.first, s.last, s.bytes, s.doneBytes, done, summarySum(g.first, s, done)}
}

// write writes rows in one transaction.
func (p *progress) write(rows [][]driver.Value) error {
	if p.conn == nil {
		return errNoProgress
	}
	err := p.conn.Transact(func() error {
		for _, row := range rows {
			if _, _, err := p.put.Exec(context.Background(), row...); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return p.measure()
}

// of returns the summary of a segment, if there is one.
func (p *progress) of(first int64, ours bool) (summary, bool, error) {
	if !ours {
		return summary{}, false, nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.conn == nil {
		return summary{}, false, errNoProgress
	}
	known, err := p.load(context.Background())
	if err != nil {
		return summary{}, false, fmt.Errorf("read %s: %w", p.path, err)
	}
	s, noted := known[first]
	return s, noted, nil
}

// segment returns a segment with this summary.
func (s summary) segment(first int64) *segment {
	return &segment{first: first, last: s.last, bytes: s.bytes, done: s.done, doneBytes: s.doneBytes}
}

// keep saves the summary of a segment that is set aside, so that salvaging its
// file does not deliver frames again.
func (p *progress) keep(g *segment) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.write([][]driver.Value{g.summaryRow()}); err != nil {
		return fmt.Errorf("write to %s: %w", p.path, err)
	}
	return nil
}

// forget removes the summary of a removed segment.
func (p *progress) forget(first int64) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.conn == nil {
		return fmt.Errorf("write to %s: %w", p.path, errNoProgress)
	}
	if _, _, err := p.del.Exec(context.Background(), first); err != nil {
		return fmt.Errorf("write to %s: %w", p.path, err)
	}
	return nil
}

func (p *progress) measure() error {
	n, err := sizeOf(p.path)
	if err == nil {
		p.size.Store(n)
	}
	return err
}

func (p *progress) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.conn == nil {
		return nil
	}
	return p.conn.Close()
}
