// Package intake bounds the memory for all request bodies that are being
// received or processed, with a fair share per source. It counts bytes of
// bodies; handlers/DESIGN.md has the memory cost per byte.
package intake

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// Sizes of one body, in bytes.
const (
	// MinCharge is the minimum charge for a body: the buffers of a request exist
	// before its first byte.
	MinCharge = 32 << 10
	// MaxUnverified is the part of a body that is read before its credentials are
	// verified.
	MaxUnverified = 256 << 10
	// MaxSmall is the size up to which a body is small.
	MaxSmall = 1 << 20
)

// Sizes of the rooms (byte budgets). MinCharge bounds the number of bodies in
// each.
const (
	entryRoom = 32 << 20
	smallRoom = 64 << 20
	largeRoom = 128 << 20
)

// A source may hold this multiple of the free part of a room: half of an empty
// room, or three quarters. The fuller the room, the less each source gets, but
// there is always space for a new source.
const (
	entryShare    = 1
	verifiedShare = 3
)

// Errors of Body.
var (
	// ErrCrowded means that the room, or the source's share of it, is used up.
	ErrCrowded = errors.New("too many request bodies at once")
	// ErrUnverified means that a body not yet admitted is larger than
	// MaxUnverified.
	ErrUnverified = errors.New("the body is too large to be read before its credentials are verified")
)

// Gate counts the bodies of one process. It has one room for bodies with
// unverified credentials or waiting for admission, one for small bodies, and one
// for large ones.
type Gate struct {
	mu                  sync.Mutex
	entry, small, large room
	waiting             []*waiter // oldest first
}

// room is a byte budget shared by sources.
type room struct {
	size, share int64
	used        int64
	sources     map[netip.Prefix]int64 // bytes held
}

// waiter is a body waiting for admission.
type waiter struct {
	body  *Body
	total int64
	done  chan struct{} // closed when admitted
}

// NewGate returns a Gate with the default rooms.
func NewGate() *Gate {
	newRoom := func(size, share int64) room {
		return room{size: size, share: share, sources: make(map[netip.Prefix]int64)}
	}
	return &Gate{
		entry: newRoom(entryRoom, entryShare), small: newRoom(smallRoom, verifiedShare), large: newRoom(largeRoom, verifiedShare),
	}
}

// Fit enlarges the room for large bodies to fit two bodies of so many bytes, of
// which one source may send one.
func (g *Gate) Fit(size int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.large.size = max(g.large.size, 2*size)
}

// Usage is the number of bytes counted in each room of a Gate.
type Usage struct{ Entry, Small, Large int64 }

// Usage returns the current usage.
func (g *Gate) Usage() Usage {
	g.mu.Lock()
	defer g.mu.Unlock()
	return Usage{Entry: g.entry.used, Small: g.small.used, Large: g.large.used}
}

// Body is the charge of one body. It is not safe for concurrent use.
type Body struct {
	gate   *Gate
	source netip.Prefix
	// room and held are guarded by the gate's mutex. room is nil after Leave.
	room *room
	held int64
}

// Enter counts a new body of a source, with MinCharge. It returns ErrCrowded if
// the source, or all sources, have too many bodies not yet admitted. The caller
// must call Leave.
func (g *Gate) Enter(source netip.Prefix) (*Body, error) {
	b := &Body{gate: g, source: source}
	g.mu.Lock()
	defer g.mu.Unlock()
	if !b.move(&g.entry, MinCharge) {
		return nil, ErrCrowded
	}
	return b, nil
}

// Admit reserves room for a body of total bytes with verified credentials. It waits
// for at most patience, then returns ErrCrowded, or ctx's error.
func (b *Body) Admit(ctx context.Context, total int64, patience time.Duration) error {
	g := b.gate
	g.mu.Lock()
	if b.move(g.roomFor(total), total) {
		g.mu.Unlock()
		return nil
	}
	w := &waiter{body: b, total: total, done: make(chan struct{})}
	g.waiting = append(g.waiting, w)
	g.mu.Unlock()

	timer := time.NewTimer(patience)
	defer timer.Stop()
	err := ErrCrowded
	select {
	case <-w.done:
		return nil
	case <-timer.C:
	case <-ctx.Done():
		err = ctx.Err()
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	i := slices.Index(g.waiting, w)
	if i < 0 { // admitted at the last moment
		return nil
	}
	g.waiting = slices.Delete(g.waiting, i, i+1)
	return err
}

// Grow reserves room for a body of which total bytes have been read. It never
// waits: without room it returns ErrCrowded or ErrUnverified.
func (b *Body) Grow(total int64) error {
	g := b.gate
	g.mu.Lock()
	defer g.mu.Unlock()
	if total <= b.held {
		return nil
	}
	to := &g.entry
	if b.room != to {
		to = g.roomFor(total)
	} else if total > MaxUnverified {
		return ErrUnverified
	}
	if !b.move(to, total) {
		return ErrCrowded
	}
	g.admitWaiting() // the body may have left the room for small bodies
	return nil
}

// Shrink reduces the charge to MinCharge once the bytes are no longer in
// memory.
func (b *Body) Shrink() {
	b.gate.mu.Lock()
	defer b.gate.mu.Unlock()
	if b.held > MinCharge {
		b.release(b.held - MinCharge)
		b.gate.admitWaiting()
	}
}

// Leave removes the body's charge.
func (b *Body) Leave() {
	b.gate.mu.Lock()
	defer b.gate.mu.Unlock()
	if b.room == nil {
		return
	}
	b.release(b.held)
	b.room = nil
	b.gate.admitWaiting()
}

func (g *Gate) roomFor(total int64) *room {
	if total <= MaxSmall {
		return &g.small
	}
	return &g.large
}

// admitWaiting admits waiting bodies for which there is room now. A body without
// room does not block smaller ones or those of other sources.
func (g *Gate) admitWaiting() {
	g.waiting = slices.DeleteFunc(g.waiting, func(w *waiter) bool {
		if !w.body.move(g.roomFor(w.total), w.total) {
			return false
		}
		close(w.done)
		return true
	})
}

// move charges the body as total bytes to a room, if they fit, and removes its
// old charge. move and release need the gate's mutex.
func (b *Body) move(to *room, total int64) bool {
	total = max(total, MinCharge)
	if b.room == to {
		total = max(0, total-b.held) // the bytes to add
	}
	if !to.fits(b.source, total) {
		return false
	}
	if b.room != to {
		if b.room != nil {
			b.release(b.held)
		}
		b.room = to
	}
	to.used += total
	to.sources[b.source] += total
	b.held += total
	return true
}

// release frees bytes of the body's room.
func (b *Body) release(bytes int64) {
	r := b.room
	b.held -= bytes
	r.used -= bytes
	if r.sources[b.source] -= bytes; r.sources[b.source] == 0 {
		delete(r.sources, b.source)
	}
}

func (r *room) fits(source netip.Prefix, more int64) bool {
	free := r.size - r.used - more
	return free >= 0 && r.sources[source]+more <= r.share*free
}
