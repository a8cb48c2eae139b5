package esclient

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
)

// partsOf returns the parts that are degraded.
func partsOf(t *testing.T, o *outgoing) (parts []string) {
	t.Helper()
	for _, p := range o.degraded(time.Now()) {
		if p.Err == nil || p.Error() == "" {
			t.Errorf("%q has no detail", p.Part)
		}
		parts = append(parts, p.Part)
	}
	return parts
}

// TestDegraded has a cluster reject what is sent to it, in each way: messages are
// still taken, and that they wait is reported until they are stored.
func TestDegraded(t *testing.T) {
	status := func(code int, body string) func(c *fakeCluster) {
		return func(c *fakeCluster) {
			c.refuse = func(w http.ResponseWriter, _ *http.Request, _ []byte) bool {
				w.WriteHeader(code)
				_, _ = w.Write([]byte(body))
				return true
			}
		}
	}
	item := func(code int, kind string) func(c *fakeCluster) {
		return func(c *fakeCluster) {
			c.item = func(string, string, string, []byte) (int, string, string) { return code, kind, "10.0.0.1: <b>" }
		}
	}
	for name, test := range map[string]struct {
		part string
		fail func(c *fakeCluster)
	}{
		"401":                      {partRejects, status(http.StatusUnauthorized, securityError)},
		"403":                      {partRejects, status(http.StatusForbidden, securityError)},
		"429":                      {partTakes, status(http.StatusTooManyRequests, rejectedError)},
		"503":                      {partTakes, status(http.StatusServiceUnavailable, `{"error":{"type":"x","reason":"y"}}`)},
		"no master":                {partRejects, status(http.StatusServiceUnavailable, blockError)},
		"a page of a proxy":        {partTakes, status(http.StatusOK, "<html>")},
		"429 of each document":     {partTakes, item(http.StatusTooManyRequests, "es_rejected_execution_exception")},
		"503 of each document":     {partTakes, item(http.StatusServiceUnavailable, "unavailable_shards_exception")},
		"flood stage":              {partBlocked, item(http.StatusTooManyRequests, "cluster_block_exception")},
		"an index that is blocked": {partBlocked, item(http.StatusForbidden, "cluster_block_exception")},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.sender.create = nil
			o := openOutgoingTest(t, newModule(t, r.cluster.URL))
			o.stop()
			o.sending.Wait()
			o.sender = r.sender
			if parts := partsOf(t, o); len(parts) > 0 {
				t.Errorf("at the start: %q", parts)
			}
			r.cluster.fail(func() { test.fail(r.cluster) })
			r.put(testAlerts(3)...)
			r.start()
			for len(partsOf(t, o)) == 0 {
				r.cluster.waitRequest()
			}
			if parts := partsOf(t, o); len(parts) != 1 || parts[0] != test.part {
				t.Errorf("it reports %q, want %q", parts, test.part)
			}
			if err := o.ping(); err != nil {
				t.Errorf("messages are taken, but ping says %v", err)
			}
			r.cluster.fail(func() { r.cluster.refuse, r.cluster.item = nil, nil })
			r.deliver()
			if parts := partsOf(t, o); len(parts) > 0 {
				t.Errorf("in the end: %q", parts)
			}
			if n := r.log.FilterMessageSnippet("again").Len(); n != 1 {
				t.Errorf("the log says %d times that alerts are taken again: %v", n, r.log.All())
			}
		})
	}
}

// TestDegradedParts wants no detail in what strangers read, and an end of it.
func TestDegradedParts(t *testing.T) {
	s := bareStore(t, newModule(t, "http://127.0.0.1:9"))
	s.out = openOutgoingTest(t, newModule(t, "http://127.0.0.1:9"))
	if parts := s.Degraded(); len(parts) > 0 {
		t.Errorf("at the start: %v", parts)
	}
	s.troubles.Store(&troubles{layout: errors.New("http://10.0.0.1: x"), clocks: errors.New("node n1")})
	s.schema.faults.Store(&[]fault{{index: "ews-1", field: "country", got: "text", want: "keyword"}})
	parts := s.Degraded()
	if len(parts) != 3 {
		t.Errorf("parts are %v, want 3", parts)
	}
	for _, p := range parts {
		if strings.ContainsAny(p.Part, "0123456789/_") {
			t.Errorf("%q is not for strangers", p.Part)
		}
	}
	if s.unanswerable() != nil {
		t.Error("a wrong country is taken for a reason to answer nothing")
	}
	s.schema.faults.Store(&[]fault{{index: "ews-1", field: "recievedTime", got: "text", want: "date"}})
	if err := s.unanswerable(); !errors.Is(err, store.ErrUnavailable) || len(s.Degraded()) != 2 {
		t.Errorf("of texts instead of times it says %v, and is degraded: %v", err, s.Degraded())
	}
}

// TestDegradedWaiting has messages wait for longer than usual.
func TestDegradedWaiting(t *testing.T) {
	m := newModule(t, "http://127.0.0.1:9")
	o := openOutgoingTest(t, m)
	must(t, o.put(t.Context(), []alert.Record{testAlert(0)}))
	if parts := o.degraded(time.Now().Add(slowSpool / 2)); len(parts) > 0 {
		t.Errorf("parts are %v", parts)
	}
	parts := o.degraded(time.Now().Add(2 * slowSpool))
	if len(parts) != 1 || parts[0].Part != partWaiting {
		t.Errorf("parts are %v, want %q", parts, partWaiting)
	}
}
