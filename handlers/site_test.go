package handlers

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/peba-edge/peba/routes"
)

// TestSiteFindsPaths: a site finds what Caddy's own matchers of paths would find.
func TestSiteFindsPaths(t *testing.T) {
	site := new(Site)
	if err := site.Provision(newApp(t, "")); err != nil {
		t.Fatal(err)
	}
	next := caddyhttp.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) error {
		w.WriteHeader(http.StatusTeapot)
		return nil
	})
	for _, test := range []struct {
		method, path string
		status       int
		location     string
	}{
		{"GET", "/heartbeat", 200, ""},
		{"GET", "/heartbeat/", 200, ""},
		{"GET", "/HeartBeat", 200, ""},
		{"GET", "//heartbeat", 200, ""},
		{"GET", "/alert/../heartbeat", 200, ""},
		{"GET", "/alert/openapi.json", 200, ""},
		{"GET", "/alert/OPENAPI.json/", 200, ""},
		{"GET", "/alert/retrieveIPs", 405, ""}, // wants a log-in
		{"GET", "/alert/retrieveips", 405, ""},
		{"GET", routes.IngestPath, 405, ""},
		{"GET", "/alert/nothing", 404, ""},
		{"GET", "/ews-0.1/", 404, ""},
		{"GET", "/ALERT//nothing", 404, ""},
		{"GET", "/alert", http.StatusTeapot, ""},
		{"GET", "/", 302, "dashboard/"},
		{"POST", "/", http.StatusTeapot, ""},
		{"GET", "/dashboard", 302, "dashboard/"},
		{"GET", "/dashboard/", 200, ""},
		{"GET", "/Dashboard/icon.svg", 200, ""},
		{"GET", "/dashboard/nothing", 404, ""},
		{"GET", "/elsewhere", http.StatusTeapot, ""},
	} {
		t.Run(test.method+" "+test.path, func(t *testing.T) {
			w := httptest.NewRecorder()
			r := httptest.NewRequest(test.method, "/", strings.NewReader(""))
			r.URL.Path = test.path
			r = caddyhttp.PrepareRequest(r, caddy.NewReplacer(), w, new(caddyhttp.Server))
			if err := site.ServeHTTP(w, r, next); err != nil {
				t.Fatal(err)
			}
			if w.Code != test.status || w.Header().Get("Location") != test.location {
				t.Errorf("%d to %q, want %d to %q: %s", w.Code, w.Header().Get("Location"), test.status, test.location, w.Body)
			}
		})
	}
}

// TestSiteContains: what is left out of a site is not found in it.
func TestSiteContains(t *testing.T) {
	ctx := newApp(t, "")
	whole, reads := new(Site), &Site{Without: []string{"ingest"}}
	if err := errors.Join(whole.Provision(ctx), reads.Provision(ctx)); err != nil {
		t.Fatal(err)
	}
	if !whole.Contains("http.handlers.peba_ingest") || !reads.Contains("http.handlers.peba_") || reads.Contains("http.handlers.peba_ingest") {
		t.Error("a site contains what it should not, or does not what it should")
	}
}

// TestSiteIsChecked: a configuration in JSON is checked as one in a Caddyfile is.
func TestSiteIsChecked(t *testing.T) {
	ctx := newApp(t, "")
	for want, site := range map[string]*Site{
		`frontend: got "map.example.org"`: {Frontend: "map.example.org"},
		`unknown group "privat"`:          {Without: []string{"privat"}},
	} {
		if err := site.Provision(ctx); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, want one with %s", err, want)
		}
	}
}
