package sensors

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/peba-edge/peba/store"
)

// copiedAtOnce is the number of entries copied while holding the lock that
// messages need.
const copiedAtOnce = 500

// Flush writes the records that have changed since the last Flush.
func (c *Counter) Flush(ctx context.Context, to store.Writer) error {
	select {
	case c.flushing <- struct{}{}: // otherwise older numbers might replace newer ones
		defer func() { <-c.flushing }()
	case <-ctx.Done():
		return fmt.Errorf("waiting for another flush of sensor records: %w", ctx.Err())
	}
	var list []*entry
	c.mu.Lock()
	for _, g := range []*group{&c.community, &c.private} {
		for _, e := range g.entries {
			if e.changes != e.written {
				list = append(list, e)
			}
		}
	}
	c.mu.Unlock()
	if len(list) == 0 {
		return nil
	}
	records, changes := c.copies(list)
	if err := to.PutRecords(ctx, records...); err != nil {
		return fmt.Errorf("storing %d sensor records: %w", len(records), err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, e := range list {
		e.written = changes[i]
	}
	return nil
}

// copies copies entries and their numbers of changes, a few at a time.
func (c *Counter) copies(list []*entry) (records []store.Record, changes []uint64) {
	for some := range slices.Chunk(list, copiedAtOnce) {
		c.mu.Lock()
		for _, e := range some {
			records = append(records, e.copied())
			changes = append(changes, e.changes)
		}
		c.mu.Unlock()
	}
	return records, changes
}

// Forget drops sensors whose records are written: those with records that the
// store has deleted, and in a full group some that sent nothing for a while, the
// longest silent first. A sensor that sends again gets a new record.
func (c *Counter) Forget(now time.Time, retention time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, g := range []*group{&c.community, &c.private} {
		maps.DeleteFunc(g.entries, func(_ string, e *entry) bool {
			return e.changes == e.written && now.Sub(e.Updated.Time) > retention
		})
		if len(g.entries) >= c.max {
			g.makeRoom(now, max(1, c.max/roomMade))
		}
	}
}

// makeRoom drops so many sensors, or as many as have been silent for long
// enough.
func (g *group) makeRoom(now time.Time, n int) {
	var idle []string
	for id, e := range g.entries {
		if e.changes == e.written && now.Sub(e.Updated.Time) > minIdle {
			idle = append(idle, id)
		}
	}
	slices.SortFunc(idle, func(a, b string) int {
		return g.entries[a].Updated.Compare(g.entries[b].Updated.Time)
	})
	for _, id := range idle[:min(n, len(idle))] {
		delete(g.entries, id)
	}
}

// Learn reads the sensors known to other processes, including earlier runs of this
// one, from a store: see CountWrong.
func (c *Counter) Learn(ctx context.Context, from store.Reader) error {
	for _, community := range []bool{true, false} {
		read := group{known: make(map[string]struct{})}
		err := store.Each(ctx, from, store.Listing{Domain: store.DomainOf(community), N: MaxRecords}, func(s store.SensorRecord) error {
			if s.Sensor != "" && !s.FirstSeen.IsZero() {
				read.know(s.Sensor)
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("reading known sensors: %w", err)
		}
		c.mu.Lock()
		g := c.group(community)
		for id, e := range g.entries {
			if !e.FirstSeen.IsZero() {
				read.know(id)
			}
		}
		g.known = read.known
		c.mu.Unlock()
	}
	return nil
}

// Visit calls visit with the current records of this process, and then with up to n others
// of the store (see store.Reader). It stops at an error of visit and returns it.
func (c *Counter) Visit(ctx context.Context, from store.Reader, community bool, n int, visit func(store.SensorRecord) error) error {
	ours := make(map[string]bool)
	for _, r := range c.records(community) {
		ours[r.RecordKey()] = true
		if err := visit(r.(store.SensorRecord)); err != nil {
			return err
		}
	}
	return store.Each(ctx, from, store.Listing{Domain: store.DomainOf(community), N: n}, func(r store.SensorRecord) error {
		if ours[r.Key] {
			return nil
		}
		return visit(r)
	})
}

// records returns a group's current records.
func (c *Counter) records(community bool) []store.Record {
	if c == nil {
		return nil
	}
	c.mu.Lock()
	entries := slices.Collect(maps.Values(c.group(community).entries))
	c.mu.Unlock()
	records, _ := c.copies(entries)
	return records
}
