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
	c, err := newClient(m)
	must(t, err)
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
	_, _, err = o.post(t.Context(), "/_bulk", []byte("{}\n"))
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
	if len(o.recent.unknown(numbered("a"))) > 0 {
		t.Fatal("an alert in the spool is not remembered")
	}
	files, err := filepath.Glob(filepath.Join(o.path, "*.spool*"))
	must(t, err)
	for _, file := range files {
		if filepath.Base(file) != "spool.lock" {
			must(t, os.Remove(file))
		}
	}
	must(t, o.put(t.Context(), numbered("b"))) // finds it
	if len(o.recent.unknown(numbered("a"))) == 0 {
		t.Error("an alert that may be lost is taken for one that is in the spool")
	}
}

// TestAnotherClusterKnowsNothing has a reload with other nodes.
func TestAnotherClusterKnowsNothing(t *testing.T) {
	m := newModule(t, "http://127.0.0.1:1")
	o := openOutgoingTest(t, m)
	var last *esStore
	join := func(m *Module) {
		t.Helper()
		s := &esStore{ready: make(chan struct{})}
		must(t, o.join(m, s))
		if last != nil {
			o.yield(last)
		}
		last = s
	}
	join(m)
	o.recent.remember(numbered("a"))
	o.sender.known.add("CVE-2021-44228")
	join(m)
	if !o.sender.known.has("CVE-2021-44228") || len(o.recent.unknown(numbered("a"))) > 0 {
		t.Error("a reload forgets what is in the cluster")
	}
	other := *m
	other.URLs = []string{"http://127.0.0.1:2"}
	join(&other)
	if o.sender.known.has("CVE-2021-44228") || len(o.recent.unknown(numbered("a"))) == 0 {
		t.Error("what one cluster has is taken to be in another")
	}
}
