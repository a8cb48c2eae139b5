package esclient

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
)

// grouping is a question for groups, checked.
type grouping struct {
	filter store.Filter
	store.Grouping
	query object // the filter's
	dims  []dimension
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
		return nil, fmt.Errorf("bucket %v: allowed are whole seconds", g.Bucket)
	}
	for _, by := range g.By {
		dim, ok := dimensions[by]
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
		for _, p := range dim.derived {
			fields = append(fields, p.field)
		}
		if dim.plain() {
			fields = append(fields, dim.field)
		}
	}
	if q.Bucket > 0 || q.Times {
		fields = append(fields, q.time)
	}
	return fields
}

// group returns the groups of store.Reader.Group.
func (s *esStore) group(ctx context.Context, f store.Filter, g store.Grouping) ([]store.Group, error) {
	q, err := newGrouping(f, g)
	if err != nil {
		return nil, err
	}
	if len(g.By) == 0 && g.Bucket == 0 && g.Times {
		return s.groupAll(ctx, q)
	}
	if len(g.By) == 0 && g.Bucket == 0 {
		n, err := s.count(ctx, f)
		if err != nil || n == 0 {
			return nil, err
		}
		return []store.Group{{Key: []string{}, Count: n}}, nil
	}
	found, err := s.countGroups(ctx, q)
	if err != nil {
		return nil, err
	}
	return found.ranked(), nil
}

// countGroups counts by terms, in one pass, where that gives all keys or all that
// a top needs, and else by the pages of a composite aggregation.
func (s *esStore) countGroups(ctx context.Context, q *grouping) (found *groups, err error) {
	switch {
	case q.Times || len(q.By) != 1 || !q.dims[0].plain():
	case q.Bucket == 0:
		found, err = s.groupByTerms(ctx, q)
	case q.Top > 0:
		found, err = s.groupTop(ctx, q)
	}
	if err == nil && found == nil {
		found, err = s.groupByPages(ctx, q)
	}
	return found, err
}

// groups adds up counts by key and bucket.
type groups struct {
	*grouping
	found map[string]*keyed
	// allIndexed is set when Elasticsearch could count all alerts by itself.
	allIndexed bool
}

func newGroups(q *grouping) *groups { return &groups{grouping: q, found: make(map[string]*keyed)} }

// add counts n more of a key. start is the bucket's, in milliseconds since 1970, as
// are the times of the first and the last one.
func (g *groups) add(key []string, start, n, first, last int64) {
	var addrs []netip.Addr
	for i, dim := range g.dims {
		if !dim.address {
			continue
		}
		if addrs == nil {
			addrs = make([]netip.Addr, len(key))
		}
		if addr, err := netip.ParseAddr(key[i]); err == nil {
			key[i], addrs[i] = addr.String(), addr // as the port has it
		}
	}
	name := nameOf(key, start)
	k := g.found[name]
	if k == nil {
		k = &keyed{Group: store.Group{Key: key}, addrs: addrs}
		if g.Bucket > 0 {
			k.Start = time.UnixMilli(start).UTC()
		}
		g.found[name] = k
	}
	if g.Times {
		k.span(time.UnixMilli(first).UTC(), time.UnixMilli(last).UTC())
	}
	k.Count += n
}

// addDocument counts one alert from its fields.
func (g *groups) addDocument(d *alert.Document) {
	key := make([]string, len(g.dims))
	for i, dim := range g.dims {
		key[i] = dim.value(d)
	}
	var start int64
	at := d.RecievedTime
	if g.filter.Time == store.Created {
		at = d.CreateTime
	}
	if g.Bucket > 0 {
		width := int64(g.Bucket / time.Second)
		within := at.Unix() % width
		if within < 0 { // buckets before 1970 start at multiples as well
			within += width
		}
		start = (at.Unix() - within) * 1000
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
	list := make([]*keyed, 0, len(g.found))
	for _, k := range g.found {
		list = append(list, k)
	}
	if g.Top > 0 && g.Bucket > 0 {
		list = ofTop(list, g.Top)
	}
	slices.SortFunc(list, (*keyed).compare)
	if g.Top > 0 && g.Bucket == 0 {
		list = list[:min(g.Top, len(list))]
	}
	ranked := make([]store.Group, len(list))
	for i, k := range list {
		ranked[i] = k.Group
	}
	return ranked
}

// keyed is a group with the addresses in its key, which are not in the order of
// their texts.
type keyed struct {
	store.Group
	// addrs, if there are any, is one a dimension, zero for texts.
	addrs []netip.Addr
}

// span makes the times of the group reach from first to last, before they are counted.
func (k *keyed) span(first, last time.Time) {
	if k.Count == 0 || first.Before(k.First) {
		k.First = first
	}
	if k.Count == 0 || last.After(k.Last) {
		k.Last = last
	}
}

// compare is the order of store.Reader.Group.
func (k *keyed) compare(other *keyed) int {
	if c := cmp.Or(cmp.Compare(other.Count, k.Count), k.Start.Compare(other.Start)); c != 0 {
		return c
	}
	for i := range k.Key {
		if k.addrs != nil {
			if c := k.addrs[i].Compare(other.addrs[i]); c != 0 {
				return c
			}
		}
		if c := strings.Compare(k.Key[i], other.Key[i]); c != 0 {
			return c
		}
	}
	return 0
}

// ofTop keeps the groups of the n keys that occur most over all buckets.
func ofTop(list []*keyed, n int) []*keyed {
	totals := make(map[string]*keyed)
	for _, k := range list {
		name := nameOf(k.Key, 0)
		if totals[name] == nil {
			totals[name] = &keyed{Group: store.Group{Key: k.Key}, addrs: k.addrs}
		}
		totals[name].Count += k.Count
	}
	order := make([]*keyed, 0, len(totals))
	for _, k := range totals {
		order = append(order, k)
	}
	slices.SortFunc(order, (*keyed).compare)
	for _, k := range order[min(n, len(order)):] {
		delete(totals, nameOf(k.Key, 0))
	}
	return slices.DeleteFunc(list, func(k *keyed) bool { return totals[nameOf(k.Key, 0)] == nil })
}

// addUnindexed counts the alerts that lack an indexed value of a field that is
// grouped by, from what their _source says: texts longer than the index takes,
// and fields that an older mapping has not got.
func (s *esStore) addUnindexed(ctx context.Context, g *groups) error {
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
		if dim.optional {
			source = append(source, dim.field)
		}
	}
	return s.each(ctx, pages{indices: s.names.read(), query: query, source: source}, func(h hit) error {
		d, err := decodeDocument(h.ID, h.Source)
		if err == nil {
			g.addDocument(&d)
		}
		return err
	})
}
