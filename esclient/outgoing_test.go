package esclient

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/esclient/fakecluster"
)

// openOutgoingTest opens a spool of its own, of which no store has a part.
func openOutgoingTest(t *testing.T, m *Module) *outgoing {
	t.Helper()
	o, err := newOutgoing(t.Context(), m.Spool.Path, m)
	must(t, err)
	t.Cleanup(func() { must(t, o.Destruct()) })
	return o
}

func numbered(id string) []alert.Record {
	return []alert.Record{{Document: alert.Document{ID: id, CreateTime: alert.At(time.Now())}}}
}

// TestSenderGoesByTheConfigurationThatStays has a reload that comes about, to a
// cluster that is not there, one that does not, and the end.
func TestSenderGoesByTheConfigurationThatStays(t *testing.T) {
	cluster := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Elastic-Product", "Elasticsearch")
		_, _ = w.Write([]byte("{}"))
	}))
	t.Cleanup(cluster.Close)
	m := newModule(t, cluster.URL)
	c := clientOf(t, m)
	o := openOutgoingTest(t, m)
	ready := &esStore{client: c, ready: make(chan struct{})}
	close(ready.ready)
	never := &esStore{client: c, ready: make(chan struct{})}
	must(t, o.join(m, ready))
	must(t, o.join(m, never))
	wantCurrent := func(want *esStore) {
		t.Helper()
		if got, _ := o.current(); got != want {
			t.Errorf("the sender goes by store %p, want %p of %p and %p", got, want, ready, never)
		}
	}
	wantCurrent(ready)
	_, _, err := o.post(t.Context(), "/_bulk", []byte("{}\n"))
	must(t, err)
	o.yield(ready)
	wantCurrent(never)

	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	answered := make(chan error)
	go func() {
		_, _, err := o.post(ctx, "/_bulk", []byte("{}\n"))
		answered <- err
	}()
	select {
	case err := <-answered:
		t.Fatalf("the sender did not wait for the store that stays: %v", err)
	case <-time.After(50 * time.Millisecond): // it waits by now
	}
	o.yield(never)
	wantCurrent(never) // all go: the process ends
	must(t, o.leave(never))
	must(t, <-answered)
	wantCurrent(ready)
	must(t, o.leave(ready))
	wantCurrent(nil)
}

// TestDamageMakesAlertsUnknown has the file of an alert removed. When the sensor
// sends it again it must be taken.
func TestDamageMakesAlertsUnknown(t *testing.T) {
	o := openOutgoingTest(t, newModule(t, "http://127.0.0.1:1"))
	must(t, o.put(t.Context(), numbered("a")))
	if len(o.seen.unknown(numbered("a"))) > 0 {
		t.Fatal("an alert in the spool is not remembered")
	}
	files, err := filepath.Glob(filepath.Join(o.path, "*.spool*"))
	must(t, err)
	for _, file := range files {
		if filepath.Base(file) != "spool.lock" {
			must(t, os.Remove(file))
		}
	}
	must(t, o.put(t.Context(), numbered("b"))) // finds it, and leaves the rest to the spool
	for deadline := time.Now().Add(10 * time.Second); len(o.seen.unknown(numbered("a"))) == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("an alert that may be lost is taken for one that is in the spool")
		}
	}
}

// TestAnotherClusterKnowsNothing has a reload with the same nodes, and one with others:
// these get what the first one has.
func TestAnotherClusterKnowsNothing(t *testing.T) {
	one, two := fakecluster.Start(t), fakecluster.Start(t)
	m := newModule(t, one.URL)
	o := openOutgoingTest(t, m)
	var last *esStore
	join := func(url string) {
		t.Helper()
		other := *m
		other.URLs, other.urls = []string{url}, nil
		must(t, other.Provision(caddyContext(t)))
		s := bareStore(t, &other)
		s.ready = make(chan struct{})
		close(s.ready)
		must(t, o.join(&other, s))
		if last != nil {
			o.yield(last)
		}
		last = s
	}
	put := func(id string) {
		t.Helper()
		r := plain(id, 1)
		r.VulnID = "CVE-2021-44228"
		must(t, o.put(t.Context(), []alert.Record{r}))
		must(t, o.spool.WaitEmpty(t.Context()))
	}
	join(one.URL)
	put("a")
	one.Fail(func() { delete(one.Documents, m.Index.CVEs) })
	join(one.URL)
	put("b")
	if len(o.seen.unknown(numbered("a"))) > 0 || one.IDs(m.Index.CVEs)["CVE-2021-44228"] {
		t.Error("a reload forgets what is in the cluster")
	}
	join(two.URL)
	if len(o.seen.unknown(numbered("a"))) == 0 {
		t.Error("an alert of one cluster is taken to be in another")
	}
	put("c")
	if !two.IDs(m.Index.CVEs)["CVE-2021-44228"] {
		t.Error("a CVE of one cluster is taken to be in another")
	}
}
