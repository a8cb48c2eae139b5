package collector

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/peba-edge/peba/store"
)

const (
	// rosterEvery is how often what was counted is written to the store.
	rosterEvery = 30 * time.Second
	// knownEvery is how often the sensors that others know are read.
	knownEvery = time.Hour
	// knownRecords is how many records are read for that.
	knownRecords = 50_000
	// rosterPatience is how long stopping waits for the store.
	rosterPatience = 3 * time.Second
)

// keepRoster writes to the store what was counted of sensors until ctx ends.
// A failure is told once in a row, and tried again with the numbers of then.
func (a *App) keepRoster(ctx context.Context) {
	var learned time.Time
	failing := false
	repeat(ctx, rosterEvery, func() {
		now := time.Now()
		err := a.roster.flush(ctx, a.store)
		a.roster.dropIdle(now)
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

// flushRoster writes the rest, when nothing is counted any more or little.
func (a *App) flushRoster() {
	ctx, cancel := context.WithTimeout(context.Background(), rosterPatience)
	defer cancel()
	if err := a.roster.flush(ctx, a.store); err != nil {
		a.logger.Error("keeping account of sensors: what was counted last is lost", zap.Error(err))
	}
}

// flush writes the records that have changed.
func (r *roster) flush(ctx context.Context, to store.Writer) error {
	var (
		records []store.SensorRecord
		changes = make(map[*rosterEntry]uint64)
	)
	r.mu.Lock()
	for _, e := range r.entries {
		if e.changes != e.written {
			records = append(records, e.copied())
			changes[e] = e.changes
		}
	}
	r.mu.Unlock()
	if len(records) == 0 {
		return nil
	}
	if err := to.PutSensors(ctx, records); err != nil {
		return fmt.Errorf("storing what was counted of %d sensors: %w", len(records), err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for e, n := range changes {
		e.written = n
	}
	return nil
}

// dropIdle forgets sensors that have sent nothing for a while and whose records
// are written. One that comes again gets a new record.
func (r *roster) dropIdle(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	maps.DeleteFunc(r.entries, func(_ sensorKey, e *rosterEntry) bool {
		return e.changes == e.written && now.Sub(e.Updated.Time) > idleAfter
	})
}

// learn reads which sensors other runs and edges know.
func (r *roster) learn(ctx context.Context, from store.Reader) error {
	records, err := from.Sensors(ctx, knownRecords)
	if err != nil {
		return fmt.Errorf("reading which sensors there are: %w", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.known)
	for key, e := range r.entries {
		if !e.FirstSeen.IsZero() {
			r.know(key.id, key.community)
		}
	}
	for i := range records {
		if s := &records[i]; s.Sensor != "" && !s.FirstSeen.IsZero() {
			r.know(s.Sensor, s.Community)
		}
	}
	return nil
}

// copied shares nothing with the entry that changes.
func (e *rosterEntry) copied() store.SensorRecord {
	s := e.SensorRecord
	s.Analyzers, s.Refused, s.Counts = slices.Clone(s.Analyzers), maps.Clone(s.Refused), slices.Clone(s.Counts)
	return s
}

// upToDate is a store whose records of sensors are those of this moment.
type upToDate struct {
	store.Reader
	roster *roster
}

// Sensors returns the records of the store, those of this process as they are now.
func (u upToDate) Sensors(ctx context.Context, n int) ([]store.SensorRecord, error) {
	records, err := u.Reader.Sensors(ctx, n)
	if err != nil {
		return nil, err
	}
	u.roster.mu.Lock()
	defer u.roster.mu.Unlock()
	ours := make(map[string]bool, len(u.roster.entries))
	for _, e := range u.roster.entries {
		ours[e.Key] = true
	}
	records = slices.DeleteFunc(records, func(s store.SensorRecord) bool { return ours[s.Key] })
	for _, e := range u.roster.entries {
		records = append(records, e.copied())
	}
	return records, nil
}
