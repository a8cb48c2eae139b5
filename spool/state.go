package spool

import (
	"slices"
	"sort"
)

const (
	// freshWindow is how many bytes may wait for the fresh lane. When there are
	// more it has fallen behind: all that waits is backlog then.
	freshWindow = 4 << 20
	// trimPart says at which part of a segment's size the active one is given up
	// when all its frames are done.
	trimPart = 4
)

// state is where each frame is: waiting or out, or done and then known to its
// segment only. Sets of ids, not of frames, so that a backlog of millions is a
// few spans.
type state struct {
	segments []*segment // ascending; the last may be the active one
	waiting  spans      // not out
	tried    spans      // of those that wait or are out
	out      map[int64]taken

	frames, bytes int64 // waiting or out

	// Frames from border on are the fresh lane's; freshBytes of them wait.
	border, freshBytes int64

	used    int64 // what the files take or may come to take (room.go)
	pending int64 // what appends under way may need

	strays []*stray // segments that could not be opened

	lost, recovered int64 // since Open
	failed          *failure
	writerErr       error // why nothing can be appended at all
	progressErr     error

	oldest  oldest
	changed chan struct{} // closed at the next change
}

// taken is a frame that is out.
type taken struct {
	size     int64
	appended int64 // microseconds since 1970
}

// notify wakes all that wait for a change.
func (s *state) notify() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// segmentOf returns the segment that has or had the frame, nil if it is gone.
func (s *state) segmentOf(id int64) *segment {
	i := sort.Search(len(s.segments), func(i int) bool { return s.segments[i].first > id })
	if i == 0 || s.segments[i-1].last < id {
		return nil
	}
	return s.segments[i-1]
}

// publish makes n frames of the segment known, that follow its last.
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

// addFresh counts bytes that wait for the fresh lane; next is above all ids.
func (s *state) addFresh(bytes, next int64) {
	s.freshBytes += bytes
	if s.freshBytes > freshWindow {
		s.border, s.freshBytes = next, 0
	}
}

// nextWaiting returns the next frame for the lane, from an id on.
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

// handOut moves a frame that waits to those that are out.
func (s *state) handOut(id int64, t taken) (tried bool) {
	s.waiting.remove(id, id)
	s.out[id] = t
	if id >= s.border {
		s.freshBytes = max(0, s.freshBytes-t.size)
	}
	return s.tried.has(id)
}

// giveBack moves a frame that is out to those that wait.
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

// finish makes a frame that is out done and returns its segment; nil: it was not
// out.
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

// heldFrames returns how many frames cannot be read at the moment.
func (g *segment) heldFrames() (n int64) {
	for _, h := range g.held {
		n += h.last - h.first + 1
	}
	return n
}

// unhold takes frames out of those that are held; they do not wait either.
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

// lose gives up frames that are held.
func (s *state) lose(g *segment, p span) {
	s.unhold(g, p)
	g.lost.add(p.first, p.last)
	s.lost += p.last - p.first + 1
}

// moved is for a frame that is held, and was appended again.
func (s *state) moved(g *segment, id, size int64) {
	s.unhold(g, span{id, id})
	g.done.add(id, id)
	g.doneBytes += size
	g.left -= size
	g.unsaved = true
	s.bytes -= size
	s.recovered++
}

// takeDrained removes the segment if it is sealed and has nothing more to give.
// Who gets true has it, to drop its files.
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

// activeIsDrained tells whether the active segment has nothing more to give and
// takes at least so many bytes.
func (s *state) activeIsDrained(size int64) bool {
	if len(s.segments) == 0 {
		return false
	}
	g := s.segments[len(s.segments)-1]
	return !g.sealed && g.last >= g.first && g.drained() && g.size >= size
}
