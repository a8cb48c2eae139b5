// Package memory is a store that keeps everything in memory. It is slow and plainly right:
// what real stores are compared with (store/storetest), what tests of questions ask, and
// the example for those who write a store (docs/WRITING-A-STORE.md).
package memory

import (
	"bytes"
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
)

// New returns an empty store. Where the port leaves a choice it takes the simplest: within
// one second the document stored last is the newest, and Retire deletes alerts, payloads,
// what was counted of sensors, and nothing else.
func New(opts store.Options) store.Store {
	return &memory{opts: opts, plain: make(map[store.Kind]map[string][]byte)}
}

// memory keeps each kind of thing in the order in which it came, and finds it by looking at
// all of it.
type memory struct {
	opts store.Options

	mu         sync.Mutex
	closed     bool
	documents  []alert.Document
	payloads   []store.Payload
	cves       []store.CVE
	statistics []store.Statistic
	users      []store.User
	sensors    []store.SensorRecord
	plain      map[store.Kind]map[string][]byte // documents by key
}

// enter begins a call, unless ctx has ended or the store is closed; m.mu.Unlock ends it.
func (m *memory) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	if m.closed {
		m.mu.Unlock()
		return fmt.Errorf("the store is closed: %w", store.ErrUnavailable)
	}
	return nil
}

// Ping implements store.Store.
func (m *memory) Ping(ctx context.Context) error {
	if err := m.enter(ctx); err != nil {
		return err
	}
	defer m.mu.Unlock()
	return nil
}

// Close implements store.Store.
func (m *memory) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	return nil
}

// Put implements store.Store. It calls back when it is done: who is called may use the
// store.
func (m *memory) Put(ctx context.Context, records []alert.Record) error {
	if err := m.enter(ctx); err != nil {
		return err
	}
	newCVEs, stored := m.putAll(records)
	m.mu.Unlock()
	if m.opts.Counted != nil {
		m.opts.Counted(stored, len(records)-stored)
	}
	if m.opts.NewCVE != nil {
		for _, c := range newCVEs {
			m.opts.NewCVE(c)
		}
	}
	return nil
}

// putAll stores records, and returns the CVEs that were not known before and how many
// alerts were new.
func (m *memory) putAll(records []alert.Record) (newCVEs []store.CVE, stored int) {
	for _, r := range records {
		if slices.ContainsFunc(m.documents, func(d alert.Document) bool { return d.ID == r.ID }) {
			continue
		}
		m.documents = append(m.documents, r.Document)
		stored++
		if r.Payload != nil {
			m.countPayload(r)
		}
		if c, isNew := m.countCVE(r.Document); isNew {
			newCVEs = append(newCVEs, c)
		}
	}
	return newCVEs, stored
}

// countPayload keeps one row a distinct FuzzyHash (docs/CONTRACT.md §1.3).
func (m *memory) countPayload(r alert.Record) {
	i := slices.IndexFunc(m.payloads, func(p store.Payload) bool { return p.FuzzyHash == r.Payload.FuzzyHash })
	if i < 0 {
		m.payloads = append(m.payloads, store.Payload{
			Hash:            r.Payload.Hash,
			FuzzyHash:       r.Payload.FuzzyHash,
			MIMEType:        r.Payload.MIMEType,
			InitialIP:       r.SourceEntryIP,
			InitialDestPort: r.TargetEntryPort,
			FirstSeen:       r.CreateTime.Time,
			LastSeen:        r.CreateTime.Time,
			MD5Count:        1,
			Location:        "store",
			Data:            bytes.Clone(r.Payload.Data),
		})
		return
	}
	known := &m.payloads[i]
	if known.Hash == r.Payload.Hash {
		known.MD5Count++
	} else {
		known.FuzzyHashCount++
	}
	if r.CreateTime.After(known.LastSeen) {
		known.LastSeen = r.CreateTime.Time
	}
}

// countCVE keeps the first sighting of the alert's CVE, if it has one.
func (m *memory) countCVE(d alert.Document) (c store.CVE, isNew bool) {
	id, named := d.CVE()
	if !named || slices.ContainsFunc(m.cves, func(c store.CVE) bool { return c.ID == id }) {
		return store.CVE{}, false
	}
	c = store.CVE{
		ID:         id,
		FirstSeen:  d.CreateTime.Time,
		SourceIP:   d.SourceEntryIP,
		TargetPort: d.TargetEntryPort,
		PeerType:   d.PeerType,
	}
	m.cves = append(m.cves, c)
	return c, true
}

// Retire implements store.Store.
func (m *memory) Retire(ctx context.Context, receivedBefore time.Time) error {
	if err := m.enter(ctx); err != nil {
		return err
	}
	defer m.mu.Unlock()
	m.documents = slices.DeleteFunc(m.documents, func(d alert.Document) bool { return d.RecievedTime.Before(receivedBefore) })
	m.payloads = slices.DeleteFunc(m.payloads, func(p store.Payload) bool { return p.LastSeen.Before(receivedBefore) })
	m.sensors = slices.DeleteFunc(m.sensors, func(r store.SensorRecord) bool { return r.Updated.Before(receivedBefore) })
	return nil
}

// matching returns the documents that f selects, in the order in which they came.
func (m *memory) matching(ctx context.Context, f store.Filter) ([]alert.Document, error) {
	if err := m.enter(ctx); err != nil {
		return nil, err
	}
	defer m.mu.Unlock()
	var found []alert.Document
	for i := range m.documents {
		if f.Matches(&m.documents[i]) {
			found = append(found, m.documents[i])
		}
	}
	return found, nil
}

// Count implements store.Store.
func (m *memory) Count(ctx context.Context, f store.Filter) (int64, error) {
	found, err := m.matching(ctx, f)
	return int64(len(found)), err
}

// Newest implements store.Store. It leaves out all that a store may, so that a
// question which does not name a field that it needs has a wrong answer.
func (m *memory) Newest(ctx context.Context, f store.Filter, n int, fields ...string) ([]alert.Document, error) {
	found, err := m.matching(ctx, f)
	if err != nil {
		return nil, err
	}
	slices.Reverse(found)
	slices.SortStableFunc(found, func(a, b alert.Document) int { return f.Time.Of(&b).Compare(f.Time.Of(&a)) })
	found = found[:min(n, len(found))]
	if len(fields) > 0 {
		for i := range found {
			found[i] = only(&found[i], fields)
		}
	}
	return found, nil
}

// only returns the document with nothing in it but its id and the fields.
func only(d *alert.Document, fields []string) alert.Document {
	rest := *d
	v := reflect.ValueOf(&rest).Elem()
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		if name != "-" && !slices.Contains(fields, name) {
			v.Field(i).SetZero()
		}
	}
	return rest
}

// Group implements store.Store.
func (m *memory) Group(ctx context.Context, f store.Filter, g store.Grouping) ([]store.Group, error) {
	found, err := m.matching(ctx, f)
	if err != nil {
		return nil, err
	}
	place := make(map[string]int)
	var groups []store.Group
	for i := range found {
		one := groupOf(&found[i], f.Time, g)
		name := fmt.Sprintf("%d %q", one.Start.Unix(), one.Key)
		at, known := place[name]
		if !known {
			place[name] = len(groups)
			groups = append(groups, one)
			continue
		}
		groups[at].Count++
		if one.First.Before(groups[at].First) {
			groups[at].First = one.First
		}
		if one.Last.After(groups[at].Last) {
			groups[at].Last = one.Last
		}
	}
	return store.Rank(groups, g, nil), nil
}

// groupOf is the group of one document alone.
func groupOf(d *alert.Document, field store.TimeField, g store.Grouping) store.Group {
	one := store.Group{Key: make([]string, len(g.By)), Count: 1}
	for i, dim := range g.By {
		one.Key[i] = dim.Of(d)
	}
	at := field.Of(d)
	if g.Bucket != 0 {
		one.Start = store.BucketStart(at, g.Bucket)
	}
	if g.Times {
		one.First, one.Last = at, at
	}
	return one
}

var _ store.Store = (*memory)(nil)
