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
	// reopenEvery is the minimum interval of attempts to reopen files for writing.
	reopenEvery = time.Second
	// drainTime is how long reopening the files waits for questions.
	drainTime = 5 * time.Second
)

// setAside is the suffix of a log that no longer belongs to the database beside it.
const setAside = ".old"

var (
	// errOpening is the state while files are being opened, or after a failure to
	// open them.
	errOpening = fmt.Errorf("%w: retry", sqlitedb.ErrNotOpen)
	// errReadOnly is the state of a store on a disk that was read-only at opening.
	// SQLite stays read-only until all files are reopened.
	errReadOnly = fmt.Errorf("%w: mount it writable, and PEBA recovers automatically", sqlitedb.ErrReadOnly)
)

// files has the open files of a database. Only the writer changes it, when it
// reopens them after a failure.
type files struct {
	mu       sync.RWMutex // held for reading by questions
	draining atomic.Bool  // whether no question may begin

	readOnly bool           // whether the disk was when the files were opened
	lock     *sqlitedb.Conn // nil if it was
	lockFile os.FileInfo
	watch    *sqlitedb.Watch
	readers  *sql.DB
	repair   sqlitedb.LogRepair // what was done to the log
}

// openFiles opens everything, or only the lock.
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
		// A killed probe leaves it behind.
		err = d.writer.Exec(ctx, dropProbe)
	}
	if err != nil && readOnly {
		// Without the log of a killed process there is none to read, and SQLite does
		// not say why it cannot create one.
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
		d.suspect(fmt.Errorf("%w: the log was damaged, and the file is being checked", sqlitedb.ErrDamaged))
	}
	return nil
}

// acquire acquires the lock, unless the disk is read-only. Two processes may
// read from such a disk, but must acquire the lock before writing.
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

// repairLog repairs the log before it is opened, and reports the repair.
func (d *database) repairLog() error {
	r, err := sqlitedb.ExamineLog(d.path)
	if err != nil && isReadOnly(err) && !r.Repaired {
		err = nil // nothing is written after remains that should be truncated
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

// closeFiles closes everything except the lock. The last connection to close moves
// the log into the file and deletes it by path, if it may write. That must not
// harm files placed there by others.
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
		case sqlitedb.LostContent: // it is not moved either: the file may have been replaced
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
	return nil // errors of closing do not matter: the files are open again and intact
}

// inPlace returns an error unless the files are open and still at their paths.
func (d *database) inPlace() error {
	if d.readers == nil || d.watch == nil {
		return errOpening
	}
	if err := d.health.lost(); err != nil {
		return err
	}
	return d.watch.Check(0)
}
