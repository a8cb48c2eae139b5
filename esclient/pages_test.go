package esclient

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/esclient/cluster"
	"github.com/peba-edge/peba/esclient/index"
	"github.com/peba-edge/peba/store"
)

// at is when the alerts of these tests are received.
var at = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// plain returns an alert received so many seconds after at.
func plain(id string, seconds int) alert.Record {
	received := at.Add(time.Duration(seconds) * time.Second)
	return alert.Record{Document: alert.Document{
		ID: id, PeerIdent: "tanner-01", PeerType: "Webpage", ClientDomain: true, Hostname: "undefined", OriginalRequestString: "/",
		CreateTime: alert.At(received.Add(-time.Minute)), RecievedTime: alert.At(received),
		SourceEntryIP: "203.0.113.7", TargetEntryIP: "198.51.100.9", TargetEntryPort: "80", ExternalIP: "1.1.1.1", InternalIP: "1.1.1.1",
	}}
}

// TestPages asks for more than fits into one answer of Elasticsearch, of indices
// with several shards, in which documents share all that they are sorted by.
func TestPages(t *testing.T) {
	m := newModule(t, server(t).URL())
	m.Shards = 3
	s := openModule(t, m, store.Options{})
	ctx := t.Context()
	must(t, s.client.Do(ctx, "PUT", "/"+m.Index.Alerts+"-2018.04.24-1", legacyMapping("originalRequestString"), nil))
	const alerts, step = 24_000, 2000
	records := make([]alert.Record, 0, step)
	for n := range alerts {
		r := plain(fmt.Sprintf("%08d", n), n%3)
		if n%2 == 0 {
			r.OriginalRequestString = fmt.Sprintf("/unique/%d", n)
		}
		if records = append(records, r); len(records) == step {
			must(t, s.Put(ctx, records))
			records = records[:0]
		}
	}
	write(t, s, m.Index.Alerts+"-2018.04.24-1", "legacy", plain("legacy", 0).Document)
	settle(t, s)

	seen := make(map[string]bool)
	docs, err := s.Newest(ctx, store.Filter{}, 1<<20)
	must(t, err)
	for i, d := range docs {
		seen[d.ID] = true
		if i > 0 && d.RecievedTime.After(docs[i-1].RecievedTime.Time) {
			t.Fatalf("document %d is newer than the one before", i)
		}
	}
	if len(docs) != alerts+1 || len(seen) != len(docs) {
		t.Errorf("%d documents, %d different ones, want %d", len(docs), len(seen), alerts+1)
	}

	for _, by := range [][]store.Dimension{{store.Request}, {store.Request, store.PeerType}} {
		groups, err := s.Group(ctx, store.Filter{}, store.Grouping{By: by})
		must(t, err)
		if len(groups) != alerts/2+1 || groups[0].Key[0] != "/" || groups[0].Count != alerts/2+1 || groups[1].Key[0] != "/unique/0" || groups[1].Count != 1 {
			t.Errorf("by %v: %d groups, the first are %v", by, len(groups), groups[:2])
		}
	}
	top, err := s.Group(ctx, store.Filter{}, store.Grouping{By: []store.Dimension{store.Request}, Top: 2, Bucket: time.Second})
	must(t, err)
	count := func(key string, second int, n int64) store.Group {
		return store.Group{Key: []string{key}, Start: at.Add(time.Duration(second) * time.Second), Count: n}
	}
	want := []store.Group{count("/", 0, alerts/6+1), count("/", 1, alerts/6), count("/", 2, alerts/6), count("/unique/0", 0, 1)}
	if !reflect.DeepEqual(top, want) {
		t.Errorf("top is %v, want %v", top, want)
	}
}

// TestLargePages has documents of which few fit into one answer.
func TestLargePages(t *testing.T) {
	m := newModule(t, server(t).URL())
	s := openModule(t, m, store.Options{})
	o := m.cluster()
	o.MaxAnswer = 1 << 20
	small, err := cluster.New(o)
	must(t, err)
	reader := bareStoreBy(t, m, small)
	for n := range 20 {
		r := plain(fmt.Sprint(n), n)
		r.RawHTTP = string(make([]byte, 20_000)) // six times as much in JSON
		must(t, s.Put(t.Context(), []alert.Record{r}))
	}
	settle(t, s)
	docs, err := reader.Newest(t.Context(), store.Filter{}, 1000)
	must(t, err)
	for i, d := range docs {
		if d.ID != fmt.Sprint(19-i) || len(d.RawHTTP) != 20_000 {
			t.Errorf("document %d is %q with %d bytes", i, d.ID, len(d.RawHTTP))
		}
	}
	if len(docs) != 20 {
		t.Errorf("%d documents, want 20", len(docs))
	}
}

// TestSkipsIndices wants only the indices searched that a window touches.
func TestSkipsIndices(t *testing.T) {
	s := openTest(t, store.Options{})
	const days = 5
	for day := range days {
		must(t, s.Put(t.Context(), []alert.Record{plain(fmt.Sprint(day), day*24*3600)}))
	}
	settle(t, s)
	for _, field := range []string{"recievedTime", "createTime"} {
		query := object{"range": object{field: index.Window(at.Add(-time.Hour), at.Add(time.Hour))}}
		var a cluster.Answer
		must(t, s.reader.Find(t.Context(), s.names.Read(), object{"size": 0, "track_total_hits": true, "query": query}, &a))
		// One more is there: today's.
		if a.Hits.Total.Value != 1 || a.Shards.Total-a.Shards.Skipped != 1 || a.Shards.Total < days {
			t.Errorf("by %s: %d alerts, %d of %d shards skipped", field, a.Hits.Total.Value, a.Shards.Skipped, a.Shards.Total)
		}
	}
}
