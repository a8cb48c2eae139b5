package handlers

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

func TestUnhandled(t *testing.T) {
	// As Caddy's last handler does when nothing has answered.
	nobody := caddyhttp.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) error {
		caddyhttp.SetVar(r.Context(), "unhandled", true)
		return nil
	})
	somebody := caddyhttp.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) error {
		w.WriteHeader(http.StatusAccepted)
		return nil
	})
	for _, test := range []struct {
		method string
		next   caddyhttp.Handler
		status int
		result bool // that the body is one that sensors understand
	}{
		{http.MethodPost, nobody, http.StatusNotFound, true},
		{http.MethodPut, nobody, http.StatusNotFound, true},
		{http.MethodGet, nobody, http.StatusNotFound, false},
		{http.MethodPost, somebody, http.StatusAccepted, false},
		{http.MethodGet, somebody, http.StatusAccepted, false},
	} {
		w, r := httptest.NewRecorder(), caddyhttp.PrepareRequest(httptest.NewRequest(test.method, "/mistyped", nil), caddy.NewReplacer(), nil, new(caddyhttp.Server))
		if err := new(Unhandled).ServeHTTP(w, r, test.next); err != nil {
			t.Fatal(err)
		}
		if w.Code != test.status || strings.Contains(w.Body.String(), "<StatusCode>ERROR</StatusCode>") != test.result {
			t.Errorf("%s: %d %s", test.method, w.Code, w.Body)
		}
	}
}
