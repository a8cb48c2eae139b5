package sqlitedb

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// SQLite reads a write-ahead log up to the first frame with a wrong checksum,
// and takes what follows for the remains of older ones. After a crash that is
// right, but a flipped bit would cost all commits behind it. A commit begins
// only when the one before is on disk: a crash leaves at most one incomplete
// commit, at the end. Where more follow, the log is damaged, and RepairLog
// makes its checksums fit again, so that the damage costs only what it has hit.
//
// This holds for a log whose writer never goes on behind a failed commit: the
// remains of a long one behind a shorter later one look the same.
//
// The log's format is in https://www.sqlite.org/fileformat2.html#walformat.
const (
	logHeader  = 32
	pageHeader = 24
	logMagic   = 0x377f0682 // with the last bit: sums of big-endian words
)

// log is the file of a write-ahead log.
type log struct {
	file     *os.File
	order    binary.ByteOrder
	pageSize int64
	salt     [8]byte
	sum      [2]uint32 // of all so far
}

// RepairLog repairs the checksums of the write-ahead log of the database at
// path, which nobody may have open, and reports whether that was necessary.
// The pages themselves stay as they are: what the damage has hit is for the
// caller to find. A log whose header is damaged is an ErrDamaged.
func RepairLog(path string) (repaired bool, err error) {
	f, err := os.OpenFile(path+"-wal", os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	l := &log{file: f}
	if err := l.readHeader(); errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return false, nil // nothing was committed yet
	} else if err != nil {
		return false, err
	}
	end, commits, err := l.survey()
	if err != nil || commits < 2 {
		return false, err
	}
	return true, l.reseal(end)
}

func (l *log) readHeader() error {
	var b [logHeader]byte
	if _, err := io.ReadFull(l.file, b[:]); err != nil {
		return err
	}
	magic := binary.BigEndian.Uint32(b[:])
	l.order = binary.LittleEndian
	if magic&1 != 0 {
		l.order = binary.BigEndian
	}
	l.pageSize = int64(binary.BigEndian.Uint32(b[8:]))
	copy(l.salt[:], b[16:24])
	l.add(b[:24])
	if magic&^1 != logMagic || l.pageSize < 512 || l.pageSize > 65536 || !l.fits(b[24:]) {
		return fmt.Errorf("%w: the header of its log is not one of a log", ErrDamaged)
	}
	return nil
}

// add is SQLite's checksum over 8 bytes at a time.
func (l *log) add(b []byte) {
	for ; len(b) >= 8; b = b[8:] {
		l.sum[0] += l.order.Uint32(b) + l.sum[1]
		l.sum[1] += l.order.Uint32(b[4:]) + l.sum[0]
	}
}

func (l *log) fits(b []byte) bool {
	return binary.BigEndian.Uint32(b) == l.sum[0] && binary.BigEndian.Uint32(b[4:]) == l.sum[1]
}

// survey finds the first page that does not fit, counts the commits from there
// on, and returns how many pages there are up to the last commit.
func (l *log) survey() (end int64, commits int, err error) {
	broken := false
	page := make([]byte, pageHeader+l.pageSize)
	for n := int64(0); ; n++ {
		_, err := l.file.ReadAt(page, logHeader+n*int64(len(page)))
		if errors.Is(err, io.EOF) {
			return end, commits, nil
		}
		if err != nil {
			return 0, 0, err
		}
		if !broken {
			l.add(page[:8])
			l.add(page[pageHeader:])
			broken = !l.fits(page[16:])
		}
		if broken && string(page[8:16]) == string(l.salt[:]) && binary.BigEndian.Uint32(page[4:]) != 0 {
			commits++
			end = n + 1
		}
	}
}

// reseal writes the salt and checksums of so many pages as they should be. SQLite
// stops at a page without a number: in its place the one before stands twice.
func (l *log) reseal(end int64) error {
	if _, err := l.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	l.sum = [2]uint32{}
	if err := l.readHeader(); err != nil {
		return err
	}
	page, before := make([]byte, pageHeader+l.pageSize), make([]byte, pageHeader+l.pageSize)
	for n := range end {
		at := logHeader + n*int64(len(page))
		if _, err := l.file.ReadAt(page, at); err != nil {
			return err
		}
		if binary.BigEndian.Uint32(page) == 0 {
			copy(page, before)
			clear(page[4:8]) // it commits nothing
		}
		copy(before, page)
		l.add(page[:8])
		l.add(page[pageHeader:])
		copy(page[8:], l.salt[:])
		binary.BigEndian.PutUint32(page[16:], l.sum[0])
		binary.BigEndian.PutUint32(page[20:], l.sum[1])
		if _, err := l.file.WriteAt(page, at); err != nil {
			return err
		}
	}
	return l.file.Sync()
}
