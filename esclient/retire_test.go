package esclient

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/esclient/cluster"
	"github.com/peba-edge/peba/esclient/index"
	"github.com/peba-edge/peba/store"
)

// retireStep is how many documents one request deletes.
const retireStep = 5000

// indicesOf lists the indices that begin as those of alerts do.
func indicesOf(tb testing.TB, s *esStore) (names []string) {
	tb.Helper()
	var list []struct{ Index string }
	must(tb, s.client.Do(tb.Context(), http.MethodGet, "/_cat/indices/"+s.names.Alerts+"-*?h=index&s=index&format=json", nil, &list))
	for _, one := range list {
		names = append(names, strings.TrimPrefix(one.Index, s.names.Alerts+"-"))
	}
	return names
}

func TestRetireIndices(t *testing.T) {
	s := openTest(t, store.Options{})
	ctx := t.Context()
	for day := range 4 {
		putNow(t, s, []alert.Record{plain(fmt.Sprint(day), day*24*3600)}) // 20 to 23 November
	}
	late := plain("late", 3*24*3600)
	late.CreateTime = alert.At(at)
	putNow(t, s, []alert.Record{late})
	for _, other := range []string{"-2018.04.24-old", "-old", "-notifications"} { // not ours to delete
		must(t, s.client.Do(ctx, http.MethodPut, "/"+s.names.Alerts+other, nil, nil))
		write(t, s, s.names.Alerts+other, "", plain("", -1000).Document)
	}
	must(t, s.client.Do(ctx, http.MethodPut, "/"+s.names.Alerts+"-2018.04.24-1", nil, nil)) // empty

	must(t, s.Retire(ctx, at.Add(2*24*time.Hour)))
	today := time.Now().UTC().Format("2006.01.02") + "-1"
	want := []string{"2018.04.24-old", "2026.11.20-1", "2026.11.22-1", "2026.11.23-1", today, "notifications", "old"}
	if got := indicesOf(t, s); !reflect.DeepEqual(got, want) {
		t.Errorf("indices are %q, want %q", got, want)
	}
	settle(t, s)
	docs, err := s.Newest(ctx, store.Filter{From: at}, 10)
	must(t, err)
	var ids []string
	for _, d := range docs {
		ids = append(ids, d.ID)
	}
	if want := []string{"late", "3", "2"}; !reflect.DeepEqual(ids, want) && !reflect.DeepEqual(ids, []string{"3", "late", "2"}) {
		t.Errorf("alerts are %q, want %q", ids, want)
	}
}

// TestRetireManySteps deletes more than one request does.
func TestRetireManySteps(t *testing.T) {
	s := openTest(t, store.Options{})
	records := make([]alert.Record, 2*retireStep+1)
	for i := range records {
		records[i] = plain(fmt.Sprint(i), i%3600)
	}
	records[0].RecievedTime = alert.At(at.Add(26 * time.Hour))
	putNow(t, s, records)
	must(t, s.Retire(t.Context(), at.Add(time.Hour)))
	settle(t, s)
	if n, err := s.Count(t.Context(), store.Filter{}); err != nil || n != 1 {
		t.Errorf("%d alerts are left, %v, want 1", n, err)
	}
}

// TestRetireWhole leaves a large index alone that can be dropped whole within a day.
func TestRetireWhole(t *testing.T) {
	s := openTest(t, store.Options{})
	records := make([]alert.Record, retireStep+1)
	for i := range records {
		records[i] = plain(fmt.Sprint(i), i%3600)
	}
	putNow(t, s, records)
	for _, step := range []struct {
		after time.Duration
		left  int64
	}{{time.Minute, retireStep + 1}, {2 * time.Hour, 0}} {
		must(t, s.Retire(t.Context(), at.Add(step.after)))
		settle(t, s)
		if n, err := s.Count(t.Context(), store.Filter{}); err != nil || n != step.left {
			t.Errorf("%v after the first %d alerts are left, %v, want %d", step.after, n, err, step.left)
		}
	}
}

// TestRetireLateAlert has an alert come into an index after it was found to be old.
func TestRetireLateAlert(t *testing.T) {
	m := newModule(t, server(t).URL())
	s := openModule(t, m, store.Options{})
	ctx := t.Context()
	putNow(t, s, []alert.Record{plain("old", 0)})
	late := plain("late", 3600)
	late.CreateTime = plain("", 0).CreateTime
	putNow(t, s, []alert.Record{late})
	index := s.names.Of(&late.Document)
	must(t, s.client.Do(ctx, http.MethodPost, "/"+index+"/_delete_by_query?refresh=true", object{"query": object{"ids": object{"values": []string{"late"}}}}, nil))
	racing := manageBetween(t, m, index+"/_block/write", func() { write(t, s, index, "late", late.Document) })
	must(t, racing.Retire(ctx, at.Add(time.Minute)))
	again := late
	again.ID = "later"
	putNow(t, s, []alert.Record{again}) // the block is gone

	// So it is when an edge ended between block and drop.
	must(t, s.client.Do(ctx, http.MethodPut, "/"+index+"/_block/write", nil, nil))
	again.ID = "latest"
	must(t, s.Put(ctx, []alert.Record{again})) // waits in the spool
	if err := s.Retire(ctx, at.Add(time.Minute)); err == nil {
		t.Error("nothing was said of the block")
	}
	settle(t, s)
	must(t, s.Retire(ctx, at.Add(time.Minute)))
	settle(t, s)
	if n, err := s.Count(ctx, store.Filter{}); err != nil || n != 3 {
		t.Errorf("%d alerts are left, %v, want 3", n, err)
	}
}

// manageBetween returns a manager of whose requests the first one to that path is sent
// after the given call.
func manageBetween(tb testing.TB, m *Module, path string, before func()) *index.Manager {
	o := m.cluster()
	var once sync.Once
	o.Wrap = func(t http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			if strings.HasSuffix(r.URL.Path, path) {
				once.Do(before)
			}
			return t.RoundTrip(r)
		})
	}
	c, err := cluster.New(o)
	must(tb, err)
	tb.Cleanup(c.Close)
	return managerOf(tb, m, c, nil)
}

type roundTripper func(*http.Request) (*http.Response, error)

// RoundTrip implements http.RoundTripper.
func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestRetireWrongClock retires nothing by a clock that is wrong.
func TestRetireWrongClock(t *testing.T) {
	m := newModule(t, server(t).URL())
	s := openModule(t, m, store.Options{})
	putNow(t, s, []alert.Record{plain("1", 0)})
	for _, wrong := range []time.Duration{-6 * time.Minute, 6 * time.Minute, 24 * 365 * time.Hour} {
		edge := withClock(t, m, s, wrong)
		err := edge.Retire(t.Context(), at.Add(time.Hour))
		if err == nil || !strings.Contains(err.Error(), "this edge's clock shows") || !strings.Contains(err.Error(), `node "n1"`) {
			t.Errorf("with a clock wrong by %v the error is %v", wrong, err)
		}
		if f := finding(t, edge, "clocks"); f.OK {
			t.Errorf("with a clock wrong by %v the finding is %+v", wrong, f)
		}
	}
	settle(t, s)
	if n, err := s.Count(t.Context(), store.Filter{}); err != nil || n != 1 {
		t.Errorf("%d alerts are left, %v, want 1", n, err)
	}
	must(t, withClock(t, m, s, 4*time.Minute).Retire(t.Context(), at.Add(time.Hour)))
}

// withClock is the store as an edge sees it whose clock is wrong.
func withClock(tb testing.TB, m *Module, s *esStore, wrong time.Duration) *esStore {
	now := func() time.Time { return time.Now().Add(wrong) }
	return &esStore{client: s.client, names: s.names, indices: managerOf(tb, m, s.client, now), logger: s.logger, out: s.out, now: now}
}

// TestRetirePayloads deletes payloads that were not seen since.
func TestRetirePayloads(t *testing.T) {
	s := openTest(t, store.Options{})
	ctx := context.Background()
	for id, seen := range map[string]time.Time{"old": at.Add(-time.Second), "new": at} {
		write(t, s, s.names.Payloads, id, object{"hash": id, "hashfuzzyhttp": id, "lastSeen": alert.At(seen), "content": "AAE=", "data": "store"})
	}
	must(t, s.Retire(ctx, at))
	if _, err := store.Get[store.Payload](ctx, s, "old"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the old payload: %v", err)
	}
	if p, err := store.Get[store.Payload](ctx, s, "new"); err != nil || string(p.Data) != "\x00\x01" {
		t.Errorf("the new payload: %+v, %v", p, err)
	}
}
