package index

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"go.uber.org/zap"

	"github.com/peba-edge/peba/esclient/cluster"
	"github.com/peba-edge/peba/store"
)

// retireStep is how many documents one request deletes.
const retireStep = 5000

// errNoDate is returned of an index whose documents have no time in a field that is
// mapped as a date: nobody can tell how old they are.
var errNoDate = errors.New("not mapped as a date")

// age is what is known of an index of alerts.
type age struct {
	uuid   string // another one is another index, though of the same name
	all    int64
	before int64 // how many were received before the limit
	soon   int64 // how many will have been a day later
	latest time.Time
}

// over tells whether all alerts, of which there are some, were received before the limit.
func (a *age) over(limit time.Time) bool {
	return a.all > 0 && a.before == a.all && a.latest.Before(limit)
}

// Retire deletes alerts received before the limit, and payloads and sensors not
// seen since.
// It goes by the clock of this edge: so it does nothing when that or a node's is wrong.
func (m *Manager) Retire(ctx context.Context, limit time.Time) error {
	if err := m.CheckClocks(ctx); err != nil {
		return fmt.Errorf("no alerts are deleted: %w", err)
	}
	indices, err := m.alertIndices(ctx)
	if err != nil {
		return err
	}
	for _, name := range indices {
		if err := m.retireIndex(ctx, name, limit); err != nil {
			return err
		}
	}
	if err := m.deleteBefore(ctx, m.names.Sensors, "updated", limit); err != nil {
		return err
	}
	return m.deleteBefore(ctx, m.names.Payloads, "lastSeen", limit)
}

// alertIndices lists the indices whose name is one of ours. Whatever else the
// read pattern matches is left alone.
func (m *Manager) alertIndices(ctx context.Context) ([]string, error) {
	var list []struct {
		Index string `json:"index"`
	}
	err := m.client.Do(ctx, http.MethodGet, "/_cat/indices/"+m.names.Alerts+"-*?h=index&s=index&format=json&expand_wildcards=open", nil, &list)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, one := range list {
		if m.names.ours(one.Index) {
			names = append(names, one.Index)
		}
	}
	return names, nil
}

// retireIndex drops an index all of whose alerts are old, and else deletes the
// old ones from it. It leaves an index alone whose times are no dates: that is
// reported, see schema.
func (m *Manager) retireIndex(ctx context.Context, name string, limit time.Time) error {
	a, err := m.ageOf(ctx, name, limit)
	switch {
	case cluster.IsStatus(err, http.StatusNotFound), errors.Is(err, errNoDate): // another edge was faster; or see schema
		return nil
	case err != nil:
		return err
	case a.over(limit), a.all == 0 && m.names.endsBefore(name, limit):
		return m.dropIndex(ctx, name, a.uuid, limit)
	case a.before == 0:
		return nil
	case a.soon == a.all && a.all > retireStep: // dropped whole within a day: deleting costs as much as storing did
		return nil
	}
	err = m.deleteBefore(ctx, name, "recievedTime", limit)
	if cluster.IsStatus(err, http.StatusForbidden) {
		// An edge that ended within dropIndex leaves the block, which the sender waits for.
		err = errors.Join(err, m.unblock(ctx, name))
	}
	return err
}

// ageOf looks at the alerts of one index as they are now. Every way to drop an
// index goes through it. A search of a field that is no date fails, and an index
// that was replaced while it was looked at has another uuid.
func (m *Manager) ageOf(ctx context.Context, name string, limit time.Time) (a age, err error) {
	if err := m.client.Do(ctx, http.MethodPost, "/"+name+"/_refresh", nil, nil); err != nil {
		return a, err
	}
	type counted struct {
		Count int64 `json:"doc_count"`
	}
	var ages struct {
		Old    counted `json:"old"`
		Soon   counted `json:"soon"`
		Latest struct {
			Value *float64 `json:"value"`
		} `json:"latest"`
	}
	found := cluster.Answer{Aggregations: &ages}
	const field = "recievedTime"
	before := func(t time.Time) object {
		return object{"filter": object{"range": object{field: Window(time.Time{}, t)}}}
	}
	uuid, err := m.uuidOfDated(ctx, name, field)
	if err != nil && !errors.Is(err, errNoDate) {
		return a, err
	}
	body := object{"size": 0, "track_total_hits": true}
	if err == nil {
		body["query"] = dated(field, object{"match_all": object{}})
		body["aggs"] = object{
			"old": before(limit), "soon": before(limit.Add(24 * time.Hour)),
			"latest": object{"max": object{"field": field}},
		}
	}
	noDate := err
	const options = "?allow_partial_search_results=false&request_cache=false"
	if err := m.client.Search(ctx, name, options, body, &found); err != nil {
		return a, fmt.Errorf("looking for old alerts: %w", err)
	}
	a = age{uuid: uuid, all: found.Hits.Total.Value, before: ages.Old.Count, soon: ages.Soon.Count}
	if v := ages.Latest.Value; v != nil {
		a.latest = time.UnixMilli(int64(*v))
	}
	if a.all == 0 { // nothing can be lost, however it is mapped
		return a, nil
	}
	return a, noDate
}

// uuidOfDated returns the uuid of an index whose field is mapped as a date, or
// errNoDate with it.
func (m *Manager) uuidOfDated(ctx context.Context, name, field string) (uuid string, err error) {
	var found map[string]struct {
		Settings struct {
			Index struct {
				UUID string `json:"uuid"`
			} `json:"index"`
		} `json:"settings"`
		Mappings struct {
			Properties map[string]struct {
				Type string `json:"type"`
			} `json:"properties"`
		} `json:"mappings"`
	}
	path := "/" + name + "?filter_path=" + url.QueryEscape("*.settings.index.uuid,*.mappings.properties."+field+".type")
	if err := m.client.Do(ctx, http.MethodGet, path, nil, &found); err != nil {
		return "", err
	}
	for index, one := range found {
		got := one.Mappings.Properties[field].Type
		if got != "date" && !exact.takes("date", fieldType{name: got}) {
			return one.Settings.Index.UUID, fmt.Errorf("elasticsearch: index %s: field %s: %w: got type %q", index, field, errNoDate, got)
		}
		uuid = one.Settings.Index.UUID
	}
	return uuid, nil
}

// dated returns a query that finds the same, and fails in every index that has the
// field with another type than a date. Nothing is scored, so that it costs nothing.
func dated(field string, query object) object {
	return object{"bool": object{
		"filter": query,
		"should": object{"distance_feature": object{"field": field, "origin": "now", "pivot": "1d"}},
	}}
}

// dropIndex drops an index. An alert that was created long ago may be on its way
// into it: so writing is blocked first, and nothing is dropped if one has come, or
// if another edge has dropped it and one has come into the next of its name.
// The sender tries again what a block rejects, and creates the index again.
func (m *Manager) dropIndex(ctx context.Context, name, uuid string, limit time.Time) error {
	if err := m.client.Do(ctx, http.MethodPut, "/"+name+"/_block/write", nil, nil); err != nil {
		return gone(err)
	}
	a, err := m.ageOf(ctx, name, limit)
	var last string
	if err == nil && (a.all == 0 || a.over(limit)) {
		if last, err = m.uuidOfDated(ctx, name, "recievedTime"); errors.Is(err, errNoDate) {
			err = nil // without documents
		}
	}
	if err == nil && last == uuid {
		if err = m.client.Do(ctx, http.MethodDelete, "/"+name, nil, nil); err == nil {
			m.logger.Info("deleted an index: all its alerts are older than the retention",
				zap.String("index", name), zap.Int64("alerts", a.all))
			return nil
		}
	}
	if cluster.IsStatus(err, http.StatusNotFound) {
		return nil
	}
	if errors.Is(err, errNoDate) { // its alerts have come meanwhile
		err = nil
	}
	return errors.Join(err, m.unblock(context.WithoutCancel(ctx), name)) // the block must not stay
}

func (m *Manager) unblock(ctx context.Context, name string) error {
	return gone(m.client.Do(ctx, http.MethodPut, "/"+name+"/_settings", object{"index.blocks.write": nil}, nil))
}

// gone takes an index that is not there any more for no error: another edge
// drops the same.
func gone(err error) error {
	if cluster.IsStatus(err, http.StatusNotFound) {
		return nil
	}
	return err
}

// deleteBefore deletes the documents of one index whose time is before the
// limit, step by step. What changes meanwhile is left for the next time, and an
// index whose times are no dates is left alone.
func (m *Manager) deleteBefore(ctx context.Context, name, field string, limit time.Time) error {
	if _, err := m.uuidOfDated(ctx, name, field); errors.Is(err, errNoDate) {
		return nil
	} else if err != nil {
		return gone(err)
	}
	if err := m.client.Do(ctx, http.MethodPost, "/"+name+"/_refresh", nil, nil); err != nil {
		return gone(err)
	}
	path := fmt.Sprintf("/%s/_delete_by_query?conflicts=proceed&refresh=true&max_docs=%d", name, retireStep)
	body := object{"query": dated(field, object{"range": object{field: Window(time.Time{}, limit)}})}
	for {
		var done struct {
			Deleted  int64 `json:"deleted"`
			TimedOut bool  `json:"timed_out"`
			Failures []any `json:"failures"`
		}
		if err := m.client.Do(ctx, http.MethodPost, path, body, &done); err != nil {
			return gone(err)
		}
		if done.TimedOut || len(done.Failures) > 0 {
			return fmt.Errorf("elasticsearch: deleting from %s what is before %s: %w: timed out: %t, %d failures",
				name, BoundText(limit), store.ErrUnavailable, done.TimedOut, len(done.Failures))
		}
		if done.Deleted == 0 {
			return nil
		}
	}
}
