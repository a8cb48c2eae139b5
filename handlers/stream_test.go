package handlers

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/peba-edge/peba/app"
	"github.com/peba-edge/peba/login"
	"github.com/peba-edge/peba/stream"
)

// TestStreamAnswers asks for streams in ways that have an end.
func TestStreamAnswers(t *testing.T) {
	ctx := newApp(t, "")
	for method, want := range map[string]struct {
		status int
		header http.Header
	}{
		"HEAD": {200, http.Header{
			"Content-Type": {"text/event-stream"}, "Cache-Control": {"no-store, no-transform"}, "X-Accel-Buffering": {"no"},
		}},
		"POST":    {405, http.Header{"Allow": {"GET, HEAD"}, "Content-Type": {"application/json"}}},
		"OPTIONS": {204, http.Header{"Allow": {"GET, HEAD"}}},
	} {
		got := serve(t, ctx, httptest.NewRequest(method, "/alert/stream", nil), new(Stream))
		if got.Code != want.status {
			t.Errorf("%s: %d %s", method, got.Code, got.Body)
		}
		for key, value := range want.header {
			if got.Header().Get(key) != value[0] {
				t.Errorf("%s: %s is %q, want %q", method, key, got.Header().Get(key), value[0])
			}
		}
		if method == http.MethodHead && got.Body.Len() > 0 {
			t.Errorf("HEAD has a body: %q", got.Body)
		}
	}
}

// TestStreamEnds opens a stream, one too many, and ends them with the
// configuration; who comes then is sent away in a way that browsers come back from.
func TestStreamEnds(t *testing.T) {
	config := fmt.Sprintf(`{"store":{"module":"sqlite","path":%q},"max_streams":1}`, filepath.Join(t.TempDir(), "peba.db"))
	ctx, err := caddy.ProvisionContext(&caddy.Config{AppsRaw: caddy.ModuleMap{"peba": json.RawMessage(config)}})
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := ctx.App("peba")
	if err != nil {
		t.Fatal(err)
	}
	app := loaded.(*app.App)
	if err := app.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := app.Cleanup(); err != nil {
			t.Error(err)
		}
	})
	h := new(Stream)
	if err := h.Provision(ctx); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := h.ServeHTTP(w, r, nil); err != nil {
			t.Errorf("the handler left an error to Caddy: %v", err)
		}
	}))
	defer server.Close()

	open, err := http.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer open.Body.Close()
	if open.StatusCode != http.StatusOK {
		t.Fatalf("the first stream: %d", open.StatusCode)
	}
	refused := serve(t, ctx, httptest.NewRequest("GET", "/alert/stream", nil), new(Stream))
	if refused.Code != http.StatusServiceUnavailable || refused.Header().Get("Retry-After") != "30" ||
		!strings.Contains(refused.Body.String(), `{"error":"too many streams are open"}`) {
		t.Errorf("the second stream: %d %v %s", refused.Code, refused.Header(), refused.Body)
	}
	if err := app.Stop(); err != nil {
		t.Error(err)
	}
	if _, err := io.Copy(io.Discard, open.Body); err != nil {
		t.Errorf("the open stream: %v", err)
	}
	late := serve(t, ctx, httptest.NewRequest("GET", "/alert/stream", nil), new(Stream))
	if late.Code != http.StatusOK || late.Header().Get("Content-Type") != "text/event-stream" || late.Body.Len() > 0 {
		t.Errorf("a stream after the end: %d %v %s", late.Code, late.Header(), late.Body)
	}
}

// TestCrowdedAnswers says for whom there is no room, and when to retry.
func TestCrowdedAnswers(t *testing.T) {
	for err, want := range map[error]int{
		fmt.Errorf("%w: 5, which is the limit", stream.ErrFull): http.StatusServiceUnavailable,
		stream.ErrShare: http.StatusTooManyRequests,
		login.ErrBusy:   http.StatusServiceUnavailable,
	} {
		if got := refuse(err); got.status != want || got.retryAfter == 0 || got.internal != nil {
			t.Errorf("%v: %+v, want status %d and Retry-After", err, got, want)
		}
	}
}

// stuckConn is a client's connection that takes as long as its deadline.
type stuckConn struct {
	*httptest.ResponseRecorder
	deadline time.Time
	stuck    bool
	flushed  int
	reading  []time.Time
}

func (c *stuckConn) SetWriteDeadline(t time.Time) error { c.deadline = t; return nil }
func (c *stuckConn) SetReadDeadline(t time.Time) error  { c.reading = append(c.reading, t); return nil }
func (c *stuckConn) FlushError() error                  { c.flushed++; return nil }

func (c *stuckConn) Write(p []byte) (int, error) {
	if c.deadline.IsZero() {
		return 0, errors.New("a write without a deadline")
	}
	if c.stuck {
		return 0, os.ErrDeadlineExceeded
	}
	return c.ResponseRecorder.Write(p)
}

// TestEventWriter gives each write a deadline, and the time between none.
func TestEventWriter(t *testing.T) {
	c := &stuckConn{ResponseRecorder: httptest.NewRecorder()}
	e := newEventWriter(c, httptest.NewRequest("GET", "/", nil))
	for n := range 2 {
		if err := e.send([]byte(": x\n\n")); err != nil {
			t.Fatal(err)
		}
		if !c.deadline.IsZero() || c.flushed != n+1 {
			t.Errorf("after write %d: deadline %v, flushed %d times", n+1, c.deadline, c.flushed)
		}
	}
	if len(c.reading) != 1 || !c.reading[0].IsZero() {
		t.Errorf("deadlines for reading: %v, want none", c.reading)
	}
	c.stuck = true
	if err := e.send([]byte(": x\n\n")); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a client that takes nothing: %v", err)
	}
}
