package esclient

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/peba-edge/peba/esclient/cluster"
	"github.com/peba-edge/peba/esclient/search"
	"github.com/peba-edge/peba/store"
)

// plainPage is the number of plain records per request: each may have 22 MB.
const plainPage = 10

// plainDocument is a plain record in the index of the feeds. Only kind and key are indexed.
type plainDocument struct {
	Kind   store.Kind      `json:"kind"`
	Key    string          `json:"key"`
	Record json.RawMessage `json:"record"`
}

// plainPath returns the path of a record. endpoint is _doc or _create. Ids are shorter than
// keys may be.
func (s *esStore) plainPath(endpoint string, kind store.Kind, key string) string {
	sum := sha256.Sum256([]byte(string(kind) + "\x00" + key))
	return "/" + s.names.Feeds + "/" + endpoint + "/" + hex.EncodeToString(sum[:])
}

func (s *esStore) plainRecord(ctx context.Context, kind store.Kind, key string) (store.Record, error) {
	var found struct {
		Source plainDocument `json:"_source"`
	}
	err := s.client.Do(ctx, http.MethodGet, s.plainPath("_doc", kind, key), nil, &found)
	if err != nil {
		return nil, plainError(err, kind, key)
	}
	return store.DecodePlain(kind, found.Source.Record)
}

// plainError returns ErrNotFound for a document that does not exist, and ErrUnavailable for
// an index that does not: it is created within a minute.
func plainError(err error, kind store.Kind, key string) error {
	switch {
	case cluster.IsKind(err, cluster.KindNoIndex):
		return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
	case cluster.IsStatus(err, http.StatusNotFound):
		return fmt.Errorf("%s %q: %w", kind, key, store.ErrNotFound)
	default:
		return err
	}
}

func (s *esStore) listPlain(ctx context.Context, kind store.Kind, l store.Listing, visit func(store.Record) error) error {
	clauses := []object{{"term": object{"kind": kind}}}
	if l.Prefix != "" {
		clauses = append(clauses, object{"prefix": object{"key": l.Prefix}})
	}
	if l.After != "" {
		clauses = append(clauses, object{"range": object{"key": object{"gt": l.After}}})
	}
	p := search.Pages{
		Indices: s.names.Feeds, Query: object{"bool": object{"filter": clauses}}, Max: l.N, Size: plainPage,
		Order: []object{{"key": object{"order": "asc", "unmapped_type": "keyword"}}},
	}
	return s.reader.Each(ctx, p, func(h cluster.Hit) error {
		var document plainDocument
		err := json.Unmarshal(h.Source, &document)
		if err != nil {
			return fmt.Errorf("elasticsearch: document %q of the feeds: %w: %w", h.ID, store.ErrUnavailable, err)
		}
		r, err := store.DecodePlain(kind, document.Record)
		if err != nil {
			return err
		}
		return visit(r)
	})
}

// putPlain stores plain records and makes them visible to searches: also those that another
// edge has just put, and that are therefore kept.
func (s *esStore) putPlain(ctx context.Context, records []store.Record) error {
	if err := s.laidOutYet(ctx, s.names.Feeds); err != nil {
		return err
	}
	for _, r := range records {
		record, err := store.EncodePlain(r)
		if err != nil {
			return err
		}
		kind, endpoint := r.RecordKind(), "_doc"
		if store.KeepsFirst(kind) {
			endpoint = "_create"
		}
		document := plainDocument{Kind: kind, Key: r.RecordKey(), Record: record}
		err = s.client.Do(ctx, http.MethodPut, s.plainPath(endpoint, kind, r.RecordKey()), document, nil)
		if store.KeepsFirst(kind) && cluster.IsStatus(err, http.StatusConflict) {
			continue
		}
		if err != nil {
			return plainError(err, kind, r.RecordKey())
		}
	}
	return s.client.Do(ctx, http.MethodPost, "/"+s.names.Feeds+"/_refresh", nil, nil)
}

func (s *esStore) deletePlain(ctx context.Context, kind store.Kind, key string) error {
	err := s.client.Do(ctx, http.MethodDelete, s.plainPath("_doc", kind, key)+"?refresh=true", nil, nil)
	if err != nil {
		return plainError(err, kind, key)
	}
	return nil
}
