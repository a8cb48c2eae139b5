package sender

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/peba-edge/peba/spool"
)

// fakeOutbox is a spool in memory, of which both lanes serve the same frames.
type fakeOutbox struct {
	mu      sync.Mutex
	last    int64
	waiting []spool.Frame
	out     map[int64]bool
	changed chan struct{}
}

func newFakeOutbox() *fakeOutbox {
	return &fakeOutbox{out: map[int64]bool{}, changed: make(chan struct{})}
}

// notify wakes all who wait. The caller holds mu.
func (o *fakeOutbox) notify() {
	close(o.changed)
	o.changed = make(chan struct{})
}

func (o *fakeOutbox) append(data []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.last++
	o.waiting = append(o.waiting, spool.Frame{ID: o.last, Data: data})
	o.notify()
}

func (o *fakeOutbox) Take(ctx context.Context, _ spool.Lane, maxBytes int) ([]spool.Frame, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		o.mu.Lock()
		n, size := 0, 0
		for n < len(o.waiting) && (n == 0 || size+len(o.waiting[n].Data) <= maxBytes) {
			size += len(o.waiting[n].Data)
			n++
		}
		frames := slices.Clone(o.waiting[:n])
		o.waiting = o.waiting[n:]
		for _, f := range frames {
			o.out[f.ID] = true
		}
		changed := o.changed
		o.mu.Unlock()
		if n > 0 {
			return frames, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (o *fakeOutbox) Done(frames []spool.Frame) error {
	o.give(frames)
	return nil
}

func (o *fakeOutbox) Return(frames []spool.Frame) {
	o.give(frames)
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, f := range frames {
		f.Tried = true
		o.waiting = append(o.waiting, f)
	}
	o.notify()
}

// give takes frames back, which must be out.
func (o *fakeOutbox) give(frames []spool.Frame) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, f := range frames {
		if !o.out[f.ID] {
			panic("a frame is returned that is not in flight")
		}
		delete(o.out, f.ID)
	}
	o.notify()
}

// left tells how many frames wait and how many are out.
func (o *fakeOutbox) left() (waiting, out int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.waiting), len(o.out)
}

// waitEmpty returns when all frames are done. If that takes minutes they never are.
func (o *fakeOutbox) waitEmpty(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	for {
		o.mu.Lock()
		empty, changed := len(o.waiting) == 0 && len(o.out) == 0, o.changed
		o.mu.Unlock()
		if empty {
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			waiting, out := o.left()
			t.Fatalf("%d frames wait and %d are out", waiting, out)
		}
	}
}

// brokenOutbox fails to give frames a number of times.
type brokenOutbox struct {
	*fakeOutbox
	failures int
	err      error
}

func (o *brokenOutbox) Take(ctx context.Context, lane spool.Lane, maxBytes int) ([]spool.Frame, error) {
	o.mu.Lock()
	o.failures--
	fail := o.failures >= 0
	o.mu.Unlock()
	switch {
	case !fail:
		return o.fakeOutbox.Take(ctx, lane, maxBytes)
	case o.err != nil:
		return nil, o.err
	default:
		return nil, errors.New("bad sector")
	}
}
