package sqlitedb

import (
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
// commit, at the end. Where a whole one follows, the log is damaged, and its
// checksums are made to fit again, so that the damage costs only what it has hit.
//
// A writer should cut off what a failed commit has left before it writes on, so
// that remains of a long one never stand behind a shorter later one. CutLog does
// that while the log is open, ExamineLog when it is not.
//
// The log's format is in https://www.sqlite.org/fileformat2.html#walformat.
const (
	logHeader  = 32
	pageHeader = 24
	logMagic   = 0x377f0682 // with the last bit: sums of big-endian words
	logVersion = 3007000
	lockByte   = 1 << 30 // where SQLite locks the database file
)

// LogRepair is what ExamineLog found and did.
type LogRepair struct {
	// Repaired is whether checksums or the header were damaged.
	Repaired bool
	// Commits is how many commits SQLite would have ignored without the repair.
	Commits int
	// Rewritten is how many damaged copies of pages do no harm, because a later
	// commit in the log has the same page.
	Rewritten int
	// Damaged lists the pages whose newest copy is damaged: what they hold may be
	// wrong, and cannot be restored.
	Damaged []uint32
	// Unknown is how many copies of pages are lost so that even the page's number
	// is not known.
	Unknown int
	// Discarded is how many commits at the end were incomplete and were cut off.
	// A power failure before a commit was acknowledged leaves one, and so does
	// damage to the last commit of all.
	Discarded int
	// Missing is how many pages are neither in the log nor in the database file,
	// which was cut.
	Missing int64
}

// Harmless reports whether nothing that was committed is damaged or lost.
func (r *LogRepair) Harmless() bool {
	return len(r.Damaged) == 0 && r.Unknown == 0 && r.Discarded == 0
}

// RepairLog is ExamineLog for those who find out by themselves what the damage
// has hit. It reports whether the log was repaired.
func RepairLog(path string) (repaired bool, err error) {
	r, err := ExamineLog(path)
	return r.Repaired, err
}

// ExamineLog repairs the checksums and the header of the write-ahead log of the
// database at path, which nobody may have open, and cuts off what an incomplete
// commit left. The pages themselves stay as they are. A log whose header is
// damaged beyond repair is an ErrDamaged.
func ExamineLog(path string) (LogRepair, error) {
	f, err := os.Open(path + "-wal")
	if errors.Is(err, fs.ErrNotExist) {
		return LogRepair{}, nil
	}
	if err != nil {
		return LogRepair{}, err
	}
	l := &log{path: path, file: f}
	r, err := l.examine()
	return r, errors.Join(err, l.file.Close())
}

// CutLog cuts the log of the open database at path behind so many pages: what a
// failed commit has left there must not stand behind a later one. No file is
// opened, since closing it would drop the locks that SQLite holds.
func CutLog(path string, pages, pageSize int64) error {
	err := os.Truncate(path+"-wal", LogBytes(pages, pageSize))
	if errors.Is(err, fs.ErrNotExist) && pages == 0 {
		return nil
	}
	return err
}

func (l *log) examine() (r LogRepair, err error) {
	rebuilt, err := l.readHeader()
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return r, nil // nothing was committed yet
	}
	if err != nil {
		return r, err
	}
	if err := l.readFrames(); err != nil {
		return r, err
	}
	l.distrust()
	if rebuilt && !l.proven() {
		return r, fmt.Errorf("%w: the header of its log is not one of a log, and cannot be restored", ErrDamaged)
	}
	broken, end := l.survey(&r)
	if r.Missing, err = l.missing(end); err != nil {
		return r, err
	}
	if r.Commits == 0 && !rebuilt {
		return r, l.cut(end)
	}
	r.Repaired = true
	l.assess(&r, broken, end)
	return r, l.reseal(end)
}

// survey returns the first frame that SQLite does not accept, and how many frames
// there are up to the last commit that is whole: that of all, if it is not the
// one that a crash has cut off.
func (l *log) survey(r *LogRepair) (broken, end int) {
	for broken < len(l.frames) && l.frames[broken].chained {
		broken++
		if l.frames[broken-1].commits > 0 {
			end = broken
		}
	}
	whole, pending := true, 0
	for n := end; n < len(l.frames); n++ {
		f := &l.frames[n]
		whole = whole && f.sound
		ours := f.salted || f.sound && n+1 < len(l.frames) && l.frames[n+1].salted
		if f.commits == 0 || !ours || f.page == 0 {
			continue
		}
		pending++
		if whole {
			end, r.Commits, pending = n+1, r.Commits+pending, 0
		}
		whole = true
	}
	r.Discarded = pending
	return broken, end
}

// assess finds what is left of the damage in the pages up to end.
func (l *log) assess(r *LogRepair, broken, end int) {
	last := make(map[uint32]int)
	for n, f := range l.frames[:end] {
		if f.sound {
			last[f.page] = n
		}
	}
	reported := make(map[uint32]bool)
	for n := broken; n < end; n++ {
		f := &l.frames[n]
		switch later, again := last[f.page]; {
		case f.sound:
		case f.page == 0:
			r.Unknown++
		case again && later > n:
			r.Rewritten++
		case !reported[f.page]:
			reported[f.page] = true
			r.Damaged = append(r.Damaged, f.page)
		}
	}
}

// missing counts the pages that neither the database file has nor so many frames.
func (l *log) missing(end int) (n int64, err error) {
	info, err := os.Stat(l.path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil // who opens it will see that
	}
	if err != nil {
		return 0, err
	}
	logged, last := make(map[uint32]bool), uint32(0)
	for _, f := range l.frames[:end] {
		logged[f.page] = true
		if f.commits > 0 {
			last = f.commits
		}
	}
	locks := uint32(lockByte/l.pageSize) + 1 // this page is never written
	for page := uint32(info.Size()/l.pageSize) + 1; page <= last; page++ {
		if !logged[page] && page != locks {
			n++
		}
	}
	return n, nil
}
