package memory

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/peba-edge/peba/store"
)

// GetRecord implements store.Store.
func (m *memory) GetRecord(ctx context.Context, kind store.Kind, key string) (store.Record, error) {
	if err := m.enter(ctx); err != nil {
		return nil, err
	}
	defer m.mu.Unlock()
	if store.IsPlain(kind) {
		return m.plainRecord(kind, key)
	}
	switch kind {
	case store.KindUser:
		if i := m.userAt(key); i >= 0 {
			return m.users[i], nil
		}
	case store.KindPayload:
		for _, p := range m.payloads {
			if p.Hash == key || p.FuzzyHash == key {
				p.Data = bytes.Clone(p.Data)
				return p, nil
			}
		}
	default:
		return nil, store.Unsupported("get", kind)
	}
	return nil, fmt.Errorf("%s %q: %w", kind, key, store.ErrNotFound)
}

// ListRecords implements store.Store.
func (m *memory) ListRecords(ctx context.Context, kind store.Kind, l store.Listing, visit func(store.Record) error) error {
	list, err := m.list(ctx, kind, l)
	if err != nil {
		return err
	}
	if l.N > 0 {
		list = list[:min(l.N, len(list))]
	}
	for _, r := range list {
		if err := visit(r); err != nil {
			return err
		}
	}
	return nil
}

// list returns copies of the records that are selected, in the order of their kind.
func (m *memory) list(ctx context.Context, kind store.Kind, l store.Listing) ([]store.Record, error) {
	if err := m.enter(ctx); err != nil {
		return nil, err
	}
	defer m.mu.Unlock()
	if store.IsPlain(kind) {
		return m.listPlain(kind, l)
	}
	var list []store.Record
	switch kind {
	case store.KindUser:
		slices.SortFunc(m.users, func(a, b store.User) int { return cmp.Compare(a.Name, b.Name) })
		for _, u := range m.users {
			list = append(list, u)
		}
	case store.KindSensor:
		slices.SortFunc(m.sensors, func(a, b store.SensorRecord) int {
			return cmp.Or(b.Updated.Compare(a.Updated.Time), cmp.Compare(a.Key, b.Key))
		})
		for _, r := range m.sensors {
			if r.Community == (l.Domain == store.Community) {
				list = append(list, copied(r))
			}
		}
	case store.KindStatistic:
		slices.SortFunc(m.statistics, func(a, b store.Statistic) int { return a.From.Compare(b.From) })
		for _, s := range m.statistics {
			if (l.From.IsZero() || !s.From.Before(l.From)) && (l.To.IsZero() || !s.From.After(l.To)) {
				s.Values = maps.Clone(s.Values)
				list = append(list, s)
			}
		}
	case store.KindCVE:
		slices.SortFunc(m.cves, func(a, b store.CVE) int { return cmp.Compare(a.ID, b.ID) })
		for _, c := range m.cves {
			list = append(list, c)
		}
	default:
		return nil, store.Unsupported("list", kind)
	}
	return list, nil
}

// PutRecords implements store.Store.
func (m *memory) PutRecords(ctx context.Context, records ...store.Record) error {
	if _, err := store.KindOf(records); err != nil {
		return err
	}
	if err := m.enter(ctx); err != nil {
		return err
	}
	defer m.mu.Unlock()
	for _, r := range records {
		if store.IsPlain(r.RecordKind()) {
			if err := m.putPlain(r); err != nil {
				return err
			}
			continue
		}
		switch r := r.(type) {
		case store.User:
			if i := m.userAt(r.Name); i >= 0 {
				m.users[i] = r
			} else {
				m.users = append(m.users, r)
			}
		case store.SensorRecord:
			i := slices.IndexFunc(m.sensors, func(known store.SensorRecord) bool { return known.Key == r.Key })
			if i >= 0 {
				m.sensors[i] = copied(r)
			} else {
				m.sensors = append(m.sensors, copied(r))
			}
		case store.Statistic:
			if !slices.ContainsFunc(m.statistics, func(known store.Statistic) bool { return known.From.Equal(r.From) }) {
				r.Values = maps.Clone(r.Values)
				m.statistics = append(m.statistics, r)
			}
		default:
			return store.Unsupported("put", r.RecordKind())
		}
	}
	return nil
}

// DeleteRecord implements store.Store.
func (m *memory) DeleteRecord(ctx context.Context, kind store.Kind, key string) error {
	if kind != store.KindUser && !store.IsPlain(kind) {
		return store.Unsupported("delete", kind)
	}
	if err := m.enter(ctx); err != nil {
		return err
	}
	defer m.mu.Unlock()
	if store.IsPlain(kind) {
		return m.deletePlain(kind, key)
	}
	i := m.userAt(key)
	if i < 0 {
		return fmt.Errorf("user %q: %w", key, store.ErrNotFound)
	}
	m.users = slices.Delete(m.users, i, i+1)
	return nil
}

// userAt returns where the user of that name is, or -1.
func (m *memory) userAt(name string) int {
	return slices.IndexFunc(m.users, func(u store.User) bool { return u.Name == name })
}

// copied shares nothing with the record.
func copied(r store.SensorRecord) store.SensorRecord {
	r.Analyzers, r.Refused, r.Counts = slices.Clone(r.Analyzers), maps.Clone(r.Refused), slices.Clone(r.Counts)
	r.Delays = slices.Clone(r.Delays)
	return r
}
