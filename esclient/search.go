package esclient

import (
	"bytes"
	"cmp"
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

// answer is what _search answers.
type answer struct {
	TimedOut bool   `json:"timed_out"`
	Shards   shards `json:"_shards"`
	Hits     struct {
		Total struct {
			Value int64 `json:"value"`
		} `json:"total"`
		Hits []hit `json:"hits"`
	} `json:"hits"`
	// Aggregations is a pointer to what they are read into.
	Aggregations any `json:"aggregations"`
	// fields, if not nil, are those to be read of documents, which are alerts.
	fields wanted
}

// shards says how many shards there are and how many answered. Those that a
// window does not touch are skipped, and count as successful.
type shards struct {
	Total      int `json:"total"`
	Successful int `json:"successful"`
	Skipped    int `json:"skipped"`
	Failed     int `json:"failed"`
}

// whole returns an error unless every shard answered. OpenSearch leaves out the
// shards that are just starting, with status 200 and none that failed.
func (a *answer) whole() error {
	if a.TimedOut || a.Shards.Failed > 0 || a.Shards.Successful < a.Shards.Total {
		return fmt.Errorf("%w: incomplete answer: timed out: %t, %d of %d shards answered, %d failed",
			store.ErrUnavailable, a.TimedOut, a.Shards.Successful, a.Shards.Total, a.Shards.Failed)
	}
	return nil
}

// read reads the text of an answer.
func (a *answer) read(text []byte) error {
	if a.fields != nil {
		if scanned, ok := scanAlerts(text, a.fields); ok {
			*a = scanned
			return nil
		}
	}
	return readJSON(text, a)
}

type hit struct {
	Index  string          `json:"_index"`
	ID     string          `json:"_id"`
	Source json.RawMessage `json:"_source"`
	Sort   json.RawMessage `json:"sort"`
	// document is what a scanner has read of Source, instead of it.
	document *alert.Document
}

// alert returns the document as an alert.
func (h *hit) alert() (alert.Document, error) {
	if h.document == nil {
		return decodeDocument(h.ID, h.Source)
	}
	h.document.ID = h.ID
	return *h.document, nil
}

// kindNoShard is how Elasticsearch says that a shard has no copy to ask: also for an
// index that an edge drops in that moment, which is gone a moment later.
const (
	kindNoShard = "no_shard_available_action_exception"
	lookAgain   = 100 * time.Millisecond
)

// find runs a search and reads its answer into a. Whatever keeps it from a whole
// answer is store.ErrUnavailable with the cause, and so is a field that the search
// uses and an index has with another type: see schema.
func (s *esStore) find(ctx context.Context, indices string, body object, a *answer) error {
	verified := make(chan error, 1)
	if used := fieldsOf(body); s.layout.fields[indices] != nil && len(used) > 0 {
		go func() { verified <- s.schema.verify(ctx, indices, used) }()
	} else {
		verified <- nil
	}
	options := searchOptions
	if body["size"] == 0 {
		options += "&request_cache=true"
	}
	err := s.search(ctx, indices, options, body, a)
	return cmp.Or(<-verified, err) // what is wrong with a field also fails searches
}

// search runs a search, without a look at fields.
func (s *esStore) search(ctx context.Context, indices, options string, body object, a *answer) error {
	path := "/" + indices + "/_search" + options
	text, err := s.client.ask(ctx, http.MethodGet, path, body)
	if isKind(err, kindNoShard) {
		if err := sleepUntil(ctx, time.Now().Add(lookAgain)); err != nil {
			return err
		}
		text, err = s.client.ask(ctx, http.MethodGet, path, body)
	}
	var status *statusError
	if errors.As(err, &status) && !errors.Is(err, store.ErrUnavailable) {
		return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
	}
	if err != nil {
		return err
	}
	if err := a.read(text); err != nil {
		return unreadable(http.MethodGet, path, err)
	}
	if err := a.whole(); err != nil {
		return fmt.Errorf("elasticsearch: search of %s: %w", indices, err)
	}
	return nil
}

// refresh makes all alerts that the cluster has visible to searches.
func (s *esStore) refresh(ctx context.Context) error {
	var a answer
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
	var a answer
	if err := s.find(ctx, s.names.read(), object{"size": 0, "track_total_hits": true, "query": query}, &a); err != nil {
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
	p := pages{indices: s.names.read(), query: query, order: order, most: n, alerts: wantedFields(fields)}
	docs := make([]alert.Document, 0, min(n, pageSize))
	err = s.each(ctx, p, func(h hit) error {
		d, err := h.alert()
		docs = append(docs, d)
		return err
	})
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
	// source, if not nil, are the fields of _source that Elasticsearch sends. It is
	// slow at leaving out the others.
	source []string
	// alerts, if not nil, says that documents are alerts, of which these fields are read.
	alerts wanted
}

// each calls visit for documents in order. What the order leaves open is put in
// the order of _seq_no.
//
// Pages go on after the last document's sort values. Where an index has several
// shards two documents may share all of them: so the ones that share those of a
// page's last document are left to the next page.
func (s *esStore) each(ctx context.Context, p pages, visit func(hit) error) error {
	size := pageSize
	if p.most > size && p.most <= mostPage {
		size = p.most
	}
	body := object{
		"query":            p.query,
		"sort":             append(p.order[:len(p.order):len(p.order)], object{"_seq_no": "desc"}, object{"_index": "desc"}),
		"track_total_hits": false,
	}
	if p.source != nil {
		body["_source"] = p.source
	}
	for seen := 0; p.most == 0 || seen < p.most; {
		asked := size
		if p.most > 0 {
			asked = min(size, p.most-seen)
		}
		body["size"] = asked
		a := answer{fields: p.alerts}
		err := s.find(ctx, p.indices, body, &a)
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
func withoutTies(page []hit) []hit {
	last := page[len(page)-1]
	for end := len(page) - 1; end > 0; end-- {
		if !bytes.Equal(page[end-1].Sort, last.Sort) {
			return page[:end]
		}
	}
	return page
}
