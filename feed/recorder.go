package feed

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/peba-edge/peba/store"
)

// recorder keeps the state of a feed in the store: bases, and a step for each change since.
// The first process that records a step decides: the others follow it.
type recorder struct {
	store  store.Store
	feed   string
	logger *zap.Logger
	// interval is the distance of the times of the grid.
	interval time.Duration
	// last is the time of the newest base.
	last time.Time
	// seen are the times of the latest steps that were made.
	seen map[time.Time]bool
}

// stepsPerBase is how many times of the grid there are between bases.
const stepsPerBase = 60

// seenSteps is how many times of the grid a process may be late with its step.
const seenSteps = 10

func newRecorder(s store.Store, feed string, interval time.Duration, logger *zap.Logger) *recorder {
	return &recorder{store: s, feed: feed, logger: logger, interval: interval, seen: make(map[time.Time]bool)}
}

// keyTime is the form of times in keys, whose order is that of the times.
const keyTime = "2006-01-02T15:04:05Z"

func (r *recorder) key(part string, at time.Time) string {
	return r.feed + "/" + part + "/" + at.UTC().Format(keyTime)
}

// restore reads the newest base and the steps since, up to a time: a node whose clock was
// ahead may have recorded later ones.
func (r *recorder) restore(ctx context.Context, def *Definition, until time.Time) (*state, error) {
	bases, err := r.list(ctx, "base", time.Time{})
	if err != nil {
		return nil, err
	}
	s := newState()
	r.last = time.Time{}
	clear(r.seen)
	for _, part := range slices.Backward(bases) {
		if at, err := r.timeOf(part, "base"); err != nil || at.After(until) {
			continue
		}
		var b base
		if err := unpack(part, &b); err != nil {
			r.logger.Error("a stored state of a feed is damaged: the one before it is used", zap.Error(err))
			continue
		}
		s, r.last = b.restored(), b.At
		break
	}
	return s, r.follow(ctx, s, def, r.last, until)
}

// follow makes the steps that other processes recorded after a time, up to another.
func (r *recorder) follow(ctx context.Context, s *state, def *Definition, after, until time.Time) error {
	steps, err := r.list(ctx, "step", after)
	if err != nil {
		return err
	}
	for _, part := range steps {
		at, err := r.timeOf(part, "step")
		if err != nil {
			return err
		}
		if at.After(until) {
			return nil
		}
		if r.seen[at] {
			continue
		}
		change := step{At: at}
		if err := unpack(part, &change); err != nil {
			r.logger.Error("a stored step of a feed is damaged: it is left out", zap.Error(err))
		}
		r.apply(s, def, &change)
		r.seen[at] = true
	}
	return nil
}

// timeOf returns the time in the key of a part.
func (r *recorder) timeOf(part store.FeedPart, kind string) (time.Time, error) {
	at, err := time.Parse(keyTime, strings.TrimPrefix(part.Key, r.feed+"/"+kind+"/"))
	if err != nil {
		return time.Time{}, fmt.Errorf("state %q in the store: %w", part.Key, err)
	}
	return at, nil
}

// catchUp makes the recent steps of other processes.
func (r *recorder) catchUp(ctx context.Context, s *state, def *Definition, at time.Time) error {
	oldest := at.Add(-seenSteps * r.interval)
	for known := range r.seen {
		if known.Before(oldest) {
			delete(r.seen, known)
		}
	}
	return r.follow(ctx, s, def, later(oldest, r.last), at)
}

// apply makes a step.
func (r *recorder) apply(s *state, def *Definition, change *step) {
	s.apply(change, def.keepLeft(), def.maxLeft())
	if !change.empty() { // another process may still record a step of this time
		r.seen[change.At] = true
	}
}

// record stores a step and makes it; if another process was faster, it makes that one's.
func (r *recorder) record(ctx context.Context, s *state, def *Definition, change *step) error {
	if !change.empty() {
		key := r.key("step", change.At)
		value, err := encode(change)
		if err != nil {
			return err
		}
		if err := r.store.PutRecords(ctx, store.FeedPart{Key: key, Value: value}); err != nil {
			return fmt.Errorf("recording a step: %w", err)
		}
		*change = step{}
		if err := r.read(ctx, key, change); err != nil {
			return err
		}
	}
	r.apply(s, def, change)
	return nil
}

// recordBase stores the state every now and then, and deletes what is no longer needed:
// all before the base before this one.
func (r *recorder) recordBase(ctx context.Context, s *state) error {
	if s.at.Sub(r.last) < stepsPerBase*r.interval {
		return nil
	}
	value, err := encode(s.base())
	if err != nil {
		return err
	}
	if err := r.store.PutRecords(ctx, store.FeedPart{Key: r.key("base", s.at), Value: value}); err != nil {
		return fmt.Errorf("recording the state: %w", err)
	}
	before := r.last
	r.last = s.at
	for _, part := range []string{"base", "step"} {
		old, err := r.list(ctx, part, time.Time{})
		if err != nil {
			return err
		}
		for _, p := range old {
			if p.Key >= r.key(part, before) {
				break
			}
			if err := r.delete(ctx, p.Key); err != nil {
				return err
			}
		}
	}
	return nil
}

// recordDay stores a day, deletes those before oldest, and returns all that are left.
func (r *recorder) recordDay(ctx context.Context, d ClosedDay, oldest time.Time) ([]ClosedDay, error) {
	if err := r.store.PutRecords(ctx, store.FeedPart{Key: r.key("day", d.Day), Value: d.Value}); err != nil {
		return nil, fmt.Errorf("recording a day: %w", err)
	}
	days, err := r.days(ctx)
	if err != nil {
		return nil, err
	}
	for len(days) > 0 && days[0].Day.Before(oldest) {
		if err := r.delete(ctx, r.key("day", days[0].Day)); err != nil {
			return nil, err
		}
		days = days[1:]
	}
	return days, nil
}

// days returns the recorded days, oldest first.
func (r *recorder) days(ctx context.Context) ([]ClosedDay, error) {
	parts, err := r.list(ctx, "day", time.Time{})
	if err != nil {
		return nil, err
	}
	var days []ClosedDay
	for _, part := range parts {
		day, err := r.timeOf(part, "day")
		if err != nil {
			return nil, err
		}
		days = append(days, ClosedDay{day, part.Value})
	}
	return days, nil
}

// delete deletes a part, unless another process did.
func (r *recorder) delete(ctx context.Context, key string) error {
	if err := store.Delete[store.FeedPart](ctx, r.store, key); err != nil && !errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("deleting an old state: %w", err)
	}
	return nil
}

// list returns the parts of a kind after a time, oldest first.
func (r *recorder) list(ctx context.Context, part string, after time.Time) ([]store.FeedPart, error) {
	prefix := r.feed + "/" + part + "/"
	l := store.Listing{Prefix: prefix, After: prefix + after.UTC().Format(keyTime)}
	parts, err := store.List[store.FeedPart](ctx, r.store, l)
	if err != nil {
		return nil, fmt.Errorf("reading the state: %w", err)
	}
	return parts, nil
}

// read reads a part.
func (r *recorder) read(ctx context.Context, key string, v any) error {
	part, err := store.Get[store.FeedPart](ctx, r.store, key)
	if err != nil {
		return fmt.Errorf("reading the state: %w", err)
	}
	return unpack(part, v)
}

func unpack(part store.FeedPart, v any) error {
	if err := decode(part.Value, v); err != nil {
		return fmt.Errorf("state %q in the store: %w", strings.ToValidUTF8(part.Key, "?"), err)
	}
	return nil
}

// maxLeft is how many departures a feed keeps.
func (d *Definition) maxLeft() int { return d.Limit }
