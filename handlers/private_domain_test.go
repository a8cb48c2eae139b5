package handlers

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/peba-edge/peba/query"
)

// example is a request for a public question, with parameters that it takes.
func example(q *query.Question, ci string) *http.Request {
	r := httptest.NewRequest("GET", "/alert/"+q.Name, nil)
	values := r.URL.Query()
	for _, p := range q.Params {
		values.Set(p.Name, p.Example)
	}
	values.Set("ci", ci)
	r.URL.RawQuery = values.Encode()
	return r
}

// TestHiddenPrivateDomain asks every public question, and for the stream, whose alerts of
// private users the operator hides.
func TestHiddenPrivateDomain(t *testing.T) {
	ctx := newApp(t, fmt.Sprintf(`{"module":"sqlite","path":%q},"private_domain":"hidden"`, filepath.Join(t.TempDir(), "peba.db")))
	wantHidden := func(t *testing.T, got *httptest.ResponseRecorder) {
		t.Helper()
		if got.Code != http.StatusForbidden || got.Header().Get("Cache-Control") != "no-store" || got.Header().Get("WWW-Authenticate") != "" {
			t.Errorf("without a log-in: %d %v %s", got.Code, got.Header(), got.Body)
		}
	}
	for _, q := range query.All() {
		if q.Private {
			continue
		}
		t.Run(q.Name, func(t *testing.T) {
			h := &Query{Name: q.Name}
			for _, ci := range []string{"0", "-1"} {
				got := serve(t, ctx, example(q, ci), h)
				if q.CommunityOnly { // ci means nothing here
					if got.Code != http.StatusOK {
						t.Errorf("ci=%s: %d %s", ci, got.Code, got.Body)
					}
					continue
				}
				wantHidden(t, got)
				if !strings.Contains(got.Body.String(), "ci") {
					t.Errorf("the refusal does not name the parameter: %s", got.Body)
				}
				wantHidden(t, serve(t, ctx, withBasic(example(q, ci), "community", "its token"), h))
				if got := serve(t, ctx, withReader(example(q, ci)), h); got.Code != http.StatusOK || got.Header().Get("Cache-Control") != "private, no-store" {
					t.Errorf("a user asks with ci=%s: %d %v %s", ci, got.Code, got.Header(), got.Body)
				}
			}
			for _, ci := range []string{"1", "", "00", "x"} {
				if got := serve(t, ctx, withBasic(example(q, ci), "nobody", "wrong"), h); got.Code != http.StatusOK {
					t.Errorf("the community's with ci=%q: %d %s", ci, got.Code, got.Body)
				}
			}
		})
	}
	gone, cancel := context.WithCancel(t.Context()) // a stream that is opened has an end
	cancel()
	for _, method := range []string{"GET", "HEAD"} {
		wantHidden(t, serve(t, ctx, httptest.NewRequestWithContext(gone, method, "/alert/stream?ci=-1", nil), new(Stream)))
	}
	if got := serve(t, ctx, withReader(httptest.NewRequest("HEAD", "/alert/stream?ci=0", nil)), new(Stream)); got.Code != http.StatusOK {
		t.Errorf("a user's stream: %d %s", got.Code, got.Body)
	}
}

// TestPublicPrivateDomain is the default.
func TestPublicPrivateDomain(t *testing.T) {
	ctx := newApp(t, "")
	for _, q := range query.All() {
		if q.Private {
			continue
		}
		if got := serve(t, ctx, example(q, "0"), &Query{Name: q.Name}); got.Code != http.StatusOK {
			t.Errorf("%s: %d %s", q.Name, got.Code, got.Body)
		}
	}
}
