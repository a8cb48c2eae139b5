package search

import (
	"context"
	"fmt"
	"net/netip"
	"strconv"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/esclient/cluster"
	"github.com/peba-edge/peba/esclient/index"
	"github.com/peba-edge/peba/esclient/search/hits"
	"github.com/peba-edge/peba/store"
)

// grouping is a question for groups, checked.
type grouping struct {
	filter store.Filter
	store.Grouping
	query object // the filter's
	dims  []index.Dimension
	time  string // field
}

func newGrouping(f store.Filter, g store.Grouping) (*grouping, error) {
	query, err := selected(f)
	if err != nil {
		return nil, err
	}
	q := &grouping{filter: f, Grouping: g, query: query}
	if q.time, err = timeField(f.Time); err != nil {
		return nil, err
	}
	if g.Bucket < 0 || g.Bucket%time.Second != 0 {
		return nil, fmt.Errorf("bucket %v: must be whole seconds", g.Bucket)
	}
	for _, by := range g.By {
		dim, ok := index.Dimensions[by]
		if !ok {
			return nil, fmt.Errorf("unknown dimension %d to group by", by)
		}
		q.dims = append(q.dims, dim)
	}
	return q, nil
}

// fields are those that a document must have to be grouped by Elasticsearch.
// Optional ones need not be there.
func (q *grouping) fields() []string {
	var fields []string
	for _, dim := range q.dims {
		for _, p := range dim.Derived {
			fields = append(fields, p.Field)
		}
		if dim.Plain() {
			fields = append(fields, dim.Field)
		}
	}
	if q.Bucket > 0 || q.Times {
		fields = append(fields, q.time)
	}
	return fields
}

// Group returns the groups of store.Reader.Group.
func (r *Reader) Group(ctx context.Context, f store.Filter, g store.Grouping) ([]store.Group, error) {
	q, err := newGrouping(f, g)
	if err != nil {
		return nil, err
	}
	if len(g.By) == 0 && g.Bucket == 0 && g.Times {
		return r.groupAll(ctx, q)
	}
	if len(g.By) == 0 && g.Bucket == 0 {
		n, err := r.Count(ctx, f)
		if err != nil || n == 0 {
			return nil, err
		}
		return []store.Group{{Key: []string{}, Count: n}}, nil
	}
	found, err := r.countGroups(ctx, q)
	if err != nil {
		return nil, err
	}
	return found.ranked(), nil
}

// countGroups counts by terms, in one pass, where that gives all keys or all that
// a top needs, and else by the pages of a composite aggregation.
func (r *Reader) countGroups(ctx context.Context, q *grouping) (found *groups, err error) {
	switch {
	case q.Times || len(q.By) != 1 || !q.dims[0].Plain():
	case q.Bucket == 0:
		found, err = r.groupByTerms(ctx, q)
	case q.Top > 0:
		found, err = r.groupTop(ctx, q)
	}
	if err == nil && found == nil {
		found, err = r.groupByPages(ctx, q)
	}
	return found, err
}

// groups adds up counts by key and bucket.
type groups struct {
	*grouping
	found map[string]*store.Group
	// allIndexed is set when Elasticsearch could count all alerts by itself.
	allIndexed bool
}

func newGroups(q *grouping) *groups {
	return &groups{grouping: q, found: make(map[string]*store.Group)}
}

// add counts n more of a key. start is the bucket's, in milliseconds since 1970, as
// are the times of the first and the last one.
func (g *groups) add(key []string, start, n, first, last int64) {
	for i, dim := range g.By {
		if !dim.IsAddress() {
			continue
		}
		if addr, err := netip.ParseAddr(key[i]); err == nil {
			key[i] = addr.String() // as the port has it
		}
	}
	name := nameOf(key, start)
	k := g.found[name]
	if k == nil {
		k = &store.Group{Key: key}
		if g.Bucket > 0 {
			k.Start = time.UnixMilli(start).UTC()
		}
		g.found[name] = k
	}
	if g.Times {
		span(k, time.UnixMilli(first).UTC(), time.UnixMilli(last).UTC())
	}
	k.Count += n
}

// addDocument counts one alert from its fields.
func (g *groups) addDocument(d *alert.Document) {
	key := make([]string, len(g.By))
	for i, dim := range g.By {
		key[i] = dim.Of(d)
	}
	var start int64
	at := g.filter.Time.Of(d)
	if g.Bucket > 0 {
		start = store.BucketStart(at, g.Bucket).UnixMilli()
	}
	g.add(key, start, 1, at.UnixMilli(), at.UnixMilli())
}

// nameOf is a key and bucket as one text, different for different ones.
func nameOf(key []string, start int64) string {
	if len(key) == 1 && start == 0 {
		return key[0]
	}
	name := strconv.AppendInt(nil, start, 10)
	for _, text := range key {
		name = strconv.AppendInt(append(name, ' '), int64(len(text)), 10)
		name = append(append(name, ':'), text...)
	}
	return string(name)
}

// ranked keeps the groups of the top keys and puts them in order.
func (g *groups) ranked() []store.Group {
	list := make([]store.Group, 0, len(g.found))
	for _, k := range g.found {
		list = append(list, *k)
	}
	return store.Rank(list, g.Grouping, nil)
}

// span makes the times of a group reach from first to last, before they are counted.
func span(k *store.Group, first, last time.Time) {
	if k.Count == 0 || first.Before(k.First) {
		k.First = first
	}
	if k.Count == 0 || last.After(k.Last) {
		k.Last = last
	}
}

// addUnindexed counts the alerts that lack an indexed value of a field that is
// grouped by, from what their _source says: texts longer than the index takes,
// and fields that an older mapping has not got.
func (r *Reader) addUnindexed(ctx context.Context, g *groups) error {
	var lacking []object
	fields := g.fields()
	for _, field := range fields {
		lacking = append(lacking, object{"bool": object{"must_not": object{"exists": object{"field": field}}}})
	}
	if len(fields) == 0 {
		return nil
	}
	query := object{"bool": object{"filter": g.query, "should": lacking, "minimum_should_match": 1}}
	source := fields
	for _, dim := range g.dims {
		if dim.Optional {
			source = append(source, dim.Field)
		}
		source = append(source, dim.Sources...)
	}
	return r.Each(ctx, Pages{Indices: r.alerts, Query: query, Source: source}, func(h cluster.Hit) error {
		d, err := hits.Decode(h.ID, h.Source)
		if err == nil {
			g.addDocument(&d)
		}
		return err
	})
}
