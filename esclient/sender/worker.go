package sender

import (
	"context"
	"errors"
	"time"

	"github.com/peba-edge/peba/spool"
)

// maxParked is how many bytes of frames a worker keeps that wait for another
// try, before it takes no more. That of the fresh lane gives back what an index
// refuses until somebody fixes it.
const maxParked = 8 << 20

// worker sends the frames of one lane, one batch after the other. What a batch
// leaves over waits here, so that others can be sent meanwhile: an index that is
// closed does not stop the rest.
type worker struct {
	*Sender
	lane     spool.Lane
	parked   []*delivery
	failures int       // batches in a row in which the cluster took nothing
	resume   time.Time // when the next batch may start
}

func (w *worker) run(ctx context.Context) {
	defer w.giveBack(func(*delivery) bool { return true })
	for {
		work, err := w.next(ctx)
		if err != nil {
			if ctx.Err() == nil && !errors.Is(err, spool.ErrClosed) {
				w.health.trouble("taking alerts from the spool", err)
				w.failures++
				w.resume = time.Now().Add(w.backoff.after(w.failures))
				continue
			}
			return
		}
		w.parked = append(w.parked, work...) // they are ours, whatever happens
		w.batch(ctx, work)
	}
}

// giveBack returns those of the parked frames to the spool.
func (w *worker) giveBack(those func(*delivery) bool) {
	var frames []spool.Frame
	var rest []*delivery
	for _, d := range w.parked {
		if those(d) {
			frames = append(frames, d.frame)
		} else {
			rest = append(rest, d)
		}
	}
	if len(frames) > 0 {
		w.outbox.Return(frames)
	}
	w.parked = rest
}

// next waits for something to send: parked frames whose time has come, or else
// new ones. It returns ctx's error when ctx ends.
func (w *worker) next(ctx context.Context) ([]*delivery, error) {
	for {
		if err := sleepUntil(ctx, w.resume); err != nil {
			return nil, err
		}
		due, earliest := w.takeDue(time.Now())
		if len(due) > 0 {
			return due, nil
		}
		if w.lane == spool.Fresh && w.failures == 0 && w.parkedBytes() >= maxParked {
			w.giveBack((*delivery).blocked) // as backlog: what is fresh need not wait for that
		}
		if w.failures > 0 && len(w.parked) > 0 || w.parkedBytes() >= maxParked {
			w.resume = earliest
			continue
		}
		work, err := w.take(ctx, earliest)
		if err != nil || len(work) > 0 {
			return work, err
		}
	}
}

// takeDue takes out of the parked frames those whose time has come, and tells
// when the next one's does.
func (w *worker) takeDue(now time.Time) (due []*delivery, earliest time.Time) {
	var rest []*delivery
	for _, d := range w.parked {
		if d.due.After(now) {
			rest = append(rest, d)
			if earliest.IsZero() || d.due.Before(earliest) {
				earliest = d.due
			}
			continue
		}
		due = append(due, d)
	}
	w.parked = rest
	return due, earliest
}

func (w *worker) parkedBytes() int {
	n := 0
	for _, d := range w.parked {
		n += len(d.frame.Data)
	}
	return n
}

// take takes new frames, until the given time if it is not zero.
func (w *worker) take(ctx context.Context, until time.Time) ([]*delivery, error) {
	within := ctx
	if !until.IsZero() {
		var cancel context.CancelFunc
		within, cancel = context.WithDeadline(ctx, until)
		defer cancel()
	}
	frames, err := w.outbox.Take(within, w.lane, w.size.limit())
	if err != nil {
		if ctx.Err() == nil && within.Err() != nil {
			return nil, nil // the time has come
		}
		return nil, err
	}
	work := make([]*delivery, len(frames))
	for i, frame := range frames {
		work[i] = newDelivery(frame)
	}
	return work, nil
}

// sleepUntil waits, and returns ctx's error when ctx ends first.
func sleepUntil(ctx context.Context, t time.Time) error {
	wait := time.Until(t)
	if wait <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return ctx.Err()
	}
}
