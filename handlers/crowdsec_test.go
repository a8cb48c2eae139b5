package handlers

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestCrowdSecPaths asks for what needs no feed, and for feeds without a valid key.
func TestCrowdSecPaths(t *testing.T) {
	ctx := newApp(t, "")
	const forbidden = `{"message":"access forbidden"}`
	for _, test := range []struct {
		method, path, key string
		status            int
		body              string
	}{
		{"GET", "/health", "", 200, `{"status":"up"}`},
		{"GET", "/v1/health", "", 200, `{"status":"up"}`},
		{"HEAD", "/health", "", 200, ""},
		{"POST", "/health", "", 405, `{"message":"must be GET, HEAD"}`},
		{"GET", "/v1/decisions", "", 403, forbidden},
		{"GET", "/v1/decisions", "wrong", 403, forbidden},
		{"HEAD", "/v1/decisions/stream", "wrong", 403, forbidden},
		{"GET", "/v1/decisions/stream?startup=true", "wrong", 403, forbidden},
		{"GET", "/blocklist/v1/decisions/stream", "wrong", 403, forbidden},
		{"GET", "/unknown/v1/decisions/stream", "wrong", 403, forbidden},
		{"POST", "/v1/usage-metrics", "wrong", 403, forbidden},
		{"GET", "/v1/usage-metrics", "", 405, `{"message":"must be POST"}`},
		{"POST", "/v1/decisions", "", 405, `{"message":"must be GET, HEAD"}`},
		{"OPTIONS", "/v1/decisions", "", 204, ""},
		{"GET", "/", "", 404, `{"message":"the local API for bouncers has no such path"}`},
		{"GET", "/v1/alerts", "", 404, `{"message":"the local API for bouncers has no such path"}`},
		{"GET", "/a/b/v1/decisions", "", 404, `{"message":"the local API for bouncers has no such path"}`},
	} {
		r := httptest.NewRequest(test.method, test.path, nil)
		if test.key != "" {
			r.Header.Set("X-Api-Key", test.key)
		}
		got := serve(t, ctx, r, new(CrowdSec))
		if got.Code != test.status || test.method != "HEAD" && got.Body.String() != test.body {
			t.Errorf("%s %s: got %d %s, expected %d %s", test.method, test.path, got.Code, got.Body, test.status, test.body)
		}
		if got.Header().Get("Cache-Control") != "no-store, no-transform" {
			t.Errorf("%s %s: Cache-Control is %q", test.method, test.path, got.Header().Get("Cache-Control"))
		}
	}
}

// newBouncer returns the handler of an app with feeds, and what sends it requests.
func newBouncer(t *testing.T) (h *CrowdSec, get func(method, target string, header http.Header) *httptest.ResponseRecorder) {
	t.Helper()
	site := newAttackedSite(t)
	h = new(CrowdSec)
	if err := h.Provision(site.ctx); err != nil {
		t.Fatal(err)
	}
	return h, func(method, target string, header http.Header) *httptest.ResponseRecorder {
		t.Helper()
		r := httptest.NewRequest(method, target, nil)
		for name, values := range header {
			r.Header[name] = values
		}
		w := httptest.NewRecorder()
		if err := h.ServeHTTP(w, r, nil); err != nil {
			t.Fatalf("the handler left an error to Caddy: %v", err)
		}
		return w
	}
}

// TestCrowdSecDecisions holds which feed a client gets, and the forms of answers.
func TestCrowdSecDecisions(t *testing.T) {
	_, get := newBouncer(t)
	basic := httptest.NewRequest("GET", "/", nil)
	basic.SetBasicAuth("anyone", tokenOfOne)
	for _, test := range []struct {
		method, target string
		header         http.Header
		status         int
		want           string
	}{
		{"GET", "/v1/decisions", apiKey(tokenOfAll), 200, `"scenario":"peba-blocklist"`},
		{"GET", "/other/v1/decisions", apiKey(tokenOfAll), 200, `"scenario":"peba-other"`},
		{"GET", "/v1/decisions", apiKey(tokenOfOne), 200, `"scenario":"peba-other"`},
		{"GET", "/v1/decisions", basic.Header, 200, `"scenario":"peba-other"`},
		{"GET", "/open/v1/decisions", apiKey(tokenOfOne), 200, `"scenario":"peba-open"`},
		{"GET", "/open/v1/decisions", nil, 403, `{"message":"access forbidden"}`},
		{"GET", "/blocklist/v1/decisions", apiKey(tokenOfOne), 404, `{"message":"there is no feed`},
		{"GET", "/unknown/v1/decisions", apiKey(tokenOfAll), 404, `{"message":"there is no feed`},
		{"GET", "/v1/decisions?ip=9.9.9.10", apiKey(tokenOfAll), 200, `"value":"9.9.9.10"}]`},
		{"GET", "/v1/decisions?origins=cscli", apiKey(tokenOfAll), 200, `"origin":"cscli"`},
		{"GET", "/v1/decisions?ip=x", apiKey(tokenOfAll), 400, `{"message":"ip: got`},
		{"POST", "/v1/usage-metrics", apiKey(tokenOfAll), 201, ""},
	} {
		header := http.Header{"Accept-Encoding": {"gzip, zstd"}}
		for name, values := range test.header {
			header[name] = values
		}
		got := get(test.method, test.target, header)
		if got.Code != test.status || !strings.Contains(got.Body.String(), test.want) || got.Header().Get("Content-Encoding") != "" {
			t.Errorf("%s %s: got %d %v %s, expected %d with %s", test.method, test.target, got.Code, got.Header(), got.Body, test.status, test.want)
		}
	}
	if got := get("GET", "/v1/decisions?ip=1.1.1.1", apiKey(tokenOfAll)); got.Body.String() != "null" || got.Header().Get("Content-Length") != "4" {
		t.Errorf("no ban: got %v %q", got.Header(), got.Body)
	}
	if got := get("HEAD", "/v1/decisions", apiKey(tokenOfAll)); got.Code != 200 || got.Body.Len() > 0 {
		t.Errorf("HEAD: got %d %q", got.Code, got.Body)
	}
}

// brokenWriter is the connection of a client that went away.
type brokenWriter struct{ http.ResponseWriter }

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

// TestCrowdSecCursor holds that a client's cursor moves with whole answers only.
func TestCrowdSecCursor(t *testing.T) {
	h, get := newBouncer(t)
	const path, none = "/v1/decisions/stream", `{"deleted":null,"new":null}`
	isAll := func(what string, w *httptest.ResponseRecorder) {
		t.Helper()
		if n := strings.Count(w.Body.String(), `"type":"ban"`); w.Code != 200 || n != 3 {
			t.Errorf("%s: got %d %s, expected all three", what, w.Code, w.Body)
		}
	}
	get("HEAD", path, apiKey(tokenOfAll))
	r := httptest.NewRequest("GET", path, nil)
	r.Header.Set("X-Api-Key", tokenOfAll)
	if err := h.ServeHTTP(brokenWriter{httptest.NewRecorder()}, r, nil); err != nil {
		t.Errorf("the handler left an error to Caddy: %v", err)
	}
	isAll("after HEAD and a lost answer", get("GET", path, apiKey(tokenOfAll)))
	if got := get("GET", path, apiKey(tokenOfAll)); got.Body.String() != none {
		t.Errorf("the next answer: got %s", got.Body)
	}
	isAll("another token", get("GET", path, apiKey(tokenOfOne)))
	isAll("another feed", get("GET", "/open"+path, apiKey(tokenOfAll)))
	if got := get("GET", path, apiKey(tokenOfAll)); got.Body.String() != none {
		t.Errorf("the first feed again: got %s", got.Body)
	}
	isAll("startup", get("GET", path+"?startup=true", apiKey(tokenOfAll)))
}
