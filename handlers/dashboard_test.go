package handlers

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

func TestDashboard(t *testing.T) {
	ctx, cancel := caddy.NewContext(caddy.Context{Context: context.Background()})
	defer cancel()
	ask := func(method, path string, header ...string) *httptest.ResponseRecorder {
		t.Helper()
		r := httptest.NewRequest(method, path, nil)
		for i := 0; i+1 < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		return serve(t, ctx, r, new(Dashboard))
	}

	page := ask(http.MethodGet, "/")
	if page.Code != http.StatusOK || page.Header().Get("Content-Type") != "text/html; charset=utf-8" {
		t.Fatalf("%d %v", page.Code, page.Header())
	}
	for name, want := range map[string]string{
		"Cache-Control":              "no-cache",
		"Cross-Origin-Opener-Policy": "same-origin",
		"Referrer-Policy":            "no-referrer",
		"Vary":                       "Accept-Encoding",
		"X-Content-Type-Options":     "nosniff",
	} {
		if got := page.Header().Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	policy := page.Header().Get("Content-Security-Policy")
	if !strings.Contains(policy, "default-src 'self'") || strings.Contains(policy, "unsafe") {
		t.Errorf("the policy is %q", policy)
	}

	for _, test := range []struct {
		method, path string
		status       int
		media        string
	}{
		{"GET", "/style.css", 200, "text/css; charset=utf-8"},
		{"GET", "/main.js", 200, "text/javascript; charset=utf-8"},
		{"GET", "/icon.svg", 200, "image/svg+xml"},
		{"GET", "/live/live.css", 200, "text/css; charset=utf-8"},
		{"GET", "/lib/text.js", 200, "text/javascript; charset=utf-8"},
		{"GET", "/map/world.json", 200, "application/json"},
		{"GET", "/main.js?v=1", 200, "text/javascript; charset=utf-8"},
		{"GET", "/index.html", 404, ""},
		{"GET", "/nothing.js", 404, ""},
		{"GET", "/../dashboard.go", 404, ""},
		{"GET", "//main.js", 404, ""},
		{"GET", "/text.js", 404, ""},
		{"GET", "/lib", 404, ""},
		{"GET", "/lib/", 404, ""},
		{"GET", "/lib/../main.js", 404, ""},
		{"POST", "/", 405, ""},
		{"DELETE", "/main.js", 405, ""},
		{"OPTIONS", "/", 204, ""},
	} {
		got := ask(test.method, test.path)
		if got.Code != test.status || test.media != "" && got.Header().Get("Content-Type") != test.media {
			t.Errorf("%s %s: %d %s, want %d %s", test.method, test.path, got.Code, got.Header().Get("Content-Type"), test.status, test.media)
		}
		if got.Header().Get("Content-Security-Policy") != policy {
			t.Errorf("%s %s has no policy", test.method, test.path)
		}
		if allow := got.Header().Get("Allow"); (test.status == 405 || test.status == 204) != (allow == "GET, HEAD") {
			t.Errorf("%s %s: Allow is %q", test.method, test.path, allow)
		}
	}
}

// TestDashboardEncodings asks for a file in each encoding, and again with the tag
// of each.
func TestDashboardEncodings(t *testing.T) {
	ctx, cancel := caddy.NewContext(caddy.Context{Context: context.Background()})
	defer cancel()
	ask := func(accept, known string) *httptest.ResponseRecorder {
		t.Helper()
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Accept-Encoding", accept)
		r.Header.Set("If-None-Match", known)
		return serve(t, ctx, r, new(Dashboard))
	}
	plain := ask("", "")
	tags := map[string]bool{}
	for accept, decode := range map[string]func(io.Reader) (io.Reader, error){
		"":     func(r io.Reader) (io.Reader, error) { return r, nil },
		"gzip": func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) },
		"zstd": func(r io.Reader) (io.Reader, error) { return zstd.NewReader(r) },
	} {
		got := ask(accept, "")
		if got.Header().Get("Content-Encoding") != accept {
			t.Errorf("asked for %q, got %q", accept, got.Header().Get("Content-Encoding"))
		}
		decoded, err := decode(got.Body)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(decoded)
		if err != nil || !bytes.Equal(body, plain.Body.Bytes()) {
			t.Errorf("%q is another file: %v", accept, err)
		}
		tag := got.Header().Get("ETag")
		tags[tag] = true
		again := ask(accept, `"other", `+tag)
		if again.Code != http.StatusNotModified || again.Body.Len() != 0 || again.Header().Get("ETag") != tag {
			t.Errorf("%q again: %d, %d bytes, %v", accept, again.Code, again.Body.Len(), again.Header())
		}
	}
	if len(tags) != 3 {
		t.Errorf("three encodings have the tags %v", tags)
	}
	if changed := ask("gzip", `"other"`); changed.Code != http.StatusOK {
		t.Errorf("with another tag: %d", changed.Code)
	}
}
