package sqlite

import (
	"errors"
	"os"
	"time"

	"github.com/peba-edge/peba/sqlitedb"
)

// ready is called before a transaction, and sees to what earlier ones have left.
func (w *writer) ready() error {
	if w.Conn == nil || w.db.readOnly {
		if err := w.reopen(); err != nil {
			return err
		}
	}
	if w.uncut {
		// The remains of a failed commit must not stand behind a shorter later one
		// (sqlitedb/log.go).
		if _, err := w.log.survey(); err != nil {
			return err
		}
		if err := sqlitedb.CutLog(w.db.path, w.log.pages, w.log.pageSize); err != nil {
			return err
		}
		w.uncut = false
	}
	// A log that was cut must be noticed now: the next commit makes it as long as
	// it should be.
	if w.db.health.lost() == nil && w.db.watch.Check(sqlitedb.LogBytes(w.log.pages, w.log.pageSize)) == nil {
		return nil
	}
	err := w.inPlace()
	if err == nil || w.db.health.loss() != sqlitedb.LostLog {
		return err
	}
	return w.saveLog()
}

// reopen opens the files again, not more often than makes sense.
func (w *writer) reopen() error {
	if time.Since(w.reopened) < reopenEvery {
		return w.db.health.failure()
	}
	w.reopened = time.Now()
	if w.Conn != nil { // the disk was read-only
		readOnly, err := w.db.acquire(w.db.ctx)
		if err != nil {
			return err
		}
		if readOnly {
			return errReadOnly
		}
	}
	err := w.db.reopen()
	if err == nil {
		w.uncut = false // opening has cut the log
	}
	return err
}

// inPlace looks whether what was committed is where it can be found again.
func (w *writer) inPlace() error {
	size, err := w.log.survey()
	if err == nil {
		err = w.db.watch.Check(size)
	}
	switch {
	case err == nil:
		w.db.health.found(w.db)
		return nil
	case errors.Is(err, sqlitedb.ErrReplaced):
		return w.lose(err)
	default:
		return err
	}
}

// lose notes that files are lost, and saves what can be saved: when the database
// was moved, what is in its log is moved along, and the log is emptied, so that it
// is not taken for that of a file that is put in the place of the database. The
// log of a database that was cut is set aside for the same reason.
func (w *writer) lose(err error) error {
	loss := w.db.watch.Loss()
	if loss != w.db.health.loss() {
		switch loss {
		case sqlitedb.LostFile:
			_, _ = emptyLog(w.Conn) // what cannot be saved is said of all of it
		case sqlitedb.LostContent:
			_ = os.Rename(w.db.path+"-wal", w.db.path+"-wal"+setAside)
		}
	}
	if loss == sqlitedb.LostNothing {
		loss = sqlitedb.LostContent // the log was cut
	}
	return w.db.health.lose(w.db, loss, err)
}

// saveLog moves what is in a log that is gone from its path into the database,
// which is still there, and opens the files again.
func (w *writer) saveLog() error {
	busy, err := emptyLog(w.Conn)
	if err != nil {
		return err
	}
	if busy {
		return errOpening // a question reads from it
	}
	if err := w.db.reopen(); err != nil {
		return err
	}
	w.db.health.found(w.db)
	return nil
}
