package esclient

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/esclient/fakecluster"
	"github.com/peba-edge/peba/esclient/index"
	"github.com/peba-edge/peba/esclient/sender"
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
	status := func(code int, body string) func(c *fakecluster.Cluster) {
		return func(c *fakecluster.Cluster) {
			c.Refuse = func(w http.ResponseWriter, _ *http.Request, _ []byte) bool {
				w.WriteHeader(code)
				_, _ = w.Write([]byte(body))
				return true
			}
		}
	}
	item := func(code int, kind string) func(c *fakecluster.Cluster) {
		return func(c *fakecluster.Cluster) {
			c.Item = func(string, string, string, []byte) (int, string, string) { return code, kind, "10.0.0.1: <b>" }
		}
	}
	for name, test := range map[string]struct {
		part string
		fail func(c *fakecluster.Cluster)
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
			c := fakecluster.Start(t)
			o := openOutgoingTest(t, newModule(t, c.URL))
			core, log := observer.New(zapcore.InfoLevel)
			start := quickSender(o, c, zap.New(core))
			if parts := partsOf(t, o); len(parts) > 0 {
				t.Errorf("at the start: %q", parts)
			}
			c.Fail(func() { test.fail(c) })
			must(t, o.put(t.Context(), []alert.Record{plain("1", 1), plain("2", 2), plain("3", 3)}))
			start()
			for len(partsOf(t, o)) == 0 {
				c.WaitRequest()
			}
			if parts := partsOf(t, o); len(parts) != 1 || parts[0] != test.part {
				t.Errorf("it reports %q, want %q", parts, test.part)
			}
			if err := o.ping(); err != nil {
				t.Errorf("messages are taken, but ping says %v", err)
			}
			c.Fail(func() { c.Refuse, c.Item = nil, nil })
			must(t, o.spool.WaitEmpty(t.Context()))
			if parts := partsOf(t, o); len(parts) > 0 {
				t.Errorf("in the end: %q", parts)
			}
			if n := log.FilterMessageSnippet("again").Len(); n != 1 {
				t.Errorf("the log says %d times that alerts are taken again: %v", n, log.All())
			}
		})
	}
}

// quickSender gives o a sender that posts to c and does not wait for long after a
// failure. It is started by what is returned.
func quickSender(o *outgoing, c *fakecluster.Cluster, log *zap.Logger) (start func()) {
	o.stop()
	o.sending.Wait()
	o.sender = sender.New(o.spool, c.Post, o.dead, sender.Options{Log: log, Wait: time.Millisecond, MaxWait: 20 * time.Millisecond})
	running, stop := context.WithCancel(context.Background())
	o.stop = stop
	return func() { o.sending.Go(func() { o.sender.Run(running) }) }
}

// The errors of a cluster that rejects requests.
const (
	securityError = `{"error":{"type":"security_exception","reason":"missing authentication credentials"},"status":401}`
	blockError    = `{"error":{"type":"cluster_block_exception","reason":"blocked by: [SERVICE_UNAVAILABLE/2/no master]"},"status":503}`
	rejectedError = `{"error":{"type":"es_rejected_execution_exception","reason":"rejected execution of coordinating operation"},"status":429}`
)

// TestDegradedParts wants no detail in what strangers read, and an end of it.
func TestDegradedParts(t *testing.T) {
	if parts := upkeepParts(nil, nil); len(parts) > 0 {
		t.Errorf("at the start: %v", parts)
	}
	met := &troubles{layout: errors.New("http://10.0.0.1: x"), clocks: errors.New("node n1")}
	country := []index.Fault{{Index: "ews-1", Field: "country", Got: "text", Want: "keyword"}}
	parts := upkeepParts(met, country)
	if len(parts) != 3 {
		t.Errorf("parts are %v, want 3", parts)
	}
	for _, p := range parts {
		if strings.ContainsAny(p.Part, "0123456789/_") {
			t.Errorf("%q is not for strangers", p.Part)
		}
	}
	if unanswerable(country) != nil {
		t.Error("a wrong country is taken for a reason to answer nothing")
	}
	texts := []index.Fault{{Index: "ews-1", Field: "recievedTime", Got: "text", Want: "date"}}
	if err, parts := unanswerable(texts), upkeepParts(met, texts); !errors.Is(err, store.ErrUnavailable) || len(parts) != 2 {
		t.Errorf("of texts instead of times it says %v, and is degraded: %v", err, parts)
	}
}

// TestDegradedWaiting has messages wait for longer than usual.
func TestDegradedWaiting(t *testing.T) {
	m := newModule(t, "http://127.0.0.1:9")
	o := openOutgoingTest(t, m)
	must(t, o.put(t.Context(), []alert.Record{plain("1", 1)}))
	if parts := o.degraded(time.Now().Add(slowSpool / 2)); len(parts) > 0 {
		t.Errorf("parts are %v", parts)
	}
	parts := o.degraded(time.Now().Add(2 * slowSpool))
	if len(parts) != 1 || parts[0].Part != partWaiting {
		t.Errorf("parts are %v, want %q", parts, partWaiting)
	}
}
