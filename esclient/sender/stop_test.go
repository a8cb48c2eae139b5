package sender

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/peba-edge/peba/spool"
)

// TestStopWhileAsking ends the sender while a request has no answer. What its
// worker gives back then may be taken by another one, which must not send it.
func TestStopWhileAsking(t *testing.T) {
	r := newRig(t)
	r.sender.create = nil
	asked := make(chan struct{})
	r.sender.post = func(ctx context.Context, _ string, _ []byte) (int, []byte, error) {
		close(asked) // panics if somebody else asks
		<-ctx.Done()
		return 0, nil, ctx.Err()
	}
	late := &lateOutbox{fakeOutbox: r.outbox, entered: make(chan struct{}, defaultWorkers+1)}
	r.sender.outbox = late
	r.put(testAlert(0))
	r.start()
	<-asked
	for range cap(late.entered) {
		<-late.entered
	}
	r.stop()
	if waiting, out := r.outbox.left(); waiting != 1 || out != 0 {
		t.Errorf("%d frames wait and %d are out, want 1 and 0", waiting, out)
	}
	if s := r.sender.Status(); s.LastError != "" {
		t.Errorf("an orderly stop counts as an error: %s", s.LastError)
	}
	if late.taken.Load() == 0 {
		t.Error("nothing was taken after the end")
	}
}

// lateOutbox gives frames to who came before the context ended, once it has ended:
// as a spool may whose caller is slow.
type lateOutbox struct {
	*fakeOutbox
	entered chan struct{}
	taken   atomic.Int64
}

func (o *lateOutbox) Take(ctx context.Context, lane spool.Lane, maxBytes int) ([]spool.Frame, error) {
	o.entered <- struct{}{}
	frames, err := o.fakeOutbox.Take(ctx, lane, maxBytes)
	if ctx.Err() != nil {
		if len(frames) == 0 {
			frames, err = o.fakeOutbox.Take(context.WithoutCancel(ctx), lane, maxBytes)
		}
		o.taken.Add(int64(len(frames)))
	}
	return frames, err
}
