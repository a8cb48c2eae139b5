// Package spool is a durable outbox: frames are on disk when Append returns,
// and are handed out until they are marked as delivered. See DESIGN.md.
package spool

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/peba-edge/peba/sqlitedb"
)

// Errors of a spool. They are wrapped with the folder and the numbers.
var (
	// ErrFull means that there is no room for a frame: within MaxSize, beside
	// Reserve, or on the disk. It ends when frames were delivered or the disk
	// has room.
	ErrFull = errors.New("spool full")
	// ErrClosed is returned by every call after Close.
	ErrClosed = errors.New("spool closed")
	// ErrDamaged is wrapped by errors about damaged files, such as those passed
	// to Report.
	ErrDamaged = sqlitedb.ErrDamaged
	// ErrUnreadable is wrapped by errors about files that currently cannot be
	// read. Nothing in them is given up yet.
	ErrUnreadable = errors.New("currently cannot be read")
)

// Options are the limits of a spool.
type Options struct {
	// MaxSize is the maximum total size of all files in bytes, including
	// write-ahead logs. Append returns ErrFull beyond it. 0: no limit; otherwise
	// at least 1 MiB. Damaged files that were set aside do not count.
	MaxSize int64
	// Reserve is the free disk space in bytes below which Append returns ErrFull.
	// It has no effect on systems that do not report free space; Linux, macOS,
	// FreeBSD and Windows do.
	Reserve int64
	// SegmentSize is the size at which a new file is begun, in bytes. 0: 64
	// MiB; otherwise at least 64 KiB. It is never more than an eighth of
	// MaxSize, because space is freed one file at a time.
	SegmentSize int64
	// Report receives errors that no caller waits for: about a damaged file
	// (ErrDamaged) and how it was handled, or a file that could not be removed.
	// It must be safe for concurrent use. nil: errors are dropped.
	Report func(path string, err error)

	tick time.Duration    // interval of file checks; 0: a second
	now  func() time.Time // nil: time.Now
}

const (
	minSize            = 1 << 20
	minSegment         = 64 << 10
	defaultSegmentSize = 64 << 20
)

func (o *Options) check() error {
	if o.MaxSize < 0 || o.MaxSize > 0 && o.MaxSize < minSize {
		return fmt.Errorf("maximum size: got %d bytes, must be 0 (no limit) or at least %d", o.MaxSize, minSize)
	}
	if o.Reserve < 0 {
		return fmt.Errorf("reserve of free disk: got %d bytes, must be at least 0", o.Reserve)
	}
	if o.SegmentSize < 0 || o.SegmentSize > 0 && o.SegmentSize < minSegment {
		return fmt.Errorf("segment size: got %d bytes, must be 0 (for %d) or at least %d", o.SegmentSize, defaultSegmentSize, minSegment)
	}
	if o.SegmentSize == 0 {
		o.SegmentSize = defaultSegmentSize
	}
	if o.MaxSize > 0 {
		o.SegmentSize = max(min(o.SegmentSize, o.MaxSize/8), minSegment)
	}
	if o.tick == 0 {
		o.tick = tendEvery
	}
	if o.now == nil {
		o.now = time.Now
	}
	if o.Report == nil {
		o.Report = func(string, error) {}
	}
	return nil
}

// Frame is the data of one Append.
type Frame struct {
	ID    int64 // ascending in the order of Append, across restarts
	Data  []byte
	Tried bool // it may have been sent before: it was returned by Return or found at Open
}

// Spool is an open outbox. Its methods are safe for concurrent use.
type Spool struct {
	dir      string
	opts     Options
	queue    *sqlitedb.Queue[work]
	progress *progress
	writer   *writer
	written  chan struct{}  // closed after the writer's goroutine has ended
	sealing  sync.WaitGroup // the segment being sealed
	trimming sync.WaitGroup
	tending  sync.WaitGroup
	// salvaging is a lock (of capacity one) held by Salvage.
	salvaging chan struct{}
	stopTend  context.CancelFunc

	// Only the writer's goroutine uses the lock while it runs.
	lock      *sqlitedb.Conn
	lockInfo  os.FileInfo
	lockErr   error // why it cannot be acquired
	lockTried time.Time

	// taking is a lock (of capacity one) that guards readers, one per lane.
	taking  chan struct{}
	readers [2]*reader

	// life is read-locked by calls, so that Close waits for them. closing is
	// closed first, to end calls that would wait indefinitely.
	life    sync.RWMutex
	closing chan struct{}
	ending  sync.Once
	closed  bool

	mu sync.Mutex
	// The following fields are guarded by mu.
	state
}

// Open opens the spool in the folder dir, and creates it if missing. It takes
// about a second for a few hundred files, regardless of their size. It fails if
// another process, or another Spool of this one, has the folder open.
func Open(ctx context.Context, dir string, o Options) (*Spool, error) {
	s, err := open(ctx, dir, o)
	if err != nil {
		return nil, fmt.Errorf("open spool %s: %w", dir, err)
	}
	return s, nil
}

// enter begins a call; s.life.RUnlock ends it.
func (s *Spool) enter() error {
	s.life.RLock()
	if s.closed {
		s.life.RUnlock()
		return fmt.Errorf("%w: %s", ErrClosed, s.dir)
	}
	return nil
}

// Append adds data at the end of the spool. It returns nil only if data is on
// disk and survives power loss. Appends of several goroutines share a commit.
// If ctx ends before the commit begins, it returns ctx's error and stores
// nothing; after that it waits for the commit. After an error nothing is
// stored, except that an I/O error during a commit may leave it stored.
func (s *Spool) Append(ctx context.Context, data []byte) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.life.RUnlock()
	if len(data) == 0 {
		return errors.New("append to spool: the frame is empty")
	}
	need, err := s.admit(len(data))
	if err == nil {
		err = s.queue.Do(ctx, work{data: data}, 1, len(data))
	}
	if gaveUp := ctx.Err(); gaveUp != nil && errors.Is(err, gaveUp) {
		s.release(need) // does not concern the spool
	} else {
		s.settle(need, len(data), err)
	}
	return err
}

// Done marks frames returned by Take as delivered: they are not handed out
// again by this process. It writes this without waiting for the disk, so after
// a power loss some may be handed out again, with Tried. It returns an error if
// writing failed, a file could not be removed, or a frame was not in flight;
// all other frames are marked.
func (s *Spool) Done(frames []Frame) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.life.RUnlock()
	var errs []error
	var drained []*segment
	s.mu.Lock()
	for i := range frames {
		g := s.finish(frames[i].ID)
		if g == nil {
			errs = append(errs, fmt.Errorf("done in spool %s: frame %d is not in flight", s.dir, frames[i].ID))
		} else if s.takeDrained(g) {
			drained = append(drained, g)
		}
	}
	trim := s.activeIsDrained(s.opts.SegmentSize / trimPart)
	s.mu.Unlock()
	if trim {
		s.trimming.Go(func() { _ = s.queue.Do(context.Background(), work{}, 1, 0) }) // its errors are reported
	}
	for _, g := range drained {
		errs = append(errs, s.drop(g))
	}
	return errors.Join(append(errs, s.progress.save(s))...)
}

// Return puts undelivered frames of Take back into the queue: they are handed
// out again, with Tried, at their original position. It ignores frames that are
// not in flight, and all frames after Close.
func (s *Spool) Return(frames []Frame) {
	if s.enter() != nil {
		return
	}
	defer s.life.RUnlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range frames {
		s.giveBack(frames[i].ID)
	}
	s.notify()
}

// WaitEmpty waits until every frame is done. It returns nil, ctx's error or
// ErrClosed.
func (s *Spool) WaitEmpty(ctx context.Context) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.life.RUnlock()
	for {
		s.mu.Lock()
		left, changed := s.frames, s.changed
		s.mu.Unlock()
		if left == 0 {
			return nil
		}
		if err := s.wait(ctx, changed); err != nil {
			return err
		}
	}
}

// wait waits until changed is closed.
func (s *Spool) wait(ctx context.Context, changed <-chan struct{}) error {
	select {
	case <-changed:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-s.closing:
		return fmt.Errorf("%w: %s", ErrClosed, s.dir)
	}
}

// Stats describes the content of a spool.
type Stats struct {
	Frames int64     // not done: queued or in flight
	Bytes  int64     // of their data
	Disk   int64     // size of all files in bytes
	Oldest time.Time // append time of the oldest of them; zero if there is none

	Unreadable int64 // part of Frames: currently unreadable, will be retried
	Lost       int64 // lost since Open, because of a damaged or missing file
	Recovered  int64 // recovered from damaged files and appended again since Open
}
