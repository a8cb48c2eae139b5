package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/sqlitedb"
)

// A group ends when this much waits for one commit, so that the first message
// of a group does not wait long for the last.
const (
	groupRows  = 4096
	groupBytes = 8 << 20
)

// job is a piece of work for the writer: some statements that take effect
// together. It may be run twice, when a neighbour in its group failed.
type job struct {
	work        func(w *writer) error
	rows, bytes int
}

// writer is the only connection that writes. Its goroutine takes all jobs that
// wait and runs them in one transaction. All fields but queue, closed and keys
// belong to that goroutine.
type writer struct {
	*sqlitedb.Conn
	path   string
	queue  *sqlitedb.Queue[func(*writer) error]
	closed chan error // the result of closing, once the goroutine has ended

	// keys is what readers remember of the keys of roll-ups.
	keys atomic.Pointer[keyTexts]

	insert  inserter
	log     checkpointer
	failing bool // whether the last commit failed
	noKeys  bool // whether the open transaction deletes keys
}

// startWriter opens the file for writing, brings its schema up to date and
// starts the goroutine.
func startWriter(ctx context.Context, path string) (_ *writer, err error) {
	c, err := sqlitedb.Connect(ctx, path, fmt.Sprintf("busy_timeout(%d)", writerWait), "synchronous(FULL)",
		"cache_size(-32768)", "temp_store(MEMORY)", "wal_autocheckpoint(0)",
		fmt.Sprintf("journal_size_limit(%d)", logLimit))
	if err != nil {
		return nil, err
	}
	w := &writer{Conn: c, path: path, queue: sqlitedb.NewQueue[func(*writer) error](groupRows, groupBytes), closed: make(chan error, 1)}
	w.keys.Store(newKeyTexts())
	defer func() {
		if err != nil {
			err = errors.Join(err, c.Close())
		}
	}()
	if err := migrate(ctx, c); err != nil {
		return nil, err
	}
	if w.insert, err = newInserter(ctx, c); err != nil {
		return nil, err
	}
	if w.log, err = newCheckpointer(ctx, c); err != nil {
		return nil, err
	}
	go w.run()
	return w, nil
}

// stop ends the goroutine and closes the connection. No job may come after it.
func (w *writer) stop() error {
	w.queue.Close()
	return <-w.closed
}

// do runs work in a transaction and returns when that is committed, or with
// ctx's error when ctx ends before the work has started.
func (d *database) do(ctx context.Context, j *job) error {
	return d.writer.queue.Do(ctx, j.work, j.rows, j.bytes)
}

func (w *writer) run() {
	w.queue.Serve(w.commit, func() { w.log.checkpoint(w.Conn) })
	w.closed <- w.Close()
}

// commit runs jobs in one transaction.
func (w *writer) commit(group []func(*writer) error) error {
	err := w.transact(group)
	w.failing = err != nil && sqlitedb.IsDown(err)
	return err
}

// transact runs the jobs in one transaction, of which nothing is left when an
// error is returned.
func (w *writer) transact(group []func(*writer) error) error {
	err := w.Transact(func() error {
		for _, work := range group {
			if err := work(w); err != nil {
				return err
			}
		}
		return w.insert.tally.flush()
	})
	if err != nil {
		w.insert.undo()
		return describe("write to", w.path, err)
	}
	w.insert.keep()
	w.keysGone(false)
	return nil
}

// change runs one statement, that is not used often, and tells how many rows
// it changed.
func (w *writer) change(sql string, values ...driver.Value) (changed int64, err error) {
	s, err := w.Prepare(context.Background(), sql)
	if err != nil {
		return 0, err
	}
	changed, _, err = s.Exec(context.Background(), values...)
	return changed, errors.Join(err, s.Close())
}

// write runs one statement as a job of its own.
func (d *database) write(ctx context.Context, sql string, values ...driver.Value) (changed int64, err error) {
	err = d.do(ctx, &job{rows: 1, work: func(w *writer) (err error) {
		changed, err = w.change(sql, values...)
		return err
	}})
	return changed, err
}

// put stores records in one transaction, and returns what was new of them.
func (d *database) put(ctx context.Context, records []alert.Record) (fresh taken, err error) {
	bytes := 0
	for i := range records {
		r := &records[i]
		if r.ID == "" {
			return taken{}, fmt.Errorf("record %d of %d has no id", i+1, len(records))
		}
		bytes += len(r.OriginalRequestString) + len(r.AdditionalData)
		if r.Payload != nil {
			bytes += len(r.Payload.Data)
		}
	}
	err = d.do(ctx, &job{rows: len(records), bytes: bytes, work: func(w *writer) (err error) {
		fresh, err = w.insert.records(records)
		return err
	}})
	return fresh, err
}

// ping asks both sides. After a failed commit it tries a real one, that needs
// room: otherwise nobody would learn of a full disk, or of one that has room
// again, before the next message.
func (d *database) ping(ctx context.Context) error {
	if err := d.readers.QueryRowContext(ctx, "SELECT count(*) FROM (SELECT 1 FROM alerts LIMIT 1)").Err(); err != nil {
		return d.readError(ctx, err)
	}
	return d.do(ctx, &job{work: func(w *writer) error {
		if !w.failing {
			return nil
		}
		return w.Exec(context.Background(), `
			INSERT INTO payload_data (id, data) VALUES (-1, zeroblob(65536));
			DELETE FROM payload_data WHERE id = -1`)
	}})
}
