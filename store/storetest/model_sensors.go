package storetest

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/peba-edge/peba/store"
)

// PutSensors implements store.Writer.
func (m *model) PutSensors(ctx context.Context, records []store.SensorRecord) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range records {
		i := slices.IndexFunc(m.sensors, func(known store.SensorRecord) bool { return known.Key == r.Key })
		if i < 0 {
			i = len(m.sensors)
			m.sensors = append(m.sensors, store.SensorRecord{})
		}
		m.sensors[i] = copied(r)
	}
	return nil
}

// Sensors implements store.Reader.
func (m *model) Sensors(ctx context.Context, community bool, n int, visit func(store.SensorRecord) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, r := range m.sensorsOf(community, n) {
		if err := visit(r); err != nil {
			return err
		}
	}
	return nil
}

// sensorsOf returns copies of the last updated records.
func (m *model) sensorsOf(community bool, n int) []store.SensorRecord {
	m.mu.Lock()
	defer m.mu.Unlock()
	var found []store.SensorRecord
	for _, r := range m.sensors {
		if r.Community == community {
			found = append(found, copied(r))
		}
	}
	slices.SortFunc(found, func(a, b store.SensorRecord) int {
		return cmp.Or(b.Updated.Compare(a.Updated.Time), cmp.Compare(a.Key, b.Key))
	})
	return found[:min(n, len(found))]
}

// copied shares nothing with the record.
func copied(r store.SensorRecord) store.SensorRecord {
	r.Analyzers, r.Refused, r.Counts = slices.Clone(r.Analyzers), maps.Clone(r.Refused), slices.Clone(r.Counts)
	r.Delays = slices.Clone(r.Delays)
	return r
}
