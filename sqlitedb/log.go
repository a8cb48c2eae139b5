package sqlitedb

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// SQLite reads a write-ahead log up to the first frame with a wrong checksum, and
// treats the rest as remains of an older log. After a crash that is right, but a
// flipped bit would lose all commits behind it. A commit begins only when the one
// before is on disk, so a crash leaves at most one incomplete commit, at the end.
// If a complete commit follows, the log is damaged. Its checksums are then
// recomputed, so that only the damaged pages are lost.
//
// After a failed commit, a writer should truncate its remains before writing on,
// so that remains of a long commit never follow a shorter later one. CutLog does
// this while the log is open, ExamineLog when it is not.
//
// The log's format is in https://www.sqlite.org/fileformat2.html#walformat.
const (
	logHeader  = 32
	pageHeader = 24
	logMagic   = 0x377f0682 // last bit set: checksums of big-endian words
	logVersion = 3007000
	lockByte   = 1 << 30 // offset of SQLite's locks in the database file
)

// LogRepair is the result of ExamineLog.
type LogRepair struct {
	// Repaired reports whether checksums or the header were damaged.
	Repaired bool
	// Commits is the number of commits that SQLite would have ignored without
	// the repair.
	Commits int
	// Rewritten is the number of damaged copies of pages that do not matter,
	// because a later commit in the log has the same page.
	Rewritten int
	// Damaged lists the pages whose newest copy is damaged: their content may be
	// wrong and cannot be restored.
	Damaged []uint32
	// Unknown is the number of lost page copies whose page number is unknown too.
	Unknown int
	// Discarded is the number of incomplete commits at the end that were
	// truncated. A power failure before a commit was acknowledged leaves one, and
	// so does damage to the last commit.
	Discarded int
	// Missing is the number of pages that are neither in the log nor in the
	// truncated database file.
	Missing int64
}

// Harmless reports whether no committed data is damaged or lost.
func (r *LogRepair) Harmless() bool {
	return len(r.Damaged) == 0 && r.Unknown == 0 && r.Discarded == 0
}

// RepairLog is ExamineLog for callers that detect damaged data themselves. It
// reports whether the log was repaired.
func RepairLog(path string) (repaired bool, err error) {
	r, err := ExamineLog(path)
	return r.Repaired, err
}

// ExamineLog repairs the checksums and the header of the write-ahead log of the
// database at path, which must not be open, and truncates the remains of an
// incomplete commit. It does not change the pages. It returns ErrDamaged if the
// header is damaged beyond repair.
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

// CutLog truncates the log of the open database at path to so many pages:
// remains of a failed commit must not follow a later one. It opens no file,
// since closing one would drop SQLite's locks.
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
		return r, fmt.Errorf("%w: the header of its log is invalid and cannot be restored", ErrDamaged)
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

// survey returns the first frame that SQLite does not accept, and the number of
// frames up to the last complete commit. That is the last commit, unless a crash
// left it incomplete.
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

// assess finds the remaining damage in the pages up to end.
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

// missing counts the pages that neither the database file nor the first frames
// have.
func (l *log) missing(end int) (n int64, err error) {
	info, err := os.Stat(l.path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil // opening it will report that
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
	locks := uint32(lockByte/l.pageSize) + 1 // SQLite never writes this page
	for page := uint32(info.Size()/l.pageSize) + 1; page <= last; page++ {
		if !logged[page] && page != locks {
			n++
		}
	}
	return n, nil
}
