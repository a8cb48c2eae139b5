package sender

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"sync"

	"github.com/peba-edge/peba/esclient/cluster"
)

// Documents of CVEs and payloads that the Python service wrote have ids of no
// meaning, and mappings of several kinds. What is known under such an id is not new.

type object = map[string]any

const (
	searchable   = "searchable"
	aggregatable = "aggregatable"
)

// foreignFields remembers how a field can be looked up, by index and field.
type foreignFields struct {
	mu   sync.Mutex
	ways map[string]foreignWay
}

// foreignWay is how documents are found by a field; the zero value is not at all.
type foreignWay struct{ field, how string }

func (f *foreignFields) forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ways = nil
}

// foreign looks for documents that have one of the values in a field, other than those
// with the ids of ours, and returns the id of one for each value that has any. An error
// says that the cluster does not answer right now.
func (s *Sender) foreign(ctx context.Context, index, field string, values, ours []string) (map[string]string, error) {
	way, err := s.foreignWay(ctx, index, field)
	if err != nil || way.how == "" || len(values) == 0 {
		return nil, err
	}
	query := object{"bool": object{"must_not": object{"ids": object{"values": ours}}}}
	if way.how == searchable { // an inverted index is quicker than a look at all values
		query["bool"].(object)["filter"] = object{"terms": object{way.field: values}}
	}
	body, err := json.Marshal(object{
		"size": 0, "query": query,
		"aggs": object{"values": object{
			"terms": object{"field": way.field, "include": values, "size": len(values)},
			"aggs":  object{"one": object{"top_hits": object{"size": 1, "_source": false}}},
		}},
	})
	if err != nil {
		return nil, fmt.Errorf("asking for documents of %s by %s: %w", index, field, err)
	}
	var found struct {
		Values struct {
			Buckets []struct {
				Key string `json:"key"`
				One struct {
					Hits struct {
						Hits []cluster.Hit `json:"hits"`
					} `json:"hits"`
				} `json:"one"`
			} `json:"buckets"`
		} `json:"values"`
	}
	a := cluster.Answer{Aggregations: &found}
	if err := s.askFor(ctx, "/"+url.PathEscape(index)+"/_search"+foreignOptions+"&allow_partial_search_results=false", body, &a); err != nil {
		return nil, err
	}
	if err := a.Whole(); err != nil {
		return nil, s.health.failed(fmt.Errorf("search of %s: %w", index, err))
	}
	ids := make(map[string]string)
	for _, b := range found.Values.Buckets {
		if len(b.One.Hits.Hits) > 0 {
			ids[b.Key] = b.One.Hits.Hits[0].ID
		}
	}
	return ids, nil
}

const foreignOptions = "?ignore_unavailable=true&allow_no_indices=true"

// foreignWay asks once how a field is mapped: as it is, or, where Elasticsearch mapped
// it by itself, as a keyword below it.
func (s *Sender) foreignWay(ctx context.Context, index, field string) (foreignWay, error) {
	s.fields.mu.Lock()
	way, known := s.fields.ways[index+" "+field]
	s.fields.mu.Unlock()
	if known {
		return way, nil
	}
	names := []string{field, field + cluster.KeywordBelow}
	var caps struct {
		Fields map[string]map[string]struct {
			Searchable   bool `json:"searchable"`
			Aggregatable bool `json:"aggregatable"`
		} `json:"fields"`
	}
	path := "/" + url.PathEscape(index) + "/_field_caps" + foreignOptions + "&fields=" + names[0] + "," + names[1]
	if err := s.askFor(ctx, path, nil, &caps); err != nil {
		return way, err
	}
	slices.Reverse(names) // the first counts
	for _, name := range names {
		if keyword, ok := caps.Fields[name]["keyword"]; ok && keyword.Aggregatable {
			way = foreignWay{name, aggregatable}
			if keyword.Searchable {
				way.how = searchable
			}
		}
	}
	s.fields.mu.Lock()
	defer s.fields.mu.Unlock()
	if s.fields.ways == nil {
		s.fields.ways = make(map[string]foreignWay)
	}
	s.fields.ways[index+" "+field] = way
	return way, nil
}

// askFor reads the answer to a request.
func (s *Sender) askFor(ctx context.Context, path string, body []byte, into any) error {
	answer, err := s.ask(ctx, path, body)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(answer, into); err != nil {
		return s.health.failed(fmt.Errorf("the answer of %d bytes cannot be read: %w", len(answer), err))
	}
	return nil
}
