package handlers

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/peba-edge/peba/app"
)

// withAlerts starts an app that holds enough alerts for an answer worth encoding.
func withAlerts(t *testing.T) caddy.Context {
	t.Helper()
	ctx := newApp(t, "")
	var alerts strings.Builder
	for port := range 40 {
		alerts.WriteString(strings.Replace(goodAlert, `port="1"`, fmt.Sprintf(`port="%d"`, port), 1))
	}
	body := strings.Replace(message("community", "its token"), goodAlert, alerts.String(), 1)
	if w := serve(t, ctx, httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body)), &Ingest{}); w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	return ctx
}

func askLatest(t *testing.T, ctx caddy.Context, method string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, "/?ci=-1", nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return serve(t, ctx, r, &Query{Name: "retrieveAlertsJson"})
}

func TestAnswerHeaders(t *testing.T) {
	ctx := withAlerts(t)
	first := askLatest(t, ctx, http.MethodGet)
	second := askLatest(t, ctx, http.MethodGet)
	if first.Header().Get("Server-Timing") != `cache;desc="miss"` || second.Header().Get("Server-Timing") != `cache;desc="hit"` {
		t.Errorf("Server-Timing %q, then %q", first.Header().Get("Server-Timing"), second.Header().Get("Server-Timing"))
	}
	if got := second.Header().Get("Cache-Control"); !regexp.MustCompile(`^public, max-age=2[0-5]$`).MatchString(got) {
		t.Errorf("Cache-Control %q, want what is left of 25 s", got)
	}
	if got := second.Header().Get("Vary"); got != "Accept-Encoding" {
		t.Errorf("Vary %q", got)
	}
	made, err := http.ParseTime(second.Header().Get("Last-Modified"))
	if err != nil || time.Since(made) < 0 || time.Since(made) > time.Minute || first.Header().Get("Last-Modified") == "" {
		t.Errorf("Last-Modified %q: %v", second.Header().Get("Last-Modified"), err)
	}
	tag := second.Header().Get("ETag")
	if !regexp.MustCompile(`^"[^" ]+"$`).MatchString(tag) || first.Header().Get("ETag") != tag {
		t.Errorf("ETag %q, then %q", first.Header().Get("ETag"), tag)
	}
	for _, known := range []string{tag, "W/" + tag, `"other", ` + tag, "*"} {
		w := askLatest(t, ctx, http.MethodGet, "If-None-Match", known)
		if w.Code != http.StatusNotModified || w.Body.Len() != 0 || w.Header().Get("ETag") != tag || w.Header().Get("Cache-Control") == "" {
			t.Errorf("If-None-Match %s: %d with %d bytes, %v", known, w.Code, w.Body.Len(), w.Header())
		}
	}
	for _, unknown := range []string{`"other"`, strings.Trim(tag, `"`), tag[:len(tag)-3] + `"`} {
		if w := askLatest(t, ctx, http.MethodGet, "If-None-Match", unknown); w.Code != http.StatusOK {
			t.Errorf("If-None-Match %s: %d", unknown, w.Code)
		}
	}
}

func TestEncodedAnswers(t *testing.T) {
	ctx := withAlerts(t)
	plain := askLatest(t, ctx, http.MethodGet)
	for accept, want := range map[string]string{
		"gzip": "gzip", "gzip, deflate, br, zstd": "zstd", "zstd;q=0, gzip": "gzip", "br": "", "identity": "",
	} {
		w := askLatest(t, ctx, http.MethodGet, "Accept-Encoding", accept)
		if got := w.Header().Get("Content-Encoding"); got != want {
			t.Errorf("Accept-Encoding %s: Content-Encoding %q, want %q", accept, got, want)
			continue
		}
		if w.Header().Get("Content-Length") != fmt.Sprint(w.Body.Len()) {
			t.Errorf("Content-Length %s of %d bytes", w.Header().Get("Content-Length"), w.Body.Len())
		}
		if body := decode(t, want, w.Body); !bytes.Equal(body, plain.Body.Bytes()) {
			t.Errorf("%s decodes to something else", want)
		}
		tag := w.Header().Get("ETag")
		if (tag == plain.Header().Get("ETag")) != (want == "") {
			t.Errorf("%q has the ETag %s, the plain one %s", want, tag, plain.Header().Get("ETag"))
		}
		if again := askLatest(t, ctx, http.MethodGet, "Accept-Encoding", accept, "If-None-Match", tag); again.Code != http.StatusNotModified {
			t.Errorf("%s with its ETag: %d", accept, again.Code)
		}
	}
}

// TestSmallAnswersAreNotEncoded asks twice for what is not worth encoding: it
// comes whole, computed or cached.
func TestSmallAnswersAreNotEncoded(t *testing.T) {
	ctx := newApp(t, "")
	for _, from := range []string{"miss", "hit"} {
		r := httptest.NewRequest(http.MethodGet, "/?time=5&out=json", nil)
		r.Header.Set("Accept-Encoding", "gzip, zstd")
		w := serve(t, ctx, r, &Query{Name: "retrieveAlertsCount"})
		if w.Header().Get("Server-Timing") != fmt.Sprintf("cache;desc=%q", from) || w.Header().Get("Content-Encoding") != "" ||
			strings.TrimSpace(w.Body.String()) != `{"AlertCount":0}` {
			t.Errorf("a %s: %q, %v", from, w.Body, w.Header())
		}
	}
}

func decode(t *testing.T, encoding string, body io.Reader) []byte {
	t.Helper()
	var err error
	switch encoding {
	case "gzip":
		body, err = gzip.NewReader(body)
	case "zstd":
		body, err = zstd.NewReader(body)
	}
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestPrivateAnswersAreNotKept checks that no cache on the way keeps what is private.
func TestPrivateAnswersAreNotKept(t *testing.T) {
	ctx := newApp(t, "")
	r := httptest.NewRequest(http.MethodPost, "/", nil)
	r.Header.Set("If-None-Match", "*")
	w := serve(t, ctx, withReader(r), &Query{Name: "retrieveIPs"})
	if w.Code != http.StatusOK || w.Header().Get("Cache-Control") != "private, no-store" {
		t.Errorf("%d, Cache-Control %q", w.Code, w.Header().Get("Cache-Control"))
	}
}

// withReader makes r the request of somebody whom Auth has let through.
func withReader(r *http.Request) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), readerKey{}, &app.Reader{Name: "soc"}))
}

// TestLongParameters refuses what no question needs before it is parsed, in the format of
// the answer where that can be told.
func TestLongParameters(t *testing.T) {
	ctx := newApp(t, "")
	for name, parameters := range map[string]string{
		"tops":                "type=urls" + strings.Repeat("&a", 50_000),
		"getStats":            "values=" + strings.Repeat("a,", 20_000),
		"retrieveAlertsCount": "out=json&x=" + strings.Repeat("a", 50_000),
	} {
		got := serve(t, ctx, httptest.NewRequest("GET", "/alert/"+name+"?"+parameters, nil), &Query{Name: name})
		if got.Code != http.StatusRequestURITooLong || !strings.Contains(got.Body.String(), "must be at most 32768") {
			t.Errorf("%s: %d %s", name, got.Code, got.Body)
		}
	}
	got := serve(t, ctx, httptest.NewRequest("GET", "/alert/getStats?values="+strings.Repeat("a,", 100), nil), &Query{Name: "getStats"})
	if got.Code != http.StatusBadRequest || !strings.Contains(got.Body.String(), `parameter \"values\"`) || got.Body.Len() > 500 {
		t.Errorf("101 values: %d %s", got.Code, got.Body)
	}
}
