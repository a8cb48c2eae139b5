package sqlitedb

import (
	"errors"
	"io/fs"
	"syscall"

	sqlite3 "modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"
)

var (
	// ErrDamaged is wrapped by errors about a file whose content differs from
	// what was written.
	ErrDamaged = errors.New("damaged")
	// ErrReplaced is wrapped by errors about an open file that was deleted,
	// moved, replaced or truncated: writes to it do not reach its path.
	ErrReplaced = errors.New("replaced while open")
	// ErrReadOnly is wrapped by errors about a read-only disk.
	ErrReadOnly = errors.New("the disk is read-only")
	// ErrNotOpen is wrapped by errors about a database whose files could not be
	// opened or are being opened.
	ErrNotOpen = errors.New("the files are not open")
)

// Causes of failures as returned by Cause: fixed words, usable as labels of
// metrics.
const (
	CauseFull     = "disk_full"
	CauseReadOnly = "read_only"
	CauseReplaced = "file_replaced"
	CauseDamaged  = "damaged"
	CauseLocked   = "locked"
	CauseIO       = "io_error"
	CauseOther    = "other"
)

// Causes returns every value of Cause.
func Causes() []string {
	return []string{CauseFull, CauseReadOnly, CauseReplaced, CauseDamaged, CauseLocked, CauseIO, CauseOther}
}

// Cause returns the kind of failure of err.
func Cause(err error) string {
	var e *sqlite3.Error
	if !errors.As(err, &e) {
		e = nil
	}
	switch {
	case IsFull(err):
		return CauseFull
	case errors.Is(err, ErrReplaced):
		return CauseReplaced
	case IsDamage(err):
		return CauseDamaged
	case errors.Is(err, ErrReadOnly), errors.Is(err, syscall.EROFS), e != nil && e.Code()&0xff == codes.SQLITE_READONLY:
		return CauseReadOnly
	case e == nil && IsDown(err):
		return CauseIO
	case e == nil:
		return CauseOther
	}
	switch e.Code() & 0xff {
	case codes.SQLITE_BUSY, codes.SQLITE_LOCKED:
		return CauseLocked
	case codes.SQLITE_IOERR, codes.SQLITE_CANTOPEN, codes.SQLITE_PERM, codes.SQLITE_AUTH:
		return CauseIO
	default:
		return CauseOther
	}
}

// IsDown reports whether err concerns the file, the disk or its locks, and so
// may be temporary. Other errors are of a statement or value and would recur.
func IsDown(err error) bool {
	for _, down := range []error{ErrReplaced, ErrDamaged, ErrReadOnly, ErrNotOpen} {
		if errors.Is(err, down) {
			return true
		}
	}
	var path *fs.PathError
	if errors.As(err, &path) {
		return true
	}
	var e *sqlite3.Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Code() & 0xff {
	case codes.SQLITE_ERROR, codes.SQLITE_TOOBIG, codes.SQLITE_CONSTRAINT,
		codes.SQLITE_MISMATCH, codes.SQLITE_MISUSE, codes.SQLITE_RANGE:
		return false
	default:
		return true
	}
}

// IsDamage reports whether err means that a file's content differs from what
// was written. Failed reads of the disk may cause it too, since SQLite takes
// some for a corrupt file: only an error that persists on a new connection
// proves damage.
func IsDamage(err error) bool {
	if errors.Is(err, ErrDamaged) {
		return true
	}
	var e *sqlite3.Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Code() & 0xff {
	case codes.SQLITE_CORRUPT, codes.SQLITE_NOTADB:
		return true
	}
	return e.Code() == codes.SQLITE_IOERR_DATA || e.Code() == codes.SQLITE_IOERR_CORRUPTFS
}

// IsFull reports whether the disk or the file is full.
func IsFull(err error) bool {
	var e *sqlite3.Error
	return errors.As(err, &e) && e.Code()&0xff == codes.SQLITE_FULL || errors.Is(err, syscall.ENOSPC)
}
