package esclient

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
)

// searchOptions hold every search to a whole answer or none. pre_filter_shard_size
// has the nodes first ask each shard for its earliest and latest time, and search
// only those that a window touches. preference has the same copy of a shard answer
// while it is there: copies show new alerts up to five seconds apart, so that
// counts would go back and forth, and each has a request cache of its own.
const searchOptions = "?preference=peba&allow_partial_search_results=false&ignore_unavailable=true&allow_no_indices=true&pre_filter_shard_size=1"

// answer is what _search answers, with documents read as S.
type answer[S any] struct {
	TimedOut bool `json:"timed_out"`
	Shards   struct {
		Total   int `json:"total"`
		Skipped int `json:"skipped"`
		Failed  int `json:"failed"`
	} `json:"_shards"`
	Hits struct {
		Total struct {
			Value int64 `json:"value"`
		} `json:"total"`
		Hits []hitOf[S] `json:"hits"`
	} `json:"hits"`
	// Aggregations is a pointer to what they are read into.
	Aggregations any `json:"aggregations"`
}

type hitOf[S any] struct {
	Index  string          `json:"_index"`
	ID     string          `json:"_id"`
	Source S               `json:"_source"`
	Sort   json.RawMessage `json:"sort"`
}

// hit is a document that is read later.
type hit = hitOf[json.RawMessage]

// kindNoShard is how Elasticsearch says that a shard has no copy to ask: also for an
// index that an edge drops in that moment, which is gone a moment later.
const (
	kindNoShard = "no_shard_available_action_exception"
	lookAgain   = 100 * time.Millisecond
)

// find runs a search, and reads aggregations into what they point to. Whatever
// keeps it from a whole answer is store.ErrUnavailable with the cause.
func find[S any](ctx context.Context, s *esStore, indices string, body object, aggregations any) (*answer[S], error) {
	path := "/" + indices + "/_search" + searchOptions
	if body["size"] == 0 {
		path += "&request_cache=true"
	}
	text, err := s.client.ask(ctx, http.MethodGet, path, body)
	if isKind(err, kindNoShard) {
		if err := sleepUntil(ctx, time.Now().Add(lookAgain)); err != nil {
			return nil, err
		}
		text, err = s.client.ask(ctx, http.MethodGet, path, body)
	}
	var status *statusError
	if errors.As(err, &status) && !errors.Is(err, store.ErrUnavailable) {
		return nil, fmt.Errorf("%w: %w", store.ErrUnavailable, err)
	}
	if err != nil {
		return nil, err
	}
	a := answer[S]{Aggregations: aggregations}
	if err := readJSON(text, &a); err != nil {
		return nil, unreadable(http.MethodGet, path, err)
	}
	if a.TimedOut || a.Shards.Failed > 0 {
		return nil, fmt.Errorf("elasticsearch: search of %s: %w: timed out: %t, %d of %d shards failed",
			indices, store.ErrUnavailable, a.TimedOut, a.Shards.Failed, a.Shards.Total)
	}
	return &a, nil
}

// refresh makes all alerts that the cluster has visible to searches.
func (s *esStore) refresh(ctx context.Context) error {
	var a answer[json.RawMessage]
	err := s.client.do(ctx, http.MethodPost, "/"+s.names.read()+"/_refresh?ignore_unavailable=true", nil, &a)
	if err == nil && a.Shards.Failed > 0 {
		err = fmt.Errorf("elasticsearch: refresh of %s: %w: %d of %d shards failed", s.names.read(), store.ErrUnavailable, a.Shards.Failed, a.Shards.Total)
	}
	return err
}

// count returns the number of alerts that match.
func (s *esStore) count(ctx context.Context, f store.Filter) (int64, error) {
	query, err := selected(f)
	if err != nil {
		return 0, err
	}
	a, err := find[json.RawMessage](ctx, s, s.names.read(), object{"size": 0, "track_total_hits": true, "query": query}, nil)
	if err != nil {
		return 0, err
	}
	return a.Hits.Total.Value, nil
}

// newest returns the newest alerts that match. Within a second the one stored
// last is first, as far as an index knows that.
func (s *esStore) newest(ctx context.Context, f store.Filter, n int, fields []string) ([]alert.Document, error) {
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
	p := pages{indices: s.names.read(), query: query, order: order, most: n, fields: fields}
	docs := make([]alert.Document, 0, min(n, pageSize))
	err = each(ctx, s, p, func(h hitOf[*alert.Document]) error {
		if h.Source == nil { // null, or left out
			h.Source = new(alert.Document)
		}
		h.Source.ID = h.ID
		docs = append(docs, *h.Source)
		return nil
	})
	if errors.Is(err, errUnreadable) { // a document that another program wrote
		docs = docs[:0]
		err = each(ctx, s, p, func(h hit) error {
			d, err := decodeDocument(h.ID, h.Source)
			docs = append(docs, d)
			return err
		})
	}
	if err != nil {
		return nil, err
	}
	return docs, nil
}

const (
	// pageSize is how many documents are asked for at once. Their _source may be
	// long: where a page is too large for an answer, it is asked for in parts.
	pageSize = 1000
	// mostPage is Elasticsearch's limit.
	mostPage = 10_000
)

// pages says which documents are read, and in which order.
type pages struct {
	indices string
	query   object
	order   []object
	// most is how many are read at most; 0: all.
	most int
	// fields, if not nil, are those that are read of _source.
	fields []string
}

// each calls visit for documents in order. What the order leaves open is put in
// the order of _seq_no.
//
// Pages go on after the last document's sort values. Where an index has several
// shards two documents may share all of them: so the ones that share those of a
// page's last document are left to the next page.
func each[S any](ctx context.Context, s *esStore, p pages, visit func(hitOf[S]) error) error {
	size := pageSize
	if p.most > size && p.most <= mostPage {
		size = p.most
	}
	body := object{
		"query":            p.query,
		"sort":             append(p.order[:len(p.order):len(p.order)], object{"_seq_no": "desc"}, object{"_index": "desc"}),
		"track_total_hits": false,
	}
	if p.fields != nil {
		body["_source"] = p.fields
	}
	for seen := 0; p.most == 0 || seen < p.most; {
		asked := size
		if p.most > 0 {
			asked = min(size, p.most-seen)
		}
		body["size"] = asked
		a, err := find[S](ctx, s, p.indices, body, nil)
		if errors.Is(err, errTooLarge) && asked > 1 {
			size = asked / 2
			continue
		}
		if err != nil {
			return err
		}
		page := a.Hits.Hits
		last := len(page) < asked || p.most > 0 && seen+len(page) >= p.most
		if !last {
			page = withoutTies(page)
		}
		for _, h := range page {
			if err := visit(h); err != nil {
				return err
			}
		}
		if last {
			return nil
		}
		seen += len(page)
		body["search_after"] = page[len(page)-1].Sort
	}
	return nil
}

// withoutTies cuts off the documents at a page's end that share their sort
// values, unless the page has no others.
func withoutTies[S any](page []hitOf[S]) []hitOf[S] {
	last := page[len(page)-1]
	for end := len(page) - 1; end > 0; end-- {
		if !bytes.Equal(page[end-1].Sort, last.Sort) {
			return page[:end]
		}
	}
	return page
}
