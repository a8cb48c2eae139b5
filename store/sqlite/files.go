package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"
	sqlite3 "modernc.org/sqlite"

	"github.com/peba-edge/peba/sqlitedb"
)

const (
	// reopenEvery is how often files that could not be opened for writing are tried
	// again, at most.
	reopenEvery = time.Second
	// drainTime is how long opening the files again waits for questions.
	drainTime = 5 * time.Second
)

// setAside ends the name of a log that no longer belongs to the database beside it.
const setAside = ".old"

var (
	// errOpening is what there is while files are being opened, or could not be.
	errOpening = fmt.Errorf("%w: try again", sqlitedb.ErrNotOpen)
	// errReadOnly is the state of a store on a disk that was read-only when it was
	// opened. SQLite goes on reading only, until all files are opened again.
	errReadOnly = fmt.Errorf("%w: mount it writable, and PEBA goes on by itself", sqlitedb.ErrReadOnly)
)

// files is what is open of a database. The writer opens the files again when that
// may help: nothing else changes this.
type files struct {
	mu       sync.RWMutex // held for reading by questions
	draining atomic.Bool  // whether no question may begin

	readOnly bool           // whether the disk was when the files were opened
	lock     *sqlitedb.Conn // nil if it was then
	lockFile os.FileInfo
	watch    *sqlitedb.Watch
	readers  *sql.DB
	repair   sqlitedb.LogRepair // what was done to the log
}

// openFiles opens everything, or nothing but the lock.
func (d *database) openFiles(ctx context.Context) error {
	readOnly, err := d.acquire(ctx)
	if err != nil {
		return err
	}
	if !readOnly {
		if err := d.ensure(ctx); err != nil {
			return err
		}
	}
	if err := d.repairLog(); err != nil {
		return err
	}
	err = d.writer.connect(ctx, d.path)
	if err == nil {
		err = d.openReaders(ctx)
	}
	if err == nil {
		d.watch, err = sqlitedb.NewWatch(d.path)
	}
	if err == nil && !readOnly {
		// A probe that was killed has left it.
		err = d.writer.Exec(ctx, dropProbe)
	}
	if err != nil && readOnly {
		// Without the log of a process that was killed there is none to read from, and
		// SQLite does not say why it cannot make one.
		err = fmt.Errorf("%w: %w", sqlitedb.ErrReadOnly, err)
	}
	if err != nil {
		d.watch = nil
		return errors.Join(withAdvice(d.path, err), d.closeFiles())
	}
	if d.readOnly = readOnly; readOnly {
		d.health.fail(d, errReadOnly)
	}
	if len(d.repair.Damaged) > 0 || d.repair.Unknown > 0 {
		d.suspect(fmt.Errorf("%w: the log was, and the file is being checked", sqlitedb.ErrDamaged))
	}
	return nil
}

// acquire takes the lock, unless the disk is read-only. Two processes may read
// from such a disk; before one writes, it must have the lock.
func (d *database) acquire(ctx context.Context) (readOnly bool, err error) {
	if d.lock != nil {
		return false, nil
	}
	if err := d.prepare(); err != nil && !isReadOnly(err) {
		return false, err
	}
	d.lock, err = sqlitedb.Lock(ctx, d.path+".lock")
	if err != nil && isReadOnly(err) {
		return true, nil
	}
	if err == nil {
		d.lockFile, err = os.Stat(d.path + ".lock")
	}
	return false, err
}

func isReadOnly(err error) bool { return sqlitedb.Cause(err) == sqlitedb.CauseReadOnly }

func (d *database) unlock() error {
	if d.lock == nil {
		return nil
	}
	err := d.lock.Close()
	d.lock = nil
	return err
}

// repairLog repairs the log, which nobody has open yet, and reports it.
func (d *database) repairLog() error {
	r, err := sqlitedb.ExamineLog(d.path)
	if err != nil && isReadOnly(err) && !r.Repaired {
		err = nil // nothing is written behind what should be cut off
	}
	if err != nil {
		return withAdvice(d.path, fmt.Errorf("repair the log %s-wal: %w", d.path, err))
	}
	if r.Missing > 0 {
		return withAdvice(d.path, fmt.Errorf("%w: the file was truncated: %d of its pages are missing", sqlitedb.ErrDamaged, r.Missing))
	}
	if !r.Repaired && r.Harmless() {
		return nil
	}
	d.repair = r
	d.logger.Error("the store's log was damaged", zap.String("log", d.path+"-wal"), zap.String("found", repairText(&r)))
	return nil
}

func (d *database) openReaders(ctx context.Context) error {
	connector, err := sqlite3.NewConnector(sqlitedb.DSN(d.path, "ro",
		"busy_timeout(5000)", "query_only(1)", "cache_size(-8192)"))
	if err != nil {
		return err
	}
	n := min(max(4, runtime.GOMAXPROCS(0)), 16)
	d.readers = sql.OpenDB(connector)
	d.readers.SetMaxOpenConns(n)
	d.readers.SetMaxIdleConns(n)
	var version int64
	return d.readers.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version) // it is connected from now on
}

// closeFiles closes all but the lock. The connection that is closed last moves the
// log into the file and deletes it by its path, if it may write. That must not
// harm files that somebody has put there.
func (d *database) closeFiles() error {
	var first, last io.Closer
	if d.readers != nil {
		first = d.readers
	}
	if c := d.writer.Conn; c != nil {
		loss := d.health.loss()
		if loss == sqlitedb.LostNothing && d.watch != nil {
			loss = d.watch.Loss()
		}
		switch last = c; loss {
		case sqlitedb.LostFile: // the log stays
			if _, err := c.Conn.(sqlite3.FileControl).FileControlPersistWAL("main", 1); err != nil {
				last = nil
			}
		case sqlitedb.LostContent: // it is not moved either: the file may be another by now
			first, last = last, first
		}
	}
	d.readers, d.writer.Conn = nil, nil
	var errs []error
	for _, c := range []io.Closer{first, last} {
		if c != nil {
			errs = append(errs, c.Close())
		}
	}
	return errors.Join(errs...)
}

// reopen closes the files and opens them again, without a question in between.
func (d *database) reopen() error {
	d.draining.Store(true)
	defer d.draining.Store(false)
	for end := time.Now().Add(drainTime); !d.files.mu.TryLock(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			return errOpening
		}
	}
	defer d.files.mu.Unlock()
	err := d.closeFiles()
	if openErr := d.openFiles(d.ctx); openErr != nil {
		return errors.Join(openErr, err)
	}
	return nil // what could not be closed well is open again, and sound
}

// inPlace returns an error unless the files are open, and where they were opened.
func (d *database) inPlace() error {
	if d.readers == nil || d.watch == nil {
		return errOpening
	}
	if err := d.health.lost(); err != nil {
		return err
	}
	return d.watch.Check(0)
}
