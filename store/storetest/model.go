package storetest

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
)

// NewModel returns a store that keeps everything in memory and finds it by
// looking at all of it. It is slow and plainly right: what real stores are
// compared with, and what tests of questions ask.
//
// Where the port leaves a choice it takes the simplest: within one second the
// document stored last is the newest, Retire deletes
// alerts, what was counted of sensors, and nothing else.
func NewModel(opts store.Options) store.Store {
	return &model{opts: opts}
}

// model keeps each kind of thing in the order in which it came.
type model struct {
	opts store.Options

	mu         sync.Mutex
	documents  []alert.Document
	payloads   []store.Payload
	cves       []store.CVE
	statistics []store.Statistic
	users      []store.User
	sensors    []store.SensorRecord
}

// Ping implements store.Store.
func (m *model) Ping(ctx context.Context) error { return ctx.Err() }

// Close implements store.Store.
func (m *model) Close() error { return nil }

// Put implements store.Writer.
func (m *model) Put(ctx context.Context, records []alert.Record) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	newCVEs, stored := m.putAll(records)
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
func (m *model) putAll(records []alert.Record) (newCVEs []store.CVE, stored int) {
	m.mu.Lock()
	defer m.mu.Unlock()
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

// countPayload keeps one row a distinct FuzzyHash (contract §1.3).
func (m *model) countPayload(r alert.Record) {
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
func (m *model) countCVE(d alert.Document) (c store.CVE, isNew bool) {
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

// PutStatistic implements store.Writer.
func (m *model) PutStatistic(ctx context.Context, s store.Statistic) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if slices.ContainsFunc(m.statistics, func(known store.Statistic) bool { return known.From.Equal(s.From) }) {
		return nil
	}
	s.Values = maps.Clone(s.Values)
	m.statistics = append(m.statistics, s)
	return nil
}

// Retire implements store.Writer.
func (m *model) Retire(ctx context.Context, receivedBefore time.Time) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.documents = slices.DeleteFunc(m.documents, func(d alert.Document) bool {
		return d.RecievedTime.Before(receivedBefore)
	})
	m.sensors = slices.DeleteFunc(m.sensors, func(r store.SensorRecord) bool { return r.Updated.Before(receivedBefore) })
	return nil
}

// matching returns the documents that f selects, in the order in which they came.
func (m *model) matching(f store.Filter) []alert.Document {
	m.mu.Lock()
	defer m.mu.Unlock()
	var found []alert.Document
	for _, d := range m.documents {
		if matches(d, f) {
			found = append(found, d)
		}
	}
	return found
}

// Newest implements store.Reader. It leaves out all that a store may, so that a
// question which does not name a field that it needs has a wrong answer.
func (m *model) Newest(ctx context.Context, f store.Filter, n int, fields ...string) ([]alert.Document, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	found := m.matching(f)
	slices.Reverse(found)
	slices.SortStableFunc(found, func(a, b alert.Document) int {
		return timeOf(b, f.Time).Compare(timeOf(a, f.Time))
	})
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

// Count implements store.Reader.
func (m *model) Count(ctx context.Context, f store.Filter) (int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	return int64(len(m.matching(f))), nil
}

// Statistics implements store.Reader.
func (m *model) Statistics(ctx context.Context, from, to time.Time) ([]store.Statistic, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var found []store.Statistic
	for _, s := range m.statistics {
		if !s.From.Before(from) && !s.From.After(to) {
			s.Values = maps.Clone(s.Values)
			found = append(found, s)
		}
	}
	slices.SortFunc(found, func(a, b store.Statistic) int { return a.From.Compare(b.From) })
	return found, nil
}

// Payload implements store.Reader.
func (m *model) Payload(ctx context.Context, hash string) (store.Payload, error) {
	if err := ctx.Err(); err != nil {
		return store.Payload{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, p := range m.payloads {
		if p.Hash == hash || p.FuzzyHash == hash {
			p.Data = bytes.Clone(p.Data)
			return p, nil
		}
	}
	return store.Payload{}, fmt.Errorf("payload %q: %w", hash, store.ErrNotFound)
}

// CVEs implements store.Reader.
func (m *model) CVEs(ctx context.Context) ([]store.CVE, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	found := slices.Clone(m.cves)
	slices.SortFunc(found, func(a, b store.CVE) int { return cmp.Compare(a.ID, b.ID) })
	return found, nil
}

// matches says whether f selects d.
func matches(d alert.Document, f store.Filter) bool {
	if f.Domain == store.Community && !d.ClientDomain || f.Domain == store.Private && d.ClientDomain {
		return false
	}
	at := timeOf(d, f.Time)
	if !f.From.IsZero() && at.Before(f.From) || !f.To.IsZero() && !at.Before(f.To) {
		return false
	}
	return (f.SourceIP == "" || f.SourceIP == d.SourceEntryIP) && (f.PeerType == "" || f.PeerType == d.PeerType) &&
		(!f.Web || slices.Contains(alert.WebTypes(), d.PeerType))
}

// timeOf returns the one of d's times that is meant.
func timeOf(d alert.Document, field store.TimeField) time.Time {
	if field == store.Created {
		return d.CreateTime.Time
	}
	return d.RecievedTime.Time
}

var _ store.Store = (*model)(nil)
