package spool

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"

	"github.com/peba-edge/peba/sqlitedb"
)

// Maximum size of a group of appends in one commit.
const (
	groupFrames = 4096
	groupBytes  = 8 << 20
)

// work is one call's job for the writer.
type work struct {
	data  []byte // empty: only check the active segment
	tried bool   // may have been sent before
}

// writer appends to the active segment. Only one goroutine uses it.
type writer struct {
	s       *Spool
	next    int64    // the id of the next frame
	segment *segment // nil: created by the next append
	conn    *sqlitedb.Conn
	insert  *sqlitedb.Statement
	watch   *sqlitedb.Watch
}

func (w *writer) run() {
	w.s.queue.Serve(w.commit, func() {})
	w.leave()
	close(w.s.written)
}

// commit appends a group. If files of the active segment were deleted, moved or
// truncated, the group goes to a new segment.
func (w *writer) commit(group []work) error {
	err := w.append(group)
	if w.segment != nil && (isDamage(err) || errors.Is(err, sqlitedb.ErrReplaced)) {
		w.abandon(group)
		err = w.append(group)
	}
	w.s.mu.Lock()
	w.s.writerErr = w.s.lockErr
	w.s.mu.Unlock()
	if err == nil || !w.needed(group) {
		return nil // the error is recorded
	}
	if sqlitedb.IsFull(err) {
		err = fmt.Errorf("%w: %w", ErrFull, err)
	} else {
		w.abandon(group)
	}
	return fmt.Errorf("append to spool %s: %w", w.s.dir, err)
}

// abandon leaves the active segment after a group failed. The group may still be
// in the log: a later commit would overwrite only its beginning, and the rest
// would look like a damaged log (log.go). Its ids are not reused.
func (w *writer) abandon(group []work) {
	if w.segment != nil {
		w.next += int64(len(group))
		w.leave()
	}
}

func (w *writer) append(group []work) error {
	// Before, because a commit would extend a truncated log with a hole; and
	// after, because nothing survives in a deleted file.
	if err := w.check(); err != nil {
		return err
	}
	if err := w.prepare(w.needed(group)); err != nil {
		return err
	}
	frames, bytes, err := w.insertAll(group)
	if err != nil || frames == 0 {
		return err
	}
	if err := w.check(); err != nil {
		return err
	}
	size := w.watch.Size()
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	w.s.charge(w.segment, size, unsealedFactor*size)
	for _, job := range group {
		if len(job.data) > 0 && job.tried {
			w.s.tried.add(w.next, w.next)
		}
		if len(job.data) > 0 {
			w.next++
		}
	}
	w.s.publish(w.segment, frames, bytes)
	return nil
}

// check returns an error unless this process has the lock and the active
// segment's files are unchanged.
func (w *writer) check() error {
	if err := w.s.holdLock(); err != nil {
		return err
	}
	if w.segment == nil {
		return nil
	}
	return w.watch.Check(w.watch.LogSize())
}

// needed reports whether there is something to append.
func (*writer) needed(group []work) bool {
	return slices.ContainsFunc(group, func(job work) bool { return len(job.data) > 0 })
}

// prepare makes sure that there is an active segment if one is needed.
func (w *writer) prepare(needed bool) error {
	if w.segment != nil {
		w.s.mu.Lock()
		leave := w.segment.size >= w.s.opts.SegmentSize || w.s.activeIsDrained(w.s.opts.SegmentSize/trimPart)
		w.s.mu.Unlock()
		if leave {
			w.leave()
		}
	}
	if w.segment != nil || !needed {
		return nil
	}
	return w.begin()
}

// begin creates a new active segment. Its ids start at the current time, so
// that an empty spool without files does not reuse ids.
func (w *writer) begin() error {
	ctx := context.Background()
	first := max(w.next, time.Now().UnixMicro())
	path := segmentPath(w.s.dir, first)
	if err := createSegment(ctx, path); err != nil {
		return fmt.Errorf("create %s: %w", path, err)
	}
	conn, err := sqlitedb.Connect(ctx, path, "synchronous(FULL)", "wal_autocheckpoint(0)", "busy_timeout(5000)", "cache_size(-8192)")
	if err != nil {
		return errors.Join(err, removeFiles(path))
	}
	insert, err := conn.Keep(ctx, "INSERT INTO frames (id, appended, total, sum, data) VALUES (?,?,?,?,?)")
	if err != nil {
		return errors.Join(err, conn.Close(), removeFiles(path))
	}
	watch, err := sqlitedb.NewWatch(path)
	if err != nil {
		return errors.Join(err, conn.Close(), removeFiles(path))
	}
	info, err := os.Stat(path)
	if err != nil {
		return errors.Join(err, conn.Close(), removeFiles(path))
	}
	w.next, w.conn, w.insert, w.watch = first, conn, insert, watch
	w.segment = &segment{path: path, first: first, last: first - 1, info: info}
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	w.s.segments = append(w.s.segments, w.segment)
	return nil
}

// insertAll inserts the frames in one transaction; after an error nothing is
// stored.
func (w *writer) insertAll(group []work) (frames, bytes int64, err error) {
	if w.segment == nil {
		return 0, 0, nil
	}
	now := time.Now().UnixMicro()
	err = w.conn.Transact(func() error {
		for _, job := range group {
			data := job.data
			if len(data) == 0 {
				continue
			}
			id := w.next + frames
			bytes += int64(len(data))
			total := w.segment.bytes + bytes
			if _, _, err := w.insert.Exec(context.Background(), id, now, total, sum(id, now, total, data), data); err != nil {
				return err
			}
			frames++
		}
		return nil
	})
	if err != nil {
		return 0, 0, err
	}
	return frames, bytes, nil
}

// leave hands over the active segment for sealing while another is begun. It
// waits for the previous one, so that at most two have a log.
func (w *writer) leave() {
	if w.segment == nil {
		return
	}
	w.s.sealing.Wait()
	g, conn, watch := w.segment, w.conn, w.watch
	w.s.sealing.Go(func() { w.s.seal(g, conn, watch) })
	w.segment, w.conn, w.insert, w.watch = nil, nil, nil, nil
}

// seal moves the segment's log into its file and closes it. A segment already
// drained is removed instead: without an outage nothing is written twice.
func (s *Spool) seal(g *segment, conn *sqlitedb.Conn, watch *sqlitedb.Watch) {
	s.mu.Lock()
	drained := g.drained()
	s.mu.Unlock()
	ctx := context.Background()
	err := watch.Check(watch.LogSize())
	gone := errors.Is(err, sqlitedb.ErrReplaced)
	if gone && !drained {
		s.vanished(g, conn, err)
		if err := s.progress.save(s); err != nil {
			s.opts.Report(g.path, err)
		}
		return
	}
	if drained && gone {
		err = conn.Close()
	} else if drained {
		err = closeWithLog(ctx, g.path, conn)
	} else {
		err = errors.Join(conn.Exec(ctx, "PRAGMA wal_checkpoint(TRUNCATE)"), conn.Close())
	}
	sizeErr := s.measure(g)
	if drained && errors.Is(sizeErr, fs.ErrNotExist) {
		sizeErr = nil
	}
	s.mu.Lock()
	g.sealed, g.unsaved = true, true
	drained = s.takeDrained(g)
	s.mu.Unlock()
	if drained {
		err = errors.Join(err, s.drop(g))
	}
	if err = errors.Join(err, sizeErr, s.progress.save(s)); err != nil {
		s.opts.Report(g.path, fmt.Errorf("seal %s: %w", g.path, err))
	}
}

// closeWithLog closes the connection of a segment that will be removed, without
// a checkpoint: the last connection to close would move the log into the file,
// unless it cannot write.
func closeWithLog(ctx context.Context, path string, conn *sqlitedb.Conn) error {
	last, err := sqlitedb.ConnectReadOnly(ctx, path)
	if err != nil {
		return errors.Join(err, conn.Close())
	}
	_, err = last.Number(ctx, "SELECT count(*) FROM sqlite_schema") // it is connected from now on
	return errors.Join(err, conn.Close(), last.Close())
}
