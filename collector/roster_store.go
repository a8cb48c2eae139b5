package collector

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"

	"github.com/peba-edge/peba/store"
)

const (
	// rosterEvery is how often what was counted is written to the store.
	rosterEvery = 30 * time.Second
	// knownEvery is how often the sensors that others know are read.
	knownEvery = time.Hour
	// knownRecords is how many records of each crowd are read for that.
	knownRecords = 200_000
	// copiedAtOnce is how many entries are copied while messages wait for it.
	copiedAtOnce = 500
	// rosterPatience is how long stopping waits for the store.
	rosterPatience = 3 * time.Second
)

// rosters are those of this process, by what store they are for: after a reload
// the new configuration counts on in the same records.
var rosters = caddy.NewUsagePool()

// Destruct implements caddy.Destructor.
func (*roster) Destruct() error { return nil }

// joinRoster returns the roster of this configuration's store; leaveRoster gives
// it back.
func (a *App) joinRoster() (*roster, error) {
	shared, _, err := rosters.LoadOrNew(a.storeConfig, func() (caddy.Destructor, error) { return newRoster(), nil })
	if err != nil {
		return nil, fmt.Errorf("joining those who count for the store: %w", err)
	}
	return shared.(*roster), nil
}

// leaveRoster writes what is not written yet, when nothing is counted any more; or
// else by another configuration, which tries again.
func (a *App) leaveRoster() error {
	ctx, cancel := context.WithTimeout(context.Background(), rosterPatience)
	defer cancel()
	flushErr := a.roster.flush(ctx, a.store)
	last, err := rosters.Delete(a.storeConfig)
	if last && flushErr != nil {
		a.logger.Error("keeping account of sensors: what was counted last is lost", zap.Error(flushErr))
	}
	return err
}

// keepRoster writes to the store what was counted of sensors until ctx ends.
// A failure is told once in a row, and tried again with the numbers of then.
func (a *App) keepRoster(ctx context.Context) {
	var learned time.Time
	failing := false
	repeat(ctx, rosterEvery, func() {
		now := time.Now()
		err := a.roster.flush(ctx, a.store)
		a.roster.forget(now, time.Duration(a.Retention))
		if err == nil && now.Sub(learned) >= knownEvery {
			if err = a.roster.learn(ctx, a.store); err == nil {
				learned = now
			}
		}
		if err != nil && !failing && !errors.Is(err, context.Canceled) {
			a.logger.Warn("cannot keep account of sensors, and tries again", zap.Error(err))
		}
		failing = err != nil
	})
}

// flush writes the records that have changed.
func (r *roster) flush(ctx context.Context, to store.Writer) error {
	select {
	case r.flushing <- struct{}{}: // else older numbers might replace newer ones
		defer func() { <-r.flushing }()
	case <-ctx.Done():
		return fmt.Errorf("waiting for another one who stores what was counted of sensors: %w", ctx.Err())
	}
	var list []*rosterEntry
	r.mu.Lock()
	for _, c := range []*crowd{&r.community, &r.private} {
		for _, e := range c.entries {
			if e.changes != e.written {
				list = append(list, e)
			}
		}
	}
	r.mu.Unlock()
	if len(list) == 0 {
		return nil
	}
	records, changes := r.copies(list)
	if err := to.PutSensors(ctx, records); err != nil {
		return fmt.Errorf("storing what was counted of %d sensors: %w", len(records), err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, e := range list {
		e.written = changes[i]
	}
	return nil
}

// copies copies entries as they are now, and how often each has changed so far,
// some at a time.
func (r *roster) copies(list []*rosterEntry) (records []store.SensorRecord, changes []uint64) {
	for some := range slices.Chunk(list, copiedAtOnce) {
		r.mu.Lock()
		for _, e := range some {
			records = append(records, e.copied())
			changes = append(changes, e.changes)
		}
		r.mu.Unlock()
	}
	return records, changes
}

// forget lets sensors go whose records are written: those of which the store has
// retired the record, and where a crowd is full some that have sent nothing for a
// while, the longest silent first. One that comes again gets a new record.
func (r *roster) forget(now time.Time, retention time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range []*crowd{&r.community, &r.private} {
		maps.DeleteFunc(c.entries, func(_ string, e *rosterEntry) bool {
			return e.changes == e.written && now.Sub(e.Updated.Time) > retention
		})
		if len(c.entries) >= r.most {
			c.makeRoom(now, max(1, r.most/roomMade))
		}
	}
}

// makeRoom lets so many go, or as many as have been silent for long.
func (c *crowd) makeRoom(now time.Time, n int) {
	var idle []string
	for id, e := range c.entries {
		if e.changes == e.written && now.Sub(e.Updated.Time) > idleAfter {
			idle = append(idle, id)
		}
	}
	slices.SortFunc(idle, func(a, b string) int {
		return c.entries[a].Updated.Compare(c.entries[b].Updated.Time)
	})
	for _, id := range idle[:min(n, len(idle))] {
		delete(c.entries, id)
	}
}

// learn reads which sensors other runs and edges know.
func (r *roster) learn(ctx context.Context, from store.Reader) error {
	for _, community := range []bool{true, false} {
		read := crowd{known: make(map[string]struct{})}
		err := from.Sensors(ctx, community, knownRecords, func(s store.SensorRecord) error {
			if s.Sensor != "" && !s.FirstSeen.IsZero() {
				read.know(s.Sensor)
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("reading which sensors there are: %w", err)
		}
		r.mu.Lock()
		c := r.crowd(community)
		for id, e := range c.entries {
			if !e.FirstSeen.IsZero() {
				read.know(id)
			}
		}
		c.known = read.known
		r.mu.Unlock()
	}
	return nil
}

// upToDate is a store whose records of sensors are those of this moment.
type upToDate struct {
	store.Reader
	roster *roster
}

// Sensors visits the records of this process as they are now, and then up to n of
// the store's others.
func (u upToDate) Sensors(ctx context.Context, community bool, n int, visit func(store.SensorRecord) error) error {
	u.roster.mu.Lock()
	entries := slices.Collect(maps.Values(u.roster.crowd(community).entries))
	u.roster.mu.Unlock()
	records, _ := u.roster.copies(entries)
	ours := make(map[string]bool, len(records))
	for _, s := range records {
		ours[s.Key] = true
		if err := visit(s); err != nil {
			return err
		}
	}
	return u.Reader.Sensors(ctx, community, n, func(s store.SensorRecord) error {
		if ours[s.Key] {
			return nil
		}
		return visit(s)
	})
}
