package spool

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"

	"github.com/peba-edge/peba/sqlitedb"
)

// vanished handles a segment whose files are no longer at their path. While the
// connection is open they can still be read, and are written to the path again.
func (s *Spool) vanished(g *segment, conn *sqlitedb.Conn, cause error) {
	s.taking <- struct{}{}
	s.mu.Lock()
	g.conn, g.cause, g.vanishedAt, g.sealed = conn, cause, s.opts.now(), true
	g.again = schedule{}
	waiting := g.last - g.first + 1 - g.done.count()
	s.mu.Unlock()
	<-s.taking
	back := s.bringBack(context.Background(), g)
	s.mu.Lock()
	failed := g.cause
	back = back || g.conn == nil // the file check came first
	s.mu.Unlock()
	if back {
		s.opts.Report(g.path, fmt.Errorf("%w; its %d messages were restored from the open file", cause, waiting))
		return
	}
	s.opts.Report(g.path, fmt.Errorf("%w; its %d messages exist only while this process runs: %w", cause, waiting, failed))
}

// bringBack restores a vanished segment at its path.
func (s *Spool) bringBack(ctx context.Context, g *segment) (back bool) {
	now := s.opts.now()
	s.mu.Lock()
	due := g.conn != nil && g.again.due(now)
	s.mu.Unlock()
	if !due {
		return false
	}
	s.taking <- struct{}{}
	defer func() { <-s.taking }()
	if g.conn == nil {
		return false // everything was delivered in the meantime
	}
	err := s.restore(ctx, g)
	unreadable := err != nil && proves(err) && now.Sub(g.vanishedAt) >= patience && g.again.tries >= minTries
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil && !unreadable {
		g.cause = err
		g.again.failed(now)
		return false
	}
	// Readers use the old file and a connection that is now closed.
	for lane, r := range s.readers {
		if r != nil && r.segment == g {
			err = errors.Join(err, s.closeReader(Lane(lane)))
		}
	}
	if closing := g.conn.Close(); closing != nil {
		s.opts.Report(g.path, fmt.Errorf("close %s: %w: %w", g.path, ErrUnreadable, closing))
	}
	g.conn, g.cause, g.again, g.unsaved = nil, nil, schedule{}, true
	for i := range g.held {
		g.held[i].tries, g.held[i].since = 0, now
	}
	return !unreadable
}

// restore copies the database of the segment's connection to the segment's
// path.
func (s *Spool) restore(ctx context.Context, g *segment) error {
	begun := g.path + beginning
	if err := removeFiles(begun); err != nil {
		return err
	}
	if err := g.conn.CopyTo(ctx, begun); err != nil {
		return err
	}
	info, err := os.Stat(g.path)
	switch {
	case errors.Is(err, fs.ErrNotExist) || err == nil && os.SameFile(info, g.info):
		err = removeFiles(g.path) // its remains
	case err == nil:
		err = s.opts.quarantine(g.path, errors.New("it replaced an open file"))
	}
	if err != nil {
		return errors.Join(err, removeFiles(begun))
	}
	if err := sqlitedb.Replace(begun, g.path); err != nil {
		return err
	}
	return s.measure(g)
}

// measure records the identity and size of a sealed segment's files.
func (s *Spool) measure(g *segment) error {
	info, err := os.Stat(g.path)
	if err != nil {
		return err
	}
	size, err := sizeOf(g.path)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	g.info = info
	if slices.Contains(s.segments, g) {
		s.charge(g, size, size)
	}
	return nil
}

// lookAfter checks whether a sealed segment's file still exists. If not, a lane
// that reads from it still has it open; otherwise its messages are held.
func (s *Spool) lookAfter(g *segment) {
	s.mu.Lock()
	skip := !g.sealed || g.conn != nil || g.info == nil
	s.mu.Unlock()
	if skip {
		return
	}
	info, err := os.Stat(g.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		err = fmt.Errorf("%w: %w", sqlitedb.ErrReplaced, err)
	case err == nil && info.Size() < g.info.Size():
		err = fmt.Errorf("%w: %s was truncated from %d to %d bytes", sqlitedb.ErrReplaced, g.path, g.info.Size(), info.Size())
	default:
		return
	}
	s.taking <- struct{}{}
	s.mu.Lock()
	gone := s.segmentOf(g.first) != g
	s.mu.Unlock()
	var conn *sqlitedb.Conn
	for lane, r := range s.readers {
		if r == nil || r.segment != g || r.shared || conn != nil || gone {
			continue
		}
		if r.conn.Exec(context.Background(), "PRAGMA query_only(0)") == nil {
			conn, s.readers[lane] = r.conn, nil
		}
	}
	<-s.taking
	if gone {
		return
	}
	if conn != nil {
		s.vanished(g, conn, err)
		return
	}
	s.mu.Lock()
	begins := s.hold(g, g.first, g.last, hold{since: s.opts.now()})
	if g.cause == nil {
		g.cause = err
	}
	held := g.heldFrames()
	s.mu.Unlock()
	if begins {
		s.opts.Report(g.path, fmt.Errorf("%w; %d messages are queued in it: put it back", err, held))
	}
}

// holdLock makes sure that this process holds the lock at its path. Only the
// writer calls it.
func (s *Spool) holdLock() error {
	path := s.lockPath()
	info, err := os.Stat(path)
	if err == nil && os.SameFile(info, s.lockInfo) {
		s.lockErr = nil
		return nil
	}
	now := s.opts.now()
	if s.lockErr != nil && now.Sub(s.lockTried) < relockGap {
		return s.lockErr
	}
	s.lockTried = now
	lock, err := sqlitedb.Lock(context.Background(), path)
	if err == nil {
		if info, err = os.Stat(path); err != nil {
			err = errors.Join(err, lock.Close())
		}
	}
	if err != nil {
		s.lockErr = fmt.Errorf("%w: this process no longer holds the lock %s: %w", sqlitedb.ErrReplaced, path, err)
		return s.lockErr
	}
	closing := s.lock.Close()
	s.lock, s.lockInfo, s.lockErr = lock, info, nil
	s.opts.Report(path, errors.Join(fmt.Errorf("%w: %s was deleted or replaced; it is locked again", sqlitedb.ErrReplaced, path), closing))
	return nil
}

// relockGap is the pause between attempts to get a lock that another process
// holds, since each attempt blocks.
const relockGap = 5 * time.Second
