package search

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/esclient/cluster"
	"github.com/peba-edge/peba/esclient/search/hits"
	"github.com/peba-edge/peba/store"
)

const (
	// termsSize is how many keys are asked for in one pass, and fewTerms how many
	// where only the top is wanted.
	termsSize = 10_000
	fewTerms  = 250
	// compositeSize is how many groups a page has. Elasticsearch allows 65,536
	// buckets in an answer by default.
	compositeSize = 10_000
)

// termBucket is a bucket of a terms aggregation.
type termBucket struct {
	Key         any    `json:"key"` // of other mappings, a number
	KeyAsString string `json:"key_as_string"`
	Count       int64  `json:"doc_count"`
	Times       struct {
		Buckets []struct {
			Start int64 `json:"key"`
			Count int64 `json:"doc_count"`
		} `json:"buckets"`
	} `json:"times"`
}

func (b *termBucket) text() string {
	if b.KeyAsString != "" {
		return b.KeyAsString
	}
	return hits.Text(b.Key)
}

// termsAnswer is the aggregation "keys".
type termsAnswer struct {
	Keys struct {
		Error   int64        `json:"doc_count_error_upper_bound"`
		Other   int64        `json:"sum_other_doc_count"`
		Buckets []termBucket `json:"buckets"`
	} `json:"keys"`
}

// terms runs a terms aggregation.
func (r *Reader) terms(ctx context.Context, query, aggregation object) (*termsAnswer, int64, error) {
	var found termsAnswer
	a := cluster.Answer{Aggregations: &found}
	err := r.Find(ctx, r.alerts, object{
		"size": 0, "track_total_hits": true, "query": query,
		"aggs": object{"keys": aggregation},
	}, &a)
	if err != nil {
		return nil, 0, err
	}
	return &found, a.Hits.Total.Value, nil
}

// groupByTerms counts by one dimension in one pass, or in a second one with more
// keys. It returns nil where neither would be exact.
func (r *Reader) groupByTerms(ctx context.Context, q *grouping) (g *groups, err error) {
	if q.Top > 0 && q.Top < fewTerms/2 {
		g, err = r.groupByMost(ctx, q, fewTerms)
	}
	if g == nil && err == nil {
		g, err = r.groupByMost(ctx, q, termsSize)
	}
	return g, err
}

// groupByMost counts the keys that occur most, so many of them. It returns nil
// where a shard kept keys to itself, or those that are left out could matter.
func (r *Reader) groupByMost(ctx context.Context, q *grouping, size int) (*groups, error) {
	a, total, err := r.terms(ctx, q.query, object{"terms": object{
		"field": q.dims[0].Field, "size": size, "shard_size": 2 * termsSize,
	}})
	if err != nil || a.Keys.Error != 0 {
		return nil, err
	}
	g := newGroups(q)
	buckets := a.Keys.Buckets // most first
	indexed := a.Keys.Other
	for _, b := range buckets {
		g.add([]string{b.text()}, 0, b.Count, 0, 0)
		indexed += b.Count
	}
	g.allIndexed = indexed == total
	if a.Keys.Other > 0 {
		enough := q.Top > 0 && q.Top < len(buckets) && buckets[len(buckets)-1].Count < buckets[q.Top-1].Count
		if !enough || !g.allIndexed {
			return nil, nil
		}
	}
	if !g.allIndexed {
		err = r.addUnindexed(ctx, g)
	}
	return g, err
}

// groupTop counts by one dimension, and then the buckets of the top keys only.
// It returns nil where those would be more than Elasticsearch answers with.
func (r *Reader) groupTop(ctx context.Context, q *grouping) (*groups, error) {
	whole := *q
	whole.Bucket = 0
	counted, err := r.countGroups(ctx, &whole)
	if err != nil {
		return nil, err
	}
	var keys []string
	for _, one := range counted.ranked() {
		if !q.By[0].IsAddress() || isAddress(one.Key[0]) {
			keys = append(keys, one.Key[0])
		}
	}
	g := newGroups(q)
	if len(keys) > 0 {
		a, _, err := r.terms(ctx, q.query, object{
			"terms": object{"field": q.dims[0].Field, "size": len(keys), "include": keys},
			"aggs":  object{"times": object{"date_histogram": q.histogram(object{"min_doc_count": 1})}},
		})
		if cluster.IsKind(err, "too_many_buckets_exception") {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		for _, b := range a.Keys.Buckets {
			for _, t := range b.Times.Buckets {
				g.add([]string{b.text()}, t.Start, t.Count, 0, 0)
			}
		}
	}
	// A window holds no alert that lacks the time.
	windowed := !q.filter.From.IsZero() || !q.filter.To.IsZero()
	if !counted.allIndexed || !windowed {
		err = r.addUnindexed(ctx, g)
	}
	return g, err
}

// histogram divides the filter's time into buckets.
func (q *grouping) histogram(more object) object {
	more["field"] = q.time
	more["fixed_interval"] = fmt.Sprintf("%ds", q.Bucket/time.Second)
	return more
}

// groupByPages counts all groups by a composite aggregation, page by page. Pages
// are not of one state of the index: an alert that arrives in between counts on
// the pages that are still to come.
func (r *Reader) groupByPages(ctx context.Context, q *grouping) (*groups, error) {
	var sources []object
	for i, dim := range q.dims {
		name := strconv.Itoa(i)
		if dim.Derived == nil {
			sources = append(sources, object{name: object{"terms": object{"field": dim.Field, "missing_bucket": dim.Optional}}})
		}
		for n, p := range dim.Derived {
			sources = append(sources, object{partName(i, n): object{"terms": object{"field": p.Field}}})
		}
	}
	if q.Bucket > 0 {
		sources = append(sources, object{"time": object{"date_histogram": q.histogram(object{})}})
	}
	composite := object{"size": compositeSize, "sources": sources}
	aggregation := object{"composite": composite}
	if q.Times {
		aggregation["aggs"] = q.times()
	}
	body := object{
		"size": 0, "track_total_hits": true, "query": q.query,
		"aggs": object{"groups": aggregation},
	}
	g := newGroups(q)
	for page := 0; ; page++ {
		var found struct {
			Groups struct {
				After   map[string]any    `json:"after_key"`
				Buckets []compositeBucket `json:"buckets"`
			} `json:"groups"`
		}
		a := cluster.Answer{Aggregations: &found}
		err := r.Find(ctx, r.alerts, body, &a)
		if err != nil {
			return nil, err
		}
		indexed := g.addPage(found.Groups.Buckets)
		if len(found.Groups.Buckets) < compositeSize {
			// One page is of one state, and its counts tell whether all is there.
			if page > 0 || indexed != a.Hits.Total.Value {
				err = r.addUnindexed(ctx, g)
			} else {
				g.allIndexed = true
			}
			return g, err
		}
		composite["after"] = found.Groups.After
		body["track_total_hits"] = false
	}
}

// partName is the name of the n-th field that the value of the i-th dimension is made of.
func partName(i, n int) string { return strconv.Itoa(i) + "." + strconv.Itoa(n) }

// times are the aggregations that spanOf reads.
func (q *grouping) times() object {
	return object{"first": object{"min": object{"field": q.time}}, "last": object{"max": object{"field": q.time}}}
}

// spanAnswer is what times answer, in milliseconds since 1970.
type spanAnswer struct {
	First struct {
		Value float64 `json:"value"`
	} `json:"first"`
	Last struct {
		Value float64 `json:"value"`
	} `json:"last"`
}

// groupAll returns the one group of all alerts, with its times.
func (r *Reader) groupAll(ctx context.Context, q *grouping) ([]store.Group, error) {
	var found spanAnswer
	a := cluster.Answer{Aggregations: &found}
	body := object{"size": 0, "track_total_hits": true, "query": q.query, "aggs": q.times()}
	if err := r.Find(ctx, r.alerts, body, &a); err != nil || a.Hits.Total.Value == 0 {
		return nil, err
	}
	return []store.Group{{
		Key: []string{}, Count: a.Hits.Total.Value,
		First: time.UnixMilli(int64(found.First.Value)).UTC(), Last: time.UnixMilli(int64(found.Last.Value)).UTC(),
	}}, nil
}

type compositeBucket struct {
	Key   map[string]any `json:"key"`
	Count int64          `json:"doc_count"`
	spanAnswer
}

// addPage counts a page and returns how many alerts are in it.
func (g *groups) addPage(buckets []compositeBucket) (n int64) {
	for _, b := range buckets {
		key := make([]string, len(g.dims))
		for i := range key {
			dim := &g.dims[i]
			if dim.Derived == nil {
				key[i] = hits.Text(b.Key[strconv.Itoa(i)])
				continue
			}
			var d alert.Document
			for n, p := range dim.Derived {
				*p.Of(&d) = hits.Text(b.Key[partName(i, n)])
			}
			key[i] = g.By[i].Of(&d)
		}
		start, _ := b.Key["time"].(float64)
		g.add(key, int64(start), b.Count, int64(b.First.Value), int64(b.Last.Value))
		n += b.Count
	}
	return n
}
