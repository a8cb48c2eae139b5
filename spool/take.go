package spool

import (
	"context"
	"fmt"
	"math"
	"time"
)

// Lane selects the frames that Take returns.
type Lane int

const (
	// Oldest takes from the front of the queue.
	Oldest Lane = iota
	// Fresh takes, in order, frames appended after the backlog formed, so that
	// they need not wait behind it. If more than 4 MiB are queued for it, it has
	// fallen behind: they become backlog, and it continues with new frames.
	// Frames found at Open are backlog. Without a backlog both lanes serve the
	// same frames.
	Fresh
)

// Take returns frames in the order of their ids, at least one and otherwise at
// most maxBytes of data. It waits for a frame until ctx ends. The frames belong
// to the caller until Done or Return; no other call gets them.
func (s *Spool) Take(ctx context.Context, from Lane, maxBytes int) ([]Frame, error) {
	if from != Oldest && from != Fresh {
		return nil, fmt.Errorf("take from spool: lane %d does not exist: must be %d (oldest) or %d (fresh)", from, Oldest, Fresh)
	}
	if err := s.enter(); err != nil {
		return nil, err
	}
	defer s.life.RUnlock()
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		frames, changed := s.takeNow(from, int64(maxBytes))
		if len(frames) > 0 {
			return frames, nil
		}
		if err := s.wait(ctx, changed); err != nil {
			return nil, err
		}
	}
}

// takeNow takes queued frames. If there are none, changed will be closed once
// there may be some.
func (s *Spool) takeNow(lane Lane, room int64) (frames []Frame, changed <-chan struct{}) {
	s.taking <- struct{}{} // held while reading, never while waiting
	defer func() { <-s.taking }()
	for next := int64(0); ; {
		s.mu.Lock()
		id, g := s.nextWaiting(lane, next)
		changed = s.changed
		s.mu.Unlock()
		if g == nil {
			return frames, changed
		}
		limit := room
		if len(frames) == 0 {
			limit = math.MaxInt64
		}
		f, err := s.read(lane, g, id, limit)
		if err != nil {
			s.suspect(lane, g, id, err)
			continue
		}
		if f.size > limit {
			return frames, changed
		}
		s.mu.Lock()
		g.failures = 0
		tried := s.handOut(id, taken{size: f.size, appended: f.appended})
		s.mu.Unlock()
		frames = append(frames, Frame{ID: id, Data: f.data, Tried: tried})
		room -= f.size
		next = id + 1
	}
}

// read reads a frame with the lane's reader. The caller holds taking.
func (s *Spool) read(lane Lane, g *segment, id, limit int64) (row, error) {
	ctx := context.Background()
	r := s.readers[lane]
	if r == nil || r.segment != g {
		if err := s.closeReader(lane); err != nil {
			s.opts.Report(r.segment.path, err)
		}
		var err error
		if r, err = openReader(ctx, g); err != nil {
			return row{}, err
		}
		s.readers[lane] = r
	}
	return r.frame(ctx, id, limit)
}

// closeReader closes the lane's reader. The caller holds taking.
func (s *Spool) closeReader(lane Lane) error {
	r := s.readers[lane]
	if r == nil {
		return nil
	}
	s.readers[lane] = nil
	return r.close()
}

// oldest caches the append time of a frame.
type oldest struct {
	id   int64
	time time.Time
}

// Stats returns the current content of the spool; after Close, zero.
func (s *Spool) Stats() Stats {
	if s.enter() != nil {
		return Stats{}
	}
	defer s.life.RUnlock()
	s.mu.Lock()
	st := Stats{Frames: s.frames, Bytes: s.bytes, Disk: s.progress.size.Load(), Lost: s.lost, Recovered: s.recovered}
	for _, lost := range s.strays {
		st.Disk += lost.segment.size
	}
	id, g := s.nextWaiting(Oldest, 0)
	for _, held := range s.segments {
		st.Disk += held.size
		st.Unreadable += held.heldFrames()
		if len(held.held) > 0 && (g == nil || held.held[0].first < id) {
			id, g = held.held[0].first, held
			s.oldest = oldest{id, timeOf(held.first)} // approximate: it cannot be read
		}
	}
	for out, t := range s.out {
		if g == nil || out < id {
			id, g = out, s.segmentOf(out)
			s.oldest = oldest{out, timeOf(t.appended)}
		}
	}
	known := s.oldest
	s.mu.Unlock()
	if g == nil {
		return st
	}
	if known.id != id {
		known = oldest{id, s.appended(g, id)}
		s.mu.Lock()
		s.oldest = known
		s.mu.Unlock()
	}
	st.Oldest = known.time
	return st
}

// appended returns the append time of a frame. For an unreadable frame it
// returns the start of its segment: Take will find the damage.
func (s *Spool) appended(g *segment, id int64) time.Time {
	s.taking <- struct{}{}
	defer func() { <-s.taking }()
	f, err := s.read(Oldest, g, id, 0)
	if err != nil {
		return timeOf(g.first)
	}
	return timeOf(f.appended)
}
