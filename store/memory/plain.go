package memory

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/peba-edge/peba/store"
)

// plainRecord returns one plain record.
func (m *memory) plainRecord(kind store.Kind, key string) (store.Record, error) {
	document, there := m.plain[kind][key]
	if !there {
		return nil, fmt.Errorf("%s %q: %w", kind, key, store.ErrNotFound)
	}
	return store.DecodePlain(kind, document)
}

// listPlain returns the plain records that are selected, by key.
func (m *memory) listPlain(kind store.Kind, l store.Listing) (list []store.Record, err error) {
	for _, key := range slices.Sorted(maps.Keys(m.plain[kind])) {
		if key <= l.After || !strings.HasPrefix(key, l.Prefix) {
			continue
		}
		r, err := store.DecodePlain(kind, m.plain[kind][key])
		if err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, nil
}

// putPlain stores one plain record.
func (m *memory) putPlain(r store.Record) error {
	document, err := store.EncodePlain(r)
	if err != nil {
		return err
	}
	kind, key := r.RecordKind(), r.RecordKey()
	if _, there := m.plain[kind][key]; there && store.KeepsFirst(kind) {
		return nil
	}
	if m.plain[kind] == nil {
		m.plain[kind] = make(map[string][]byte)
	}
	m.plain[kind][key] = document
	return nil
}

// deletePlain deletes one plain record.
func (m *memory) deletePlain(kind store.Kind, key string) error {
	if _, there := m.plain[kind][key]; !there {
		return fmt.Errorf("%s %q: %w", kind, key, store.ErrNotFound)
	}
	delete(m.plain[kind], key)
	return nil
}
