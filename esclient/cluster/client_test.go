package cluster

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/peba-edge/peba/store"
)

// fake starts an HTTP server that says it is Elasticsearch.
func fake(t *testing.T, answer http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(asElasticsearch(answer))
	t.Cleanup(s.Close)
	return s
}

func asElasticsearch(answer http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Elastic-Product", "Elasticsearch")
		answer(w, r)
	}
}

func clientOf(t *testing.T, o Options, urls ...string) *Client {
	t.Helper()
	o.Timeout = time.Minute
	for _, text := range urls {
		u, err := url.Parse(text)
		must(t, err)
		o.URLs = append(o.URLs, u)
	}
	c, err := New(o)
	must(t, err)
	t.Cleanup(c.Close)
	return c
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

type object = map[string]any

// TestNodes asks nodes in turn, and goes on to the next where that is safe.
func TestNodes(t *testing.T) {
	var asked []string
	node := func(name string) *httptest.Server {
		return fake(t, func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			asked = append(asked, name+" "+r.URL.Path+" "+string(body))
			fmt.Fprint(w, `{}`)
		})
	}
	a, b := node("a"), node("b")
	c := clientOf(t, Options{}, a.URL, b.URL+"/prefix/")
	do := func(method string) error { return c.Do(t.Context(), method, "/x%2Fy/_doc", object{"k": 1}, nil) }
	for range 4 {
		must(t, do(http.MethodGet))
	}
	if got, want := strings.Join(asked, ", "), `a /x/y/_doc {"k":1}, b /prefix/x/y/_doc {"k":1}, a /x/y/_doc {"k":1}, b /prefix/x/y/_doc {"k":1}`; got != want {
		t.Errorf("asked were %s, want %s", got, want)
	}
	a.Close()
	asked = nil
	for range 4 {
		must(t, do(http.MethodPost)) // the request cannot have been seen by a
	}
	if len(asked) != 4 || asked[0] != `b /prefix/x/y/_doc {"k":1}` {
		t.Errorf("with a away, asked were %q", asked)
	}
	b.Close()
	err := do(http.MethodGet)
	if !errors.Is(err, store.ErrUnavailable) || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("with all away: %v", err)
	}
}

// TestNotSentTwice breaks connections once the request is there: what writes may
// have been done, and is not sent to another node.
func TestNotSentTwice(t *testing.T) {
	var requests atomic.Int32
	broken := func() *httptest.Server {
		return fake(t, func(http.ResponseWriter, *http.Request) { requests.Add(1); panic(http.ErrAbortHandler) })
	}
	c := clientOf(t, Options{}, broken().URL, broken().URL)
	if err := c.Do(t.Context(), http.MethodPost, "/_bulk", object{}, nil); !errors.Is(err, store.ErrUnavailable) || requests.Load() != 1 {
		t.Errorf("a POST was sent %d times: %v", requests.Load(), err)
	}
	requests.Store(0)
	if err := c.Do(t.Context(), http.MethodGet, "/_search", object{}, nil); !errors.Is(err, store.ErrUnavailable) || requests.Load() < 2 {
		t.Errorf("a GET was sent %d times: %v", requests.Load(), err)
	}
}

func TestFailures(t *testing.T) {
	var status int
	var text string
	s := fake(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		fmt.Fprint(w, text)
	})
	c := clientOf(t, Options{}, s.URL)
	tests := []struct {
		status      int
		text        string
		unavailable bool
		want        string
	}{
		{503, `{"error":{"type":"search_phase_execution_exception","reason":"all shards failed","failed_shards":[{"reason":{"type":"t","reason":"the cause"}}]}}`, true, "status 503: search_phase_execution_exception: all shards failed: t: the cause"},
		{429, `{"error":{"type":"o","reason":"r","root_cause":[{"type":"es_rejected_execution_exception","reason":"queue full"}]}}`, true, "queue full"},
		{403, `{"error":{"type":"cluster_block_exception","reason":"index [x] blocked by"}}`, true, "cluster_block_exception"},
		{403, `{"error":"a text"}`, true, "status 403: a text"},
		{401, `{"error":{"type":"security_exception","reason":"missing credentials"},"status":401}`, true, "missing credentials"},
		{400, `{"error":{"type":"o","reason":"r","caused_by":{"type":"i","reason":"deeper"}}}`, false, "deeper"},
		{404, `{"found":false}`, false, "status 404"},
		{502, "<html>\x1b[31mBad gateway\xff", true, "<html>\ufffd[31mBad gateway\ufffd"},
		{200, `no JSON`, true, "invalid character"},
	}
	for _, test := range tests {
		status, text = test.status, test.text
		var into struct{}
		err := c.Do(t.Context(), http.MethodGet, "/x", nil, &into)
		if err == nil || errors.Is(err, store.ErrUnavailable) != test.unavailable || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%d %s: %v, want one with %q, unavailable: %t", test.status, test.text, err, test.want, test.unavailable)
		}
	}
	status, text = 500, "oops"
	if got, answer, err := c.Post(t.Context(), "/_bulk", []byte("{}\n")); got != 500 || string(answer) != "oops" || err != nil {
		t.Errorf("post: %d %q %v", got, answer, err)
	}
}

func TestTimeout(t *testing.T) {
	done := make(chan struct{})
	s := fake(t, func(http.ResponseWriter, *http.Request) { <-done })
	t.Cleanup(func() { close(done) }) // before the server's
	c := clientOf(t, Options{}, s.URL)
	c.timeout = 50 * time.Millisecond
	err := c.Do(t.Context(), http.MethodGet, "/x", nil, nil)
	if !errors.Is(err, store.ErrUnavailable) || !strings.Contains(err.Error(), "no answer within 50ms") {
		t.Errorf("time-out: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Do(ctx, http.MethodGet, "/x", nil, nil); !errors.Is(err, context.Canceled) || errors.Is(err, store.ErrUnavailable) {
		t.Errorf("a context that ended: %v", err)
	}
}

// TestCredentials sends them by TLS, to a server that its CA is trusted from.
func TestCredentials(t *testing.T) {
	var header string
	s := httptest.NewTLSServer(asElasticsearch(func(w http.ResponseWriter, r *http.Request) {
		header = r.Header.Get("Authorization")
		_ = json.NewEncoder(w).Encode(object{})
	}))
	t.Cleanup(s.Close)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	must(t, os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600))
	for want, o := range map[string]Options{
		"Basic dTpw":  {CA: ca, User: "u", Password: "p"},
		"APIKey a2V5": {CA: ca, APIKey: "a2V5"},
		"":            {CA: ca},
	} {
		must(t, clientOf(t, o, s.URL).Do(t.Context(), http.MethodGet, "/", nil, nil))
		if header != want {
			t.Errorf("Authorization is %q, want %q", header, want)
		}
	}
	stranger := clientOf(t, Options{}, s.URL)
	if err := stranger.Do(t.Context(), http.MethodGet, "/", nil, nil); !errors.Is(err, store.ErrUnavailable) || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("without the CA: %v", err)
	}
	for option, o := range map[string]Options{
		"ca":                 {CA: ca + ".none"},
		"no certificate":     {CA: "client_test.go"},
		"client_certificate": {ClientCertificate: ca, ClientKey: ca},
	} {
		if _, err := New(o); err == nil || !strings.Contains(err.Error(), option) {
			t.Errorf("%s: %v", option, err)
		}
	}
}
