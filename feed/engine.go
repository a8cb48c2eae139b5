package feed

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"

	"github.com/gaissmai/bart"
	"go.uber.org/zap"

	"github.com/peba-edge/peba/geo"
	"github.com/peba-edge/peba/store"
)

// Config is what an Engine needs.
type Config struct {
	Store   store.Store
	Locate  func(netip.Addr) geo.Place
	Sources *Sources
	Feeds   []Definition
	// Interval is the distance of the times of the grid, in whole seconds.
	Interval time.Duration
	// CloseDay returns what is kept of a UTC day for Engine.Days, from a snapshot after its
	// end; nil: nothing is kept.
	CloseDay func(s *Snapshot, day time.Time) ([]byte, error)
	// Computed is called after each time of the grid with how long the work took; may be nil.
	Computed func(took time.Duration)
	Logger   *zap.Logger
}

// Engine computes feeds. Run does the work; all other methods are safe for concurrent
// use.
type Engine struct {
	Config
	window, slot time.Duration
	feeds        []*running
	// verified is when the numbers of alerts were compared last.
	verified time.Time
	failing  bool
	behind   bool
}

// running is a feed at work.
type running struct {
	def      *Definition
	files    *exclusions
	recorder *recorder
	state    *state
	snapshot atomic.Pointer[Snapshot]
	fault    atomic.Pointer[error] // of the files
	days     atomic.Pointer[[]ClosedDay]
}

// ClosedDay is what Config.CloseDay returned for a day.
type ClosedDay struct {
	Day   time.Time
	Value []byte
}

// keepDays is how many days are kept.
const keepDays = 7

// verifyEvery is how often the numbers of alerts are compared with the store's.
const verifyEvery = 5 * time.Minute

// NewEngine reads the files of the feeds. It does not use the store.
func NewEngine(c Config) (*Engine, error) {
	e := &Engine{Config: c}
	for i := range c.Feeds {
		def := &c.Feeds[i]
		files, err := openExclusions(slices.Concat(def.Exclude, def.ExcludeScanners), c.Logger.With(zap.String("feed", def.Name)))
		if err != nil {
			return nil, fmt.Errorf("feed %s: %w", def.Name, err)
		}
		e.feeds = append(e.feeds, &running{
			def: def, files: files, recorder: newRecorder(c.Store, def.Name, c.Interval, c.Logger),
		})
		e.window = max(e.window, def.Window)
		if slot := slotOf(def.Window); e.slot == 0 || slot < e.slot {
			e.slot = slot
		}
	}
	return e, nil
}

// Run computes the feeds at each time of the grid until ctx ends.
func (e *Engine) Run(ctx context.Context) {
	for ctx.Err() == nil {
		now := time.Now()
		at := e.gridBefore(now)
		e.Step(ctx, at)
		pause(ctx, time.Until(at.Add(e.Interval).Add(store.Settle)))
	}
}

// gridBefore returns the last time of the grid at which all alerts are countable.
func (e *Engine) gridBefore(now time.Time) time.Time {
	return store.BucketStart(now.Add(-store.Settle), e.Interval)
}

// Step computes the feeds at one time of the grid. Errors are logged: the feeds stay as
// they are until the next one.
func (e *Engine) Step(ctx context.Context, at time.Time) {
	began := time.Now()
	err := e.step(ctx, at)
	if e.Computed != nil {
		e.Computed(time.Since(began))
	}
	if err != nil && !e.failing && ctx.Err() == nil {
		e.Logger.Error("computing the feeds failed: they stay as they are until it works again", zap.Error(err))
	}
	e.failing = err != nil
}

func (e *Engine) step(ctx context.Context, at time.Time) error {
	allowed, err := readAllowances(ctx, e.Store, at)
	if err != nil {
		return err
	}
	var errs []error
	for _, f := range e.feeds {
		if err := f.restore(ctx, at, allowed); err != nil { // the others can work
			errs = append(errs, fmt.Errorf("feed %s: %w", f.def.Name, err))
		}
	}
	// Reading weeks of alerts takes longer than a step. In the meantime only the list of
	// allowed networks takes effect.
	behind, readErr := e.read(ctx, at)
	for own := range e.Sources.own() {
		allowed.Insert(netip.PrefixFrom(own, own.BitLen()))
	}
	for _, f := range e.feeds {
		if f.state == nil {
			continue // it could not be restored
		}
		never := f.never(allowed)
		fault := f.files.fault()
		f.fault.Store(&fault)
		var found []*candidate
		ready := readErr == nil && !behind
		if ready {
			found = f.def.cut(e.Sources.candidates(f.def, at, never, e.Locate), f.lists)
		}
		err := f.step(ctx, at, never, found, ready)
		if s := f.snapshot.Load(); err == nil && s != nil {
			err = f.closeDay(ctx, s, e.CloseDay)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("feed %s: %w", f.def.Name, err))
		}
	}
	return errors.Join(append(errs, readErr)...)
}

// read reads the alerts received before a time.
func (e *Engine) read(ctx context.Context, at time.Time) (behind bool, err error) {
	if outbox, ok := e.Store.(store.Outbox); ok {
		if _, err := outbox.Settle(ctx); err != nil {
			return false, fmt.Errorf("waiting for queued alerts: %w", err)
		}
	}
	behind, err = e.Sources.Update(ctx, e.Store, at, e.window, e.slot, e.Interval*3/4)
	if behind && !e.behind {
		e.Logger.Info("reading the stored alerts for the feeds", zap.Duration("window", e.window))
	}
	if e.behind && !behind && err == nil {
		e.Logger.Info("the feeds are up to date", zap.Int("addresses", e.Sources.Size()))
	}
	e.behind = behind
	if err != nil || behind || at.Sub(e.verified) < min(verifyEvery, e.Interval*5) {
		return behind, err
	}
	if err := e.Sources.Verify(ctx, e.Store, at, e.window, e.Interval/2); err != nil {
		return false, err
	}
	e.verified = at
	return false, nil
}

// readAllowances returns the networks on the list of allowed ones at a time.
func readAllowances(ctx context.Context, from store.RecordReader, at time.Time) (*bart.Lite, error) {
	allowed := new(bart.Lite)
	err := store.Each(ctx, from, store.Listing{}, func(a store.FeedAllowance) error {
		network, err := netip.ParsePrefix(a.CIDR)
		if err == nil && a.InForce(at) {
			allowed.Insert(network)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the list of allowed addresses: %w", err)
	}
	return allowed, nil
}

// lists reports whether an address is a member.
func (f *running) lists(addr netip.Addr) bool {
	_, is := f.state.members[addr]
	return is
}

// never returns the networks in the feed's files, and others.
func (f *running) never(others *bart.Lite) *bart.Lite {
	never := f.files.networks().Clone()
	never.Union(others)
	return never
}

// restore reads the state at the first step, and again if it is of the future, since a clock
// was set back.
func (f *running) restore(ctx context.Context, at time.Time, allowed *bart.Lite) error {
	ahead := at.Add(2 * f.recorder.interval) // what clocks of nodes may differ
	if f.state != nil && !f.state.at.After(ahead) {
		return nil
	}
	s, err := f.recorder.restore(ctx, f.def, ahead)
	if err != nil {
		return err
	}
	days, err := f.recorder.days(ctx)
	if err != nil {
		return err
	}
	f.state = s
	f.days.Store(&days)
	if !s.at.IsZero() && !f.isOutdated(at) {
		f.snapshot.Store(s.snapshot(f.def, nil, f.never(allowed)))
	}
	return nil
}

// isOutdated reports whether the state is so old that none of its members need be listed any
// more. It is not published, but who left must be reported.
func (f *running) isOutdated(at time.Time) bool {
	return at.Sub(f.state.at) > max(f.def.Window, f.def.Duration)
}

// closeDay keeps the day that ended before a snapshot, and forgets old ones. Processes
// that share a store keep what the first one recorded.
func (f *running) closeDay(ctx context.Context, s *Snapshot, render func(*Snapshot, time.Time) ([]byte, error)) error {
	ended := s.At.Truncate(secondsPerDay * time.Second).Add(-secondsPerDay * time.Second)
	known := *f.days.Load()
	if n := len(known); render == nil || n > 0 && !known[n-1].Day.Before(ended) {
		return nil
	}
	value, err := render(s, ended)
	if err != nil {
		return fmt.Errorf("closing the day: %w", err)
	}
	days, err := f.recorder.recordDay(ctx, ClosedDay{ended, value}, ended.AddDate(0, 0, 1-keepDays))
	if err != nil {
		return err
	}
	f.days.Store(&days)
	return nil
}

// step moves the feed to a time: to the candidates if they could be found (ready), and
// otherwise by removing who must never be listed.
func (f *running) step(ctx context.Context, at time.Time, never *bart.Lite, found []*candidate, ready bool) error {
	if err := f.recorder.catchUp(ctx, f.state, f.def, at); err != nil {
		return err
	}
	if !ready && f.isOutdated(at) {
		return nil
	}
	if at.After(f.state.at) && (ready || len(f.state.members) > 0) {
		change := f.state.withdraw(at, never)
		if ready {
			change = f.state.advance(f.def, found, at)
		}
		if err := f.recorder.record(ctx, f.state, f.def, change); err != nil {
			return err
		}
	}
	if f.state.at.IsZero() {
		return nil // nothing is known yet
	}
	f.snapshot.Store(f.state.snapshot(f.def, found, never))
	return f.recorder.recordBase(ctx, f.state)
}

// Days returns what is kept of the last days of a feed, oldest first.
func (e *Engine) Days(name string) []ClosedDay {
	if f := e.find(name); f != nil {
		if days := f.days.Load(); days != nil {
			return *days
		}
	}
	return nil
}

// Fault returns why files of a feed cannot be read, whose last valid content is in force.
func (e *Engine) Fault(name string) error {
	if f := e.find(name); f != nil {
		if fault := f.fault.Load(); fault != nil {
			return *fault
		}
	}
	return nil
}

// Snapshot returns the latest snapshot of a feed; nil if there is none yet, or no such feed.
func (e *Engine) Snapshot(name string) *Snapshot {
	if f := e.find(name); f != nil {
		return f.snapshot.Load()
	}
	return nil
}

// find returns the feed of a name; nil if there is none.
func (e *Engine) find(name string) *running {
	for _, f := range e.feeds {
		if f.def.Name == name {
			return f
		}
	}
	return nil
}
