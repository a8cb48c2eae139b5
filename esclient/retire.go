package esclient

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"go.uber.org/zap"

	"github.com/peba-edge/peba/store"
)

// retireStep is how many documents one request deletes.
const retireStep = 5000

// age is what is known of an index of alerts.
type age struct {
	name   string
	all    int64
	before int64 // how many were received before the limit
	soon   int64 // how many will have been a day later
}

// retire deletes alerts received before the limit, and payloads and sensors not
// seen since.
// It goes by the clock of this edge: so it does nothing when that or a node's is wrong.
func (s *esStore) retire(ctx context.Context, limit time.Time) error {
	if err := s.checkClocks(ctx); err != nil {
		return fmt.Errorf("nothing is retired: %w", err)
	}
	indices, err := s.alertIndices(ctx)
	if err != nil {
		return err
	}
	for _, name := range indices {
		if err := s.retireIndex(ctx, name, limit); err != nil {
			return err
		}
	}
	if err := s.deleteBefore(ctx, s.names.Sensors, "updated", limit); err != nil {
		return err
	}
	return s.deleteBefore(ctx, s.names.Payloads, "lastSeen", limit)
}

// alertIndices lists the indices whose name is one of ours. Whatever else the
// read pattern matches is left alone.
func (s *esStore) alertIndices(ctx context.Context) ([]string, error) {
	var list []struct {
		Index string `json:"index"`
	}
	err := s.client.do(ctx, http.MethodGet, "/_cat/indices/"+s.names.Alerts+"-*?h=index&s=index&format=json&expand_wildcards=open", nil, &list)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, one := range list {
		if s.names.ours(one.Index) {
			names = append(names, one.Index)
		}
	}
	return names, nil
}

// retireIndex drops an index all of whose alerts are old, and else deletes the
// old ones from it.
func (s *esStore) retireIndex(ctx context.Context, name string, limit time.Time) error {
	a, err := s.ageOf(ctx, name, limit)
	switch {
	case isStatus(err, http.StatusNotFound): // another edge was faster
		return nil
	case err != nil:
		return err
	case a.before == a.all && (a.all > 0 || s.names.endsBefore(name, limit)):
		return s.dropIndex(ctx, name, limit)
	case a.before == 0:
		return nil
	case a.soon == a.all && a.all > retireStep: // dropped whole within a day: deleting costs as much as storing did
		return nil
	}
	err = s.deleteBefore(ctx, name, "recievedTime", limit)
	if isStatus(err, http.StatusForbidden) {
		// An edge that ended within dropIndex leaves the block, which the sender waits for.
		err = errors.Join(err, s.unblock(ctx, name))
	}
	return err
}

// ageOf counts the alerts of one index as they are now.
func (s *esStore) ageOf(ctx context.Context, name string, limit time.Time) (age, error) {
	a := age{name: name}
	if err := s.client.do(ctx, http.MethodPost, "/"+name+"/_refresh", nil, nil); err != nil {
		return a, err
	}
	type counted struct {
		Count int64 `json:"doc_count"`
	}
	var ages struct{ Old, Soon counted }
	found := answer{Aggregations: &ages}
	before := func(t time.Time) object {
		return object{"filter": object{"range": object{"recievedTime": window(time.Time{}, t)}}}
	}
	body := object{
		"size": 0, "track_total_hits": true,
		"aggs": object{"old": before(limit), "soon": before(limit.Add(24 * time.Hour))},
	}
	err := s.client.do(ctx, http.MethodGet, "/"+name+"/_search?allow_partial_search_results=false&request_cache=false", body, &found)
	if err != nil {
		return a, err
	}
	if err := found.whole(); err != nil {
		return a, fmt.Errorf("elasticsearch: looking for old alerts in %s: %w", name, err)
	}
	a.all, a.before, a.soon = found.Hits.Total.Value, ages.Old.Count, ages.Soon.Count
	return a, nil
}

// dropIndex drops an index. An alert that was created long ago may be on its way
// into it: so writing is blocked first, and nothing is dropped if one has come.
// The sender tries again what a block rejects, and makes the index anew.
func (s *esStore) dropIndex(ctx context.Context, name string, limit time.Time) error {
	if err := s.client.do(ctx, http.MethodPut, "/"+name+"/_block/write", nil, nil); err != nil {
		return gone(err)
	}
	a, err := s.ageOf(ctx, name, limit)
	if err == nil && a.before == a.all {
		if err = s.client.do(ctx, http.MethodDelete, "/"+name, nil, nil); err == nil {
			s.logger.Info("dropped an index of alerts that are all older than the retention time",
				zap.String("index", name), zap.Int64("alerts", a.all))
			return nil
		}
	}
	if isStatus(err, http.StatusNotFound) {
		return nil
	}
	return errors.Join(err, s.unblock(context.WithoutCancel(ctx), name)) // the block must not stay
}

func (s *esStore) unblock(ctx context.Context, name string) error {
	return gone(s.client.do(ctx, http.MethodPut, "/"+name+"/_settings", object{"index.blocks.write": nil}, nil))
}

// gone takes an index that is not there any more for no error: another edge
// drops the same.
func gone(err error) error {
	if isStatus(err, http.StatusNotFound) {
		return nil
	}
	return err
}

// deleteBefore deletes the documents of one index whose time is before the
// limit, step by step. What changes meanwhile is left for the next time.
func (s *esStore) deleteBefore(ctx context.Context, name, field string, limit time.Time) error {
	if err := s.client.do(ctx, http.MethodPost, "/"+name+"/_refresh", nil, nil); err != nil {
		return gone(err)
	}
	path := fmt.Sprintf("/%s/_delete_by_query?conflicts=proceed&refresh=true&max_docs=%d", name, retireStep)
	body := object{"query": object{"range": object{field: window(time.Time{}, limit)}}}
	for {
		var done struct {
			Deleted  int64 `json:"deleted"`
			TimedOut bool  `json:"timed_out"`
			Failures []any `json:"failures"`
		}
		if err := s.client.do(ctx, http.MethodPost, path, body, &done); err != nil {
			return gone(err)
		}
		if done.TimedOut || len(done.Failures) > 0 {
			return fmt.Errorf("elasticsearch: deleting from %s what is before %s: %w: timed out: %t, %d failures",
				name, boundText(limit), store.ErrUnavailable, done.TimedOut, len(done.Failures))
		}
		if done.Deleted == 0 {
			return nil
		}
	}
}
