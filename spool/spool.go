// Package spool is a durable outbox: frames are on disk when Append returns,
// and are handed out until they are said to be delivered. DESIGN.md tells how.
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

// Errors of a spool. They are wrapped, with the folder and the numbers.
var (
	// ErrFull says that a frame finds no room: below MaxSize, beside Reserve, or
	// on the disk. It passes when frames were delivered, or the disk has room.
	ErrFull = errors.New("spool full")
	// ErrClosed is what every call gets after Close.
	ErrClosed = errors.New("spool closed")
	// ErrDamaged is wrapped by errors about damaged files, as Report gets them.
	ErrDamaged = sqlitedb.ErrDamaged
	// ErrUnreadable is wrapped by errors about files that cannot be read at the
	// moment: nothing of them is given up yet.
	ErrUnreadable = errors.New("cannot be read at the moment")
)

// Options are the limits of a spool.
type Options struct {
	// MaxSize is how many bytes all files may take together, with the
	// write-ahead logs; Append returns ErrFull beyond. 0: no cap; else at least
	// 1 MiB. Files that were set aside as damaged are not counted.
	MaxSize int64
	// Reserve is how many bytes of free disk Append leaves alone (ErrFull).
	// Where the system does not tell what is free it has no effect; Linux, macOS,
	// FreeBSD and Windows do.
	Reserve int64
	// SegmentSize is how long a file grows before a new one is begun, in bytes.
	// 0: 64 MiB; else at least 64 KiB. It is never more than an eighth of
	// MaxSize: room comes back a file at a time.
	SegmentSize int64
	// Report is told what no caller waits for: a damaged file (ErrDamaged) and
	// what becomes of it, or a file that could not be cleared away. It may be
	// called by several goroutines at once. nil: nobody is told.
	Report func(path string, err error)

	tick time.Duration    // between two looks after the files; 0: a second
	now  func() time.Time // nil: time.Now
}

const (
	leastSize          = 1 << 20
	leastSegment       = 64 << 10
	defaultSegmentSize = 64 << 20
)

func (o *Options) check() error {
	if o.MaxSize < 0 || o.MaxSize > 0 && o.MaxSize < leastSize {
		return fmt.Errorf("size cap is %d bytes: allowed are 0 (none) and %d or more", o.MaxSize, leastSize)
	}
	if o.Reserve < 0 {
		return fmt.Errorf("reserve of free disk is %d bytes: allowed are 0 or more", o.Reserve)
	}
	if o.SegmentSize < 0 || o.SegmentSize > 0 && o.SegmentSize < leastSegment {
		return fmt.Errorf("segment size is %d bytes: allowed are 0 (%d) and %d or more", o.SegmentSize, defaultSegmentSize, leastSegment)
	}
	if o.SegmentSize == 0 {
		o.SegmentSize = defaultSegmentSize
	}
	if o.MaxSize > 0 {
		o.SegmentSize = max(min(o.SegmentSize, o.MaxSize/8), leastSegment)
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

// Frame is what one Append brought.
type Frame struct {
	ID    int64 // ascending in the order of Append, over all openings
	Data  []byte
	Tried bool // it may have been sent before: it was returned, or found at Open
}

// Spool is an open outbox. Its methods may be called at the same time.
type Spool struct {
	dir      string
	opts     Options
	queue    *sqlitedb.Queue[work]
	progress *progress
	writer   *writer
	written  chan struct{}  // closed when the writer's goroutine has ended
	sealing  sync.WaitGroup // the segment that is being sealed
	trimming sync.WaitGroup
	tending  sync.WaitGroup
	// salvaging is held (it takes one value) by Salvage.
	salvaging chan struct{}
	stopTend  context.CancelFunc

	// The lock is used by the writer's goroutine only, while that runs.
	lock      *sqlitedb.Conn
	lockInfo  os.FileInfo
	lockErr   error // why it cannot be had
	lockTried time.Time

	// taking is held (it takes one value) by whoever uses readers: there is one
	// for each lane.
	taking  chan struct{}
	readers [2]*reader

	// life is held for reading by calls, so that Close waits for them; closing is
	// closed first, for those that would wait for ever.
	life    sync.RWMutex
	closing chan struct{}
	ending  sync.Once
	closed  bool

	mu sync.Mutex
	// What follows is guarded by mu.
	state
}

// Open opens the spool in the folder dir, which is made when it does not exist.
// It takes a second for some hundred files, whatever is in them. Another
// process, or another Spool of this one, is turned away.
func Open(ctx context.Context, dir string, o Options) (*Spool, error) {
	s, err := open(ctx, dir, o)
	if err != nil {
		return nil, fmt.Errorf("open spool %s: %w", dir, err)
	}
	return s, nil
}

// enter starts a call; s.life.RUnlock ends it.
func (s *Spool) enter() error {
	s.life.RLock()
	if s.closed {
		s.life.RUnlock()
		return fmt.Errorf("%w: %s", ErrClosed, s.dir)
	}
	return nil
}

// Append puts data at the end of the spool and returns nil only when it is on
// disk, through power loss. Appends of several goroutines share a commit. When
// ctx ends before the commit has begun it returns ctx's error and nothing is
// stored; after that it waits, a commit long. After any error nothing is
// stored, but for an I/O error in the midst of a commit: then it may be there.
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
		s.release(need) // that says nothing about the spool
	} else {
		s.settle(need, len(data), err)
	}
	return err
}

// Done says that frames, which Take gave, are delivered: they are not handed
// out again in this process. That is written down without waiting for the disk:
// after a power loss some may come again, with Tried. An error says that it
// could not be written, or that a file could not be cleared away, or that a
// frame was not out; frames that were out are done all the same.
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
			errs = append(errs, fmt.Errorf("done in spool %s: frame %d is not out", s.dir, frames[i].ID))
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

// Return gives frames back, which Take gave and which are not delivered: they
// are handed out again, with Tried, each at its place in the order. Frames that
// are not out are ignored, and all are after Close.
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

// WaitEmpty returns nil when every frame is done, or ctx's error, or ErrClosed.
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

// wait returns nil when changed is closed.
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

// Stats is what a spool holds.
type Stats struct {
	Frames int64     // not done: waiting or out
	Bytes  int64     // of their data
	Disk   int64     // bytes that all files take
	Oldest time.Time // when the oldest of them was appended; zero: there is none

	Unreadable int64 // of Frames: cannot be read at the moment, and are tried again
	Lost       int64 // given up since Open, because of a damaged or missing file
	Recovered  int64 // found in damaged files since Open, and appended again
}
