package spool

import (
	"slices"
	"sort"
)

const (
	// freshWindow is the maximum number of bytes queued for the fresh lane.
	// Beyond it the lane has fallen behind, and its whole queue becomes backlog.
	freshWindow = 4 << 20
	// trimPart is the part of a segment's size above which the active segment is
	// replaced once all its frames are done.
	trimPart = 4
)

// state tracks each frame: queued, in flight, or done (known only to its
// segment). It holds sets of ids, not frames, so that a backlog of millions is
// a few spans.
type state struct {
	segments []*segment // ascending; the last may be the active one
	waiting  spans      // not out
	tried    spans      // of frames queued or in flight
	out      map[int64]taken

	frames, bytes int64 // queued or in flight

	// Frames from border on belong to the fresh lane, which has freshBytes
	// queued.
	border, freshBytes int64

	used    int64 // bytes that the files take or may grow to (room.go)
	pending int64 // bytes reserved by appends in progress

	strays []*stray // segments that could not be opened

	lost, recovered int64 // since Open
	failed          *failure
	writerErr       error // why no append is possible
	progressErr     error

	oldest  oldest
	changed chan struct{} // closed at the next change
}

// taken is a frame in flight.
type taken struct {
	size     int64
	appended int64 // microseconds since 1970
}

// notify wakes everything waiting for a change.
func (s *state) notify() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// segmentOf returns the segment of the frame, or nil if it was removed.
func (s *state) segmentOf(id int64) *segment {
	i := sort.Search(len(s.segments), func(i int) bool { return s.segments[i].first > id })
	if i == 0 || s.segments[i-1].last < id {
		return nil
	}
	return s.segments[i-1]
}

// publish queues n frames that follow the segment's last.
func (s *state) publish(g *segment, n, bytes int64) {
	s.waiting.add(g.last+1, g.last+n)
	g.last += n
	g.bytes += bytes
	g.left += bytes
	s.frames += n
	s.bytes += bytes
	s.addFresh(bytes, g.last+1)
	s.notify()
}

// addFresh adds bytes to the fresh lane's queue; next is above all ids.
func (s *state) addFresh(bytes, next int64) {
	s.freshBytes += bytes
	if s.freshBytes > freshWindow {
		s.border, s.freshBytes = next, 0
	}
}

// nextWaiting returns the lane's next queued frame, starting at an id.
func (s *state) nextWaiting(lane Lane, from int64) (int64, *segment) {
	if lane == Fresh {
		from = max(from, s.border)
	}
	id, found := s.waiting.next(from)
	if !found {
		return 0, nil
	}
	return id, s.segmentOf(id)
}

// handOut moves a queued frame to those in flight.
func (s *state) handOut(id int64, t taken) (tried bool) {
	s.waiting.remove(id, id)
	s.out[id] = t
	if id >= s.border {
		s.freshBytes = max(0, s.freshBytes-t.size)
	}
	return s.tried.has(id)
}

// giveBack moves a frame in flight back to the queue.
func (s *state) giveBack(id int64) {
	t, isOut := s.out[id]
	if !isOut {
		return
	}
	delete(s.out, id)
	s.waiting.add(id, id)
	s.tried.add(id, id)
	if id >= s.border {
		s.addFresh(t.size, s.segments[len(s.segments)-1].last+1)
	}
}

// finish marks a frame in flight as done and returns its segment, or nil if it
// was not in flight.
func (s *state) finish(id int64) *segment {
	t, isOut := s.out[id]
	if !isOut {
		return nil
	}
	delete(s.out, id)
	s.tried.remove(id, id)
	g := s.segmentOf(id)
	g.done.add(id, id)
	g.doneBytes += t.size
	g.left -= t.size
	g.unsaved = true
	s.bytes -= t.size
	s.frames--
	if s.frames == 0 {
		s.notify()
	}
	return g
}

// heldFrames returns how many frames currently cannot be read.
func (g *segment) heldFrames() (n int64) {
	for _, h := range g.held {
		n += h.last - h.first + 1
	}
	return n
}

// unhold removes frames from the held ones without queueing them.
func (s *state) unhold(g *segment, p span) {
	var rest []hold
	for _, h := range g.held {
		left := spans{h.span}
		left.remove(p.first, p.last)
		for _, part := range left {
			h.span = part
			rest = append(rest, h)
		}
	}
	g.held = rest
	s.tried.remove(p.first, p.last)
	s.frames -= p.last - p.first + 1
	if s.frames == 0 {
		s.notify()
	}
}

// lose counts held frames as lost.
func (s *state) lose(g *segment, p span) {
	s.unhold(g, p)
	g.lost.add(p.first, p.last)
	s.lost += p.last - p.first + 1
}

// moved handles a held frame that was appended again.
func (s *state) moved(g *segment, id, size int64) {
	s.unhold(g, span{id, id})
	g.done.add(id, id)
	g.doneBytes += size
	g.left -= size
	g.unsaved = true
	s.bytes -= size
	s.recovered++
}

// takeDrained removes the segment from the state if it is sealed and drained.
// If it returns true, the caller must remove the files.
func (s *state) takeDrained(g *segment) bool {
	if !g.sealed || !g.drained() {
		return false
	}
	i := slices.Index(s.segments, g)
	if i < 0 {
		return false
	}
	s.segments = slices.Delete(s.segments, i, i+1)
	s.bytes -= g.left // of frames that were lost
	s.charge(g, 0, 0)
	return true
}

// activeIsDrained reports whether the active segment is drained and at least so
// many bytes large.
func (s *state) activeIsDrained(size int64) bool {
	if len(s.segments) == 0 {
		return false
	}
	g := s.segments[len(s.segments)-1]
	return !g.sealed && g.last >= g.first && g.drained() && g.size >= size
}
