package esclient

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
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

func clientOf(t *testing.T, m *Module) *client {
	t.Helper()
	c, err := newClient(m)
	must(t, err)
	t.Cleanup(c.close)
	return c
}

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
	c := clientOf(t, newModule(t, a.URL, b.URL+"/prefix/"))
	do := func(method string) error { return c.do(t.Context(), method, "/x%2Fy/_doc", object{"k": 1}, nil) }
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
	c := clientOf(t, newModule(t, broken().URL, broken().URL))
	if err := c.do(t.Context(), http.MethodPost, "/_bulk", object{}, nil); !errors.Is(err, store.ErrUnavailable) || requests.Load() != 1 {
		t.Errorf("a POST was sent %d times: %v", requests.Load(), err)
	}
	requests.Store(0)
	if err := c.do(t.Context(), http.MethodGet, "/_search", object{}, nil); !errors.Is(err, store.ErrUnavailable) || requests.Load() < 2 {
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
	c := clientOf(t, newModule(t, s.URL))
	tests := []struct {
		status      int
		text        string
		unavailable bool
		want        string
	}{
		{503, `{"error":{"type":"search_phase_execution_exception","reason":"all shards failed","failed_shards":[{"reason":{"type":"t","reason":"the cause"}}]}}`, true, `status 503, t "the cause"`},
		{429, `{"error":{"type":"o","reason":"r","root_cause":[{"type":"es_rejected_execution_exception","reason":"queue full"}]}}`, true, "queue full"},
		{403, `{"error":{"type":"cluster_block_exception","reason":"index [x] blocked by"}}`, true, "cluster_block_exception"},
		{401, `{"error":{"type":"security_exception","reason":"missing credentials"},"status":401}`, true, "missing credentials"},
		{400, `{"error":{"type":"o","reason":"r","caused_by":{"type":"i","reason":"deeper"}}}`, false, "deeper"},
		{404, `{"found":false}`, false, "status 404"},
		{502, "<html>\x1b[31mBad gateway\xff", true, `\x1b[31mBad gateway`},
		{200, `no JSON`, true, "invalid character"},
	}
	for _, test := range tests {
		status, text = test.status, test.text
		var into struct{}
		err := c.do(t.Context(), http.MethodGet, "/x", nil, &into)
		if err == nil || errors.Is(err, store.ErrUnavailable) != test.unavailable || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%d %s: %v, want one with %q, unavailable: %t", test.status, test.text, err, test.want, test.unavailable)
		}
	}
	status, text = 500, "oops"
	if got, answer, err := c.post(t.Context(), "/_bulk", []byte("{}\n")); got != 500 || string(answer) != "oops" || err != nil {
		t.Errorf("post: %d %q %v", got, answer, err)
	}
}

// TestPartialAnswers takes no answer that some shards or some time are missing from,
// whatever asks. OpenSearch calls an answer good that lacks the shards which are
// just starting.
func TestPartialAnswers(t *testing.T) {
	var text string
	s := fake(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasSuffix(r.URL.Path, "/_search"):
			fmt.Fprint(w, text)
		case strings.HasPrefix(r.URL.Path, "/_cluster/state"):
			fmt.Fprint(w, `{"state_uuid":"1"}`)
		default:
			fmt.Fprint(w, "{}")
		}
	})
	st := bareStore(t, newModule(t, s.URL))
	ctx := t.Context()
	from := store.Filter{From: at, To: at.Add(time.Hour)}
	questions := map[string]func() error{
		"Count":  func() error { _, err := st.Count(ctx, from); return err },
		"Newest": func() error { _, err := st.Newest(ctx, from, 10); return err },
		"Group by terms": func() error {
			_, err := st.Group(ctx, from, store.Grouping{By: []store.Dimension{store.PeerType}})
			return err
		},
		"Group by pages": func() error {
			_, err := st.Group(ctx, from, store.Grouping{By: []store.Dimension{store.PeerType}, Bucket: time.Hour})
			return err
		},
		"Statistics": func() error { _, err := st.Statistics(ctx, at, at); return err },
		"Payload":    func() error { _, err := st.Payload(ctx, "md5"); return err },
		"CVEs":       func() error { _, err := st.CVEs(ctx); return err },
		"ListUsers":  func() error { _, err := st.ListUsers(ctx); return err },
		"Sensors":    func() error { return st.Sensors(ctx, true, 1, nil) },
		"retention":  func() error { _, err := st.ageOf(ctx, st.names.day(at), at); return err },
	}
	answers := map[string]string{
		"timed out":       `{"timed_out":true,"_shards":{"total":3,"successful":3},"hits":{"total":{"value":0}}}`,
		"a failed shard":  `{"_shards":{"total":3,"successful":2,"failed":1},"hits":{"total":{"value":0}}}`,
		"a missing shard": `{"_shards":{"total":3,"successful":2,"skipped":1,"failed":0},"hits":{"total":{"value":0}}}`,
	}
	for question, ask := range questions {
		for lack, answer := range answers {
			t.Run(question+", "+lack, func(t *testing.T) {
				text = answer
				if err := ask(); !errors.Is(err, store.ErrUnavailable) || !strings.Contains(err.Error(), "incomplete answer") {
					t.Errorf("error is %v, want ErrUnavailable", err)
				}
			})
		}
	}
	text = `{"_shards":{"total":3,"successful":3,"skipped":2},"hits":{"total":{"value":7}}}`
	if n, err := st.Count(ctx, from); n != 7 || err != nil {
		t.Errorf("of all shards: %d, %v", n, err)
	}
}

func TestTimeout(t *testing.T) {
	done := make(chan struct{})
	s := fake(t, func(http.ResponseWriter, *http.Request) { <-done })
	t.Cleanup(func() { close(done) }) // before the server's
	m := newModule(t, s.URL)
	c := clientOf(t, m)
	c.timeout = 50 * time.Millisecond
	err := c.do(t.Context(), http.MethodGet, "/x", nil, nil)
	if !errors.Is(err, store.ErrUnavailable) || !strings.Contains(err.Error(), "no answer within 50ms") {
		t.Errorf("time-out: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.do(ctx, http.MethodGet, "/x", nil, nil); !errors.Is(err, context.Canceled) || errors.Is(err, store.ErrUnavailable) {
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
	for want, m := range map[string]*Module{
		"Basic dTpw":  {URLs: []string{s.URL}, CA: ca, User: "u", Password: "p"},
		"APIKey a2V5": {URLs: []string{s.URL}, CA: ca, APIKey: "a2V5"},
		"":            {URLs: []string{s.URL}, CA: ca},
	} {
		must(t, m.Provision(caddyContext(t)))
		must(t, clientOf(t, m).do(t.Context(), http.MethodGet, "/", nil, nil))
		if header != want {
			t.Errorf("Authorization is %q, want %q", header, want)
		}
	}
	stranger := &Module{URLs: []string{s.URL}}
	must(t, stranger.Provision(caddyContext(t)))
	if err := clientOf(t, stranger).do(t.Context(), http.MethodGet, "/", nil, nil); !errors.Is(err, store.ErrUnavailable) || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("without the CA: %v", err)
	}
	for option, m := range map[string]*Module{
		"ca":                 {URLs: []string{s.URL}, CA: ca + ".none"},
		"no certificate":     {URLs: []string{s.URL}, CA: "client_test.go"},
		"client_certificate": {URLs: []string{s.URL}, ClientCertificate: ca, ClientKey: ca},
	} {
		must(t, m.Provision(caddyContext(t)))
		if _, err := newClient(m); err == nil || !strings.Contains(err.Error(), option) {
			t.Errorf("%s: %v", option, err)
		}
	}
}
