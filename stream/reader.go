package stream

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
)

// reader finds new alerts and puts them on the channels. Only one goroutine uses it.
type reader struct {
	encode   func(*alert.Document) ([]byte, error)
	trackers [2]*tracker
	channels [channels]*channel
	// start is the time after which alerts are new. Older alerts are read when
	// the reader begins.
	start time.Time
	begun bool
	// first is the first second of the history, and frontier the next second to
	// read.
	first, frontier int64
	rounds          int
}

// event is an alert that may be shown.
type event struct {
	second int64
	id     string // escaped
	doc    *alert.Document
	data   []byte // the encoded event; nil until needed
}

// channels is the number of channels, one per domain.
const channels = 3

func newReader(o Options, start time.Time) *reader {
	r := &reader{encode: o.Encode, start: start}
	for i, domain := range []store.Domain{store.Community, store.Private} {
		r.trackers[i] = &tracker{domain: domain, store: o.Reader, seconds: make(map[int64]*second)}
	}
	r.channels = r.newChannels()
	return r
}

// newChannels returns empty channels.
func (r *reader) newChannels() [channels]*channel {
	run := fmt.Sprintf("%06x", rand.IntN(1<<24))
	return [channels]*channel{
		store.Community: newChannel(run, r.trackers[0]),
		store.Private:   newChannel(run, r.trackers[1]),
		store.Both:      newChannel(run, r.trackers[:]...),
	}
}

// restart begins again from the store. It keeps the channels' rates, which
// clients know.
func (r *reader) restart(start time.Time) {
	before := r.channels
	r.start, r.begun, r.channels = start, false, r.newChannels()
	for i, ch := range r.channels {
		ch.rate.last, ch.rate.text = before[i].rate.last, before[i].rate.text
	}
}

// round reads new alerts up to the last settled second. If it fails, alerts found
// so far are on the channels, and the next round reads the rest.
func (r *reader) round(ctx context.Context, now time.Time) error {
	to := now.Add(-settle).Unix()
	if r.begun && to < r.frontier-shortLook { // the clock was set back
		r.restart(now)
	}
	if !r.begun {
		return r.begin(ctx, max(r.start.Add(-settle).Unix(), to-history), now)
	}
	r.rounds++
	err := r.read(ctx, to)
	for _, ch := range r.channels {
		ch.measure(now)
	}
	r.first = max(r.first, to-history)
	for _, t := range r.trackers {
		t.forget(r.first)
	}
	for _, ch := range r.channels {
		ch.forget(r.first)
	}
	return err
}

// begin reads the existing alerts, for reconnecting clients.
func (r *reader) begin(ctx context.Context, to int64, now time.Time) error {
	r.first, r.frontier = to-history, to
	bySecond := make(map[int64][2][]*event)
	var whole [2]int64
	for i, t := range r.trackers {
		t.seconds = make(map[int64]*second) // a failed attempt may have left some
		events, from, err := t.begin(ctx, r.first, to)
		if err != nil {
			return err
		}
		whole[i] = from
		for _, e := range events {
			both := bySecond[e.second]
			both[i] = append(both[i], e)
			bySecond[e.second] = both
		}
	}
	from := [channels]int64{store.Community: whole[0], store.Private: whole[1], store.Both: max(whole[0], whole[1])}
	for _, at := range slices.Sorted(maps.Keys(bySecond)) {
		if err := r.show(at, bySecond[at], [2]int64{}, from); err != nil {
			return err
		}
	}
	for _, ch := range r.channels {
		ch.begin(now)
	}
	r.begun = true
	return nil
}

// read reads the seconds before to that have new alerts, oldest first.
func (r *reader) read(ctx context.Context, to int64) error {
	look := int64(shortLook)
	if r.rounds%longEvery == 0 {
		look = longLook
	}
	from := max(r.first, min(r.frontier, to)-look)
	var changed [2]map[int64]int64
	seconds := make(map[int64]bool)
	for i, t := range r.trackers {
		var err error
		if changed[i], err = t.changed(ctx, from, to); err != nil {
			return err
		}
		for at := range changed[i] {
			seconds[at] = true
		}
	}
	for n, at := range slices.Sorted(maps.Keys(seconds)) {
		if n == secondsPerRound {
			r.frontier = at
			return nil
		}
		if err := r.readSecond(ctx, at, changed); err != nil {
			r.frontier = at
			return err
		}
	}
	r.frontier = to
	return nil
}

// readSecond puts the new alerts of a second on the channels, even of one
// domain if reading the other fails.
func (r *reader) readSecond(ctx context.Context, at int64, changed [2]map[int64]int64) error {
	var (
		events [2][]*event
		fresh  [2]int64
		errs   [3]error
	)
	for i, t := range r.trackers {
		if count, ok := changed[i][at]; ok {
			fresh[i], events[i], errs[i] = t.take(ctx, at, count)
		}
	}
	errs[2] = r.show(at, events, fresh, [channels]int64{})
	return errors.Join(errs[:]...)
}

// show puts alerts of a second on the channels that begin with it or earlier.
func (r *reader) show(at int64, events [2][]*event, fresh [2]int64, from [channels]int64) error {
	all := append(slices.Clone(events[0]), events[1]...)
	var errs [channels]error
	if at >= from[store.Community] {
		errs[0] = r.channels[store.Community].add(at, events[0], fresh[0], r.encode)
	}
	if at >= from[store.Private] {
		errs[1] = r.channels[store.Private].add(at, events[1], fresh[1], r.encode)
	}
	if at >= from[store.Both] {
		errs[2] = r.channels[store.Both].add(at, all, fresh[0]+fresh[1], r.encode)
	}
	return errors.Join(errs[:]...)
}
