package sqlitedb

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
)

// log is the file of a write-ahead log.
type log struct {
	path     string
	file     *os.File
	order    binary.ByteOrder
	pageSize int64
	salt     [8]byte
	header   [logHeader]byte // the expected one
	frames   []frame
}

// sum is a checksum of everything before it.
type sum [2]uint32

// frame describes a page in the log.
type frame struct {
	page    uint32
	commits uint32 // if it ends a commit: the database's size in pages
	salted  bool   // it has the log's salt, so it is not from an older log
	chained bool   // SQLite accepts it if it accepts those before
	sound   bool   // its content is what was written
	after   sum    // the stored checksum
	found   sum    // the actual checksum, continued from the frame before
}

// readHeader reads the header, or rebuilds it from its remains and reports
// that. Then the frames must prove it.
func (l *log) readHeader() (rebuilt bool, err error) {
	if _, err := l.file.ReadAt(l.header[:], 0); err != nil {
		return false, err
	}
	h := l.header[:]
	magic := binary.BigEndian.Uint32(h)
	l.order = binary.LittleEndian
	if magic == logMagic|1 {
		l.order = binary.BigEndian
	}
	l.pageSize = int64(binary.BigEndian.Uint32(h[8:]))
	copy(l.salt[:], h[16:24])
	if magic&^1 == logMagic && l.pageSize >= 512 && l.pageSize <= 65536 && l.add(sum{}, h[:24]) == sumAt(h[24:]) {
		return false, nil
	}
	return true, l.rebuildHeader()
}

// rebuildHeader takes the page size from the database and the salt from the
// frames. The order of bytes is that of nearly every machine.
func (l *log) rebuildHeader() error {
	db, err := os.Open(l.path)
	if err != nil {
		return fmt.Errorf("%w: the header of its log is invalid: %w", ErrDamaged, err)
	}
	var b [18]byte
	_, err = io.ReadFull(db, b[:])
	if err = errors.Join(err, db.Close()); err != nil {
		return fmt.Errorf("%w: the header of its log is invalid, and so is the database's: %w", ErrDamaged, err)
	}
	l.pageSize = int64(binary.BigEndian.Uint16(b[16:]))
	if l.pageSize == 1 {
		l.pageSize = 65536
	}
	if l.pageSize < 512 {
		return fmt.Errorf("%w: the header of its log is invalid, and so is the database's", ErrDamaged)
	}
	if _, err := l.file.ReadAt(l.salt[:], logHeader+8); errors.Is(err, io.EOF) {
		return io.EOF // no frame was ever written
	} else if err != nil {
		return err
	}
	l.order = binary.LittleEndian
	h := l.header[:]
	binary.BigEndian.PutUint32(h, logMagic)
	binary.BigEndian.PutUint32(h[4:], logVersion)
	binary.BigEndian.PutUint32(h[8:], uint32(l.pageSize))
	copy(h[16:], l.salt[:])
	return nil
}

// proven reports whether frames match a rebuilt header: two in a row, or one
// and the header.
func (l *log) proven() bool {
	for _, f := range l.frames {
		if f.sound && f.salted {
			return true
		}
	}
	return false
}

// add continues SQLite's checksum over 8 bytes at a time.
func (l *log) add(s sum, b []byte) sum {
	for ; len(b) >= 8; b = b[8:] {
		s[0] += l.order.Uint32(b) + s[1]
		s[1] += l.order.Uint32(b[4:]) + s[0]
	}
	return s
}

func (l *log) addFrame(s sum, page []byte) sum {
	return l.add(l.add(s, page[:8]), page[pageHeader:])
}

func sumAt(b []byte) sum {
	return sum{binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])}
}

// readFrames reads all frames and checks each against the stored checksum of the
// one before, so that damage to one frame does not affect those behind it.
func (l *log) readFrames() error {
	page := make([]byte, pageHeader+l.pageSize)
	before := frame{after: sumAt(l.header[24:]), found: l.add(sum{}, l.header[:24])}
	for n := int64(0); ; n++ {
		_, err := l.file.ReadAt(page, logHeader+n*int64(len(page)))
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		f := frame{
			page:    binary.BigEndian.Uint32(page),
			commits: binary.BigEndian.Uint32(page[4:]),
			salted:  string(page[8:16]) == string(l.salt[:]),
			after:   sumAt(page[16:]),
			found:   l.addFrame(before.after, page),
		}
		f.sound = f.found == f.after
		f.chained = f.sound && f.salted && f.page != 0
		if !f.sound && l.addFrame(before.found, page) == f.after {
			// The checksum in the frame before was damaged, not its content.
			f.sound, f.found = true, f.after
			if n > 0 {
				l.frames[n-1].sound = true
			}
		}
		l.frames = append(l.frames, f)
		before = f
	}
}

// distrust clears the page numbers of frames with an impossible header.
func (l *log) distrust() {
	size := uint32(math.MaxUint32) // of the database after the last commit
	for i := range l.frames {
		if f := &l.frames[i]; f.sound && f.salted && f.commits > 0 {
			size = f.commits
		}
	}
	for i := range l.frames {
		if f := &l.frames[i]; !f.sound && (!f.salted || f.page > size) {
			f.page = 0
		}
	}
}

// cut truncates the file after so many frames.
func (l *log) cut(frames int) error {
	info, err := l.file.Stat()
	size := int64(logHeader) + int64(frames)*(pageHeader+l.pageSize)
	if err != nil || info.Size() <= size {
		return err
	}
	if err := l.writable(); err != nil {
		return err
	}
	return errors.Join(l.file.Truncate(size), l.file.Sync())
}

// writable reopens the file for writing. Only repairs need that: an intact log
// may be on a read-only disk.
func (l *log) writable() error {
	f, err := os.OpenFile(l.path+"-wal", os.O_RDWR, 0)
	if err != nil {
		return err
	}
	err = l.file.Close()
	l.file = f
	return err
}

// reseal writes the correct header, salts and checksums of so many frames, and
// truncates the file there. SQLite stops at a page without a number, so such a
// frame is replaced by a copy of a neighbor.
func (l *log) reseal(end int) error {
	if err := l.writable(); err != nil {
		return err
	}
	s := l.add(sum{}, l.header[:24])
	binary.BigEndian.PutUint32(l.header[24:], s[0])
	binary.BigEndian.PutUint32(l.header[28:], s[1])
	if _, err := l.file.WriteAt(l.header[:], 0); err != nil {
		return err
	}
	page := make([]byte, pageHeader+l.pageSize)
	for n := range end {
		from := l.substitute(n, end)
		if _, err := l.file.ReadAt(page, logHeader+int64(from)*int64(len(page))); err != nil {
			return err
		}
		if from != n {
			clear(page[4:8]) // it commits nothing
		}
		copy(page[8:], l.salt[:])
		s = l.addFrame(s, page)
		binary.BigEndian.PutUint32(page[16:], s[0])
		binary.BigEndian.PutUint32(page[20:], s[1])
		if _, err := l.file.WriteAt(page, logHeader+int64(n)*int64(len(page))); err != nil {
			return err
		}
	}
	return l.cut(end)
}

// substitute returns the frame to write at position n: its own, or the next or
// last one with a page number.
func (l *log) substitute(n, end int) int {
	for i := n; i < end; i++ {
		if l.frames[i].page != 0 {
			return i
		}
	}
	for l.frames[n].page == 0 && n > 0 {
		n--
	}
	return n
}
