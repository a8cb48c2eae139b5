package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/sqlitedb"
)

// Maximum size of a group in one commit, so that the first message of a group
// does not wait long for the last.
const (
	groupRows  = 4096
	groupBytes = 8 << 20
)

// job is work for the writer: statements that take effect together. It may run
// twice, if another job of its group failed.
type job struct {
	work        func(w *writer) error
	rows, bytes int
	message     bool // whether it is a message of a sensor
}

// writer is the only writer. Its goroutine runs all queued jobs in one
// transaction. All fields except queue, closed and keys belong to that
// goroutine, and before its start to the code that opens the files.
type writer struct {
	*sqlitedb.Conn // nil if the files are not open
	db             *database
	queue          *sqlitedb.Queue[*job]
	closed         chan struct{} // closed when the goroutine has ended

	// keys is the readers' cache of the keys of roll-ups.
	keys atomic.Pointer[keyTexts]

	insert inserter
	log    checkpointer
	noKeys bool // whether the open transaction deletes keys

	uncut    bool      // whether a failed commit may have left something in the log
	reopened time.Time // when the files were last reopened
}

func newWriter(d *database) *writer {
	w := &writer{db: d, queue: sqlitedb.NewQueue[*job](groupRows, groupBytes), closed: make(chan struct{})}
	w.keys.Store(newKeyTexts())
	return w
}

// connect opens the file for writing and updates its schema.
func (w *writer) connect(ctx context.Context, path string) error {
	c, err := sqlitedb.Connect(ctx, path, fmt.Sprintf("busy_timeout(%d)", writerWait), "synchronous(FULL)",
		"cache_size(-32768)", "temp_store(MEMORY)", "wal_autocheckpoint(0)",
		fmt.Sprintf("journal_size_limit(%d)", logLimit))
	if err != nil {
		return err
	}
	err = migrate(ctx, c)
	if err == nil {
		w.insert, err = newInserter(ctx, c)
	}
	if err == nil {
		w.log, err = newCheckpointer(ctx, c)
	}
	if err != nil {
		return errors.Join(err, c.Close())
	}
	w.Conn = c
	w.keys.Store(newKeyTexts())
	return nil
}

// stop ends the goroutine after all queued jobs. No job may come after it.
func (w *writer) stop() {
	w.queue.Close()
	<-w.closed
}

// do runs work in a transaction and returns after the commit, or with ctx's
// error if ctx ends before the work has started.
func (d *database) do(ctx context.Context, j *job) error {
	return d.writer.queue.Do(ctx, j, j.rows, j.bytes)
}

func (w *writer) run() {
	w.queue.Serve(w.commit, w.checkpoint)
	close(w.closed)
}

// checkpoint is called once the callers of a commit have their results.
func (w *writer) checkpoint() {
	if w.Conn != nil && !w.uncut && w.db.health.lost() == nil && w.log.checkpoint(w.Conn) {
		w.db.watch.Checkpointed()
	}
}

// commit runs jobs in one transaction.
func (w *writer) commit(group []*job) error {
	err := w.ready()
	if err == nil {
		err = w.transact(group)
	}
	if err != nil {
		err = describe("write to", w.db.path, err)
	}
	w.db.health.committed(w.db, group, err)
	return err
}

// transact runs the jobs in one transaction. After an error nothing of it is
// stored, except possibly in a file that is no longer at its path.
func (w *writer) transact(group []*job) error {
	err := w.Transact(func() error {
		for _, j := range group {
			if err := j.work(w); err != nil {
				return err
			}
		}
		return w.insert.tally.flush()
	})
	if err != nil {
		w.insert.undo()
		if sqlitedb.IsDown(err) {
			w.uncut = true
		}
		// It may have failed because the database was truncated.
		if lost := w.inPlace(w.db.watch.Check); errors.Is(lost, sqlitedb.ErrReplaced) {
			return lost
		}
		return err
	}
	w.insert.keep()
	w.keysGone(false)
	return w.inPlace(w.db.watch.CheckCommitted)
}

// change runs one rarely used statement, and returns the number of changed
// rows.
func (w *writer) change(sql string, values ...driver.Value) (changed int64, err error) {
	s, err := w.Prepare(context.Background(), sql)
	if err != nil {
		return 0, err
	}
	changed, _, err = s.Exec(context.Background(), values...)
	return changed, errors.Join(err, s.Close())
}

// write runs one statement as a separate job.
func (d *database) write(ctx context.Context, sql string, values ...driver.Value) (changed int64, err error) {
	err = d.do(ctx, &job{rows: 1, work: func(w *writer) (err error) {
		changed, err = w.change(sql, values...)
		return err
	}})
	return changed, err
}

// put stores records in one transaction, and returns the new ones.
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
	err = d.do(ctx, &job{rows: len(records), bytes: bytes, message: true, work: func(w *writer) (err error) {
		fresh, err = w.insert.records(records)
		return err
	}})
	return fresh, err
}
