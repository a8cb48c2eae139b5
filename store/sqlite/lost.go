package sqlite

import (
	"errors"
	"os"
	"time"

	"github.com/peba-edge/peba/sqlitedb"
)

// ready is called before a transaction, and handles the remains of earlier ones.
func (w *writer) ready() error {
	if w.Conn == nil || w.db.readOnly {
		if err := w.reopen(); err != nil {
			return err
		}
	}
	// A truncated log must be detected now: the next commit restores its length.
	// The database is checked after the commit, before OK is sent.
	if w.uncut || w.db.health.lost() != nil || w.db.watch.CheckLog(sqlitedb.LogBytes(w.log.pages, w.log.pageSize)) != nil {
		err := w.inPlace(w.db.watch.Check)
		if err != nil && w.db.health.loss() == sqlitedb.LostLog {
			return w.saveLog()
		}
		if err != nil {
			return err
		}
	}
	if !w.uncut {
		return nil
	}
	// The remains of a failed commit must not follow a shorter later one
	// (sqlitedb/log.go).
	err := sqlitedb.CutLog(w.db.path, w.log.pages, w.log.pageSize)
	w.uncut = err != nil
	return err
}

// reopen reopens the files, with a minimum interval.
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
		w.uncut = false // opening has truncated the log
	}
	return err
}

// inPlace checks that committed data is still at its path, by one of the watch's
// checks.
func (w *writer) inPlace(check func(logBytes int64) error) error {
	size, err := w.log.survey()
	if err == nil {
		err = check(size)
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

// lose records that files are lost, and saves what it can. If the database was
// moved, the log is moved into it and emptied, so that it is not used for a file
// that replaces the database. The log of a truncated database is set aside for the
// same reason.
func (w *writer) lose(err error) error {
	loss := w.db.watch.Loss()
	if loss != w.db.health.loss() {
		switch loss {
		case sqlitedb.LostFile:
			_, _ = emptyLog(w.Conn) // if saving fails, everything counts as lost
		case sqlitedb.LostContent:
			_ = os.Rename(w.db.path+"-wal", w.db.path+"-wal"+setAside)
		}
	}
	if loss == sqlitedb.LostNothing {
		loss = sqlitedb.LostContent // the log was truncated
	}
	return w.db.health.lose(w.db, loss, err)
}

// saveLog moves the content of a vanished log into the database, which is still
// there, and reopens the files.
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
	w.uncut = false // opening has truncated the log
	w.db.health.found(w.db)
	return nil
}
