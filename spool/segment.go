package spool

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/peba-edge/peba/sqlitedb"
	"github.com/peba-edge/peba/sqlitedb/sabotage"
)

// segment is a file of frames with consecutive ids. Only the active segment,
// the last one, grows; those found at Open never do.
type segment struct {
	path        string
	first, last int64 // last < first: it is empty
	bytes       int64 // of all its frames' data
	left        int64 // of frames that are not done

	done      spans
	doneBytes int64
	unsaved   bool // whether done has changes for the progress file

	held     []hold // frames that currently cannot be read (suspect.go)
	failures int    // reads in a row
	cause    error  // of the last one that failed
	again    schedule

	lost    spans // frames given up
	damaged bool

	info       os.FileInfo    // of its file, at the last write
	conn       *sqlitedb.Conn // of a file no longer at path (restore.go), otherwise nil
	vanishedAt time.Time

	sealed bool  // whether its log is in the file and its writer closed
	size   int64 // size of its files in bytes
	budget int64 // bytes counted against MaxSize (room.go)
}

const (
	extension = ".spool"
	beginning = ".new"     // a file without a schema yet
	setAside  = ".damaged" // a damaged file kept for inspection

	applicationID = 0x50454253 // PRAGMA application_id: "PEBS"
	schemaVersion = 1
)

// schema is that of a segment. appended is in microseconds since 1970, total
// the bytes of all data up to and with this frame, sum a checksum of the rest.
var schema = fmt.Sprintf(`
	BEGIN IMMEDIATE;
	CREATE TABLE frames (
		id       INTEGER PRIMARY KEY,
		appended INTEGER NOT NULL,
		total    INTEGER NOT NULL,
		sum      INTEGER NOT NULL,
		data     BLOB NOT NULL
	) STRICT;
	PRAGMA application_id = %d;
	PRAGMA user_version = %d;
	COMMIT`, applicationID, schemaVersion)

func segmentPath(dir string, first int64) string {
	return filepath.Join(dir, fmt.Sprintf("%019d%s", first, extension))
}

// firstOf returns the first id of the segment with this name.
func firstOf(name string) (int64, bool) {
	digits, ours := strings.CutSuffix(name, extension)
	first, err := strconv.ParseInt(digits, 10, 64)
	return first, ours && err == nil && first > 0 && len(digits) == 19
}

// firstOfAside returns the first id of a damaged segment that was set aside.
func firstOfAside(name string) (int64, bool) {
	if !strings.HasSuffix(name, setAside) {
		return 0, false
	}
	return firstOf(name[:min(len(name), 19+len(extension))])
}

// sizeOf returns the size of the files in bytes.
func sizeOf(path string) (n int64, err error) {
	for _, f := range sqlitedb.Files(path) {
		info, err := os.Stat(f)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return 0, err
		}
		if err == nil {
			n += info.Size()
		}
	}
	return n, nil
}

// removeFiles removes a database's files.
func removeFiles(path string) error {
	var errs []error
	for _, f := range sqlitedb.Files(path) {
		if err := os.Remove(f); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// createSegment creates an empty segment. It gets its name only after its
// schema: a file with that name and without a schema is damaged.
func createSegment(ctx context.Context, path string) error {
	begun := path + beginning
	if err := removeFiles(begun); err != nil {
		return err
	}
	if err := initSegment(ctx, begun); err != nil {
		return errors.Join(err, removeFiles(begun))
	}
	return os.Rename(begun, path)
}

func initSegment(ctx context.Context, path string) error {
	if err := sqlitedb.Create(path); err != nil {
		return err
	}
	c, err := sqlitedb.Connect(ctx, path, "journal_mode(WAL)", "synchronous(FULL)")
	if err != nil {
		return err
	}
	return errors.Join(c.Exec(ctx, schema), c.Close())
}

// drained reports whether all frames are done or lost.
func (g *segment) drained() bool {
	return g.done.count()+g.lost.count() == g.last-g.first+1
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// sum is the checksum of a frame.
func sum(id, appended, total int64, data []byte) int64 {
	return int64(crc32.Update(headSum(id, appended, total, int64(len(data))), castagnoli, data))
}

// headSum returns a checksum of some numbers.
func headSum(numbers ...int64) uint32 {
	var b []byte
	for _, n := range numbers {
		for range 8 {
			b = append(b, byte(n))
			n >>= 8
		}
	}
	return crc32.Checksum(b, castagnoli)
}

// reader reads the frames of one segment.
type reader struct {
	segment *segment
	conn    *sqlitedb.Conn
	get     *sqlitedb.Statement
	shared  bool // the connection belongs to the segment
}

// openReader opens the segment's file, or uses the open connection of a
// vanished one.
func openReader(ctx context.Context, g *segment) (*reader, error) {
	if g.conn != nil {
		get, err := g.conn.Prepare(ctx, selectFrame)
		if err != nil {
			return nil, err
		}
		return &reader{segment: g, conn: g.conn, get: get, shared: true}, nil
	}
	if _, err := os.Stat(g.path); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	c, err := sqlitedb.Connect(ctx, g.path, "query_only(1)", "cell_size_check(1)", "busy_timeout(5000)", "cache_size(-1024)")
	if err != nil {
		return nil, err
	}
	get, err := c.Prepare(ctx, selectFrame)
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return &reader{segment: g, conn: c, get: get}, nil
}

const selectFrame = `
	SELECT appended, total, sum, length(data), CASE WHEN length(data) <= ?2 THEN data END
	FROM frames WHERE id = ?1`

func (r *reader) close() error {
	err := r.get.Close()
	if !r.shared {
		err = errors.Join(err, r.conn.Close())
	}
	if err != nil {
		return fmt.Errorf("close %s: %w", r.segment.path, err)
	}
	return nil
}

// row is a frame as it is stored.
type row struct {
	size, appended, total int64
	data                  []byte // nil if longer than requested
}

// frame reads a frame with data of at most room bytes, and verifies it.
func (r *reader) frame(ctx context.Context, id, room int64) (row, error) {
	dest := make([]driver.Value, 5)
	found, err := r.get.Row(ctx, dest, id, room)
	if err != nil {
		return row{}, err
	}
	if !found {
		return row{}, fmt.Errorf("%w: frame %d is missing", ErrDamaged, id)
	}
	var f row
	f.appended, _ = dest[0].(int64)
	f.total, _ = dest[1].(int64)
	want, _ := dest[2].(int64)
	f.size, _ = dest[3].(int64)
	f.data, _ = dest[4].([]byte)
	if f.data == nil && f.size > room {
		return f, nil
	}
	if !sabotage.Checksum && sum(id, f.appended, f.total, f.data) != want {
		return row{}, fmt.Errorf("%w: frame %d has a wrong checksum", ErrDamaged, id)
	}
	return f, nil
}

func timeOf(appended int64) time.Time { return time.UnixMicro(appended).UTC() }
