// Package search reads alerts from a cluster (counts, the newest, and groups) and
// documents of other indices.
package search

import (
	"cmp"
	"context"
	"fmt"
	"net/http"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/esclient/cluster"
	"github.com/peba-edge/peba/esclient/index"
	"github.com/peba-edge/peba/esclient/search/hits"
	"github.com/peba-edge/peba/store"
)

// searchOptions hold every search to a whole answer or none. pre_filter_shard_size
// has the nodes first ask each shard for its earliest and latest time, and search
// only those that a window touches. preference has the same copy of a shard answer
// while it is there: copies show new alerts up to five seconds apart, so that
// counts would go back and forth, and each has a request cache of its own.
const searchOptions = "?preference=peba&allow_partial_search_results=false&ignore_unavailable=true&allow_no_indices=true&pre_filter_shard_size=1"

type object = map[string]any

// Reader asks a cluster for alerts and other documents.
type Reader struct {
	client  *cluster.Client
	indices *index.Manager
	alerts  string // the expression that all alerts are read over
}

// New returns a reader of a cluster whose indices have those names.
func New(c *cluster.Client, m *index.Manager, n *index.Names) *Reader {
	return &Reader{client: c, indices: m, alerts: n.Read()}
}

// Find runs a search and reads its answer into a. Whatever keeps it from a whole
// answer is store.ErrUnavailable with the cause, and so is a field that the search
// uses and an index has with another type: see index.Manager.Verify.
func (r *Reader) Find(ctx context.Context, indices string, body map[string]any, a *cluster.Answer) error {
	return r.find(ctx, indices, body, a, nil)
}

// find is Find for documents that are alerts, of which the given fields are read; nil:
// they are not.
func (r *Reader) find(ctx context.Context, indices string, body object, a *cluster.Answer, fields hits.Wanted) error {
	verified := make(chan error, 1)
	go func() { verified <- r.indices.Verify(ctx, indices, body) }()
	options := searchOptions
	if body["size"] == 0 {
		options += "&request_cache=true"
	}
	err := r.client.SearchBy(ctx, indices, options, body, a, func(text []byte, a *cluster.Answer) error {
		if fields != nil {
			if scanned, ok := hits.Scan(text, fields); ok {
				*a = scanned
				return nil
			}
		}
		return cluster.ReadJSON(text, a)
	})
	return cmp.Or(<-verified, err) // what is wrong with a field also fails searches
}

// Refresh makes all alerts that the cluster has visible to searches.
func (r *Reader) Refresh(ctx context.Context) error {
	var a cluster.Answer
	err := r.client.Do(ctx, http.MethodPost, "/"+r.alerts+"/_refresh?ignore_unavailable=true", nil, &a)
	if err == nil && a.Shards.Failed > 0 {
		err = fmt.Errorf("elasticsearch: refresh of %s: %w: %d of %d shards failed", r.alerts, store.ErrUnavailable, a.Shards.Failed, a.Shards.Total)
	}
	return err
}

// Count returns the number of alerts that match.
func (r *Reader) Count(ctx context.Context, f store.Filter) (int64, error) {
	query, err := selected(f)
	if err != nil {
		return 0, err
	}
	var a cluster.Answer
	if err := r.Find(ctx, r.alerts, object{"size": 0, "track_total_hits": true, "query": query}, &a); err != nil {
		return 0, err
	}
	return a.Hits.Total.Value, nil
}

// Newest returns the newest alerts that match. Within a second the one stored
// last is first, as far as an index knows that.
func (r *Reader) Newest(ctx context.Context, f store.Filter, n int, fields ...string) ([]alert.Document, error) {
	if n <= 0 {
		return nil, nil
	}
	query, err := selected(f)
	if err != nil {
		return nil, err
	}
	field, err := timeField(f.Time)
	if err != nil {
		return nil, err
	}
	// A mapping may lack the field in an index that has no alert yet.
	order := []object{{field: object{"order": "desc", "unmapped_type": "date", "numeric_type": "date"}}}
	p := Pages{Indices: r.alerts, Query: query, Order: order, Max: n, Alerts: hits.Want(fields)}
	docs := make([]alert.Document, 0, min(n, pageSize))
	err = r.Each(ctx, p, func(h cluster.Hit) error {
		d, err := hits.Alert(&h)
		docs = append(docs, d)
		return err
	})
	if err != nil {
		return nil, err
	}
	return docs, nil
}

// timeField returns the stored name of a time.
func timeField(t store.TimeField) (string, error) {
	switch t {
	case store.Received:
		return "recievedTime", nil
	case store.Created:
		return "createTime", nil
	}
	return "", fmt.Errorf("unknown time field %d: must be Received or Created", t)
}
