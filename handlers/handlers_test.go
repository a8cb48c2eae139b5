package handlers

import (
	"context"
	"encoding/json"
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
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/app"
	_ "github.com/peba-edge/peba/cache/memory"
	_ "github.com/peba-edge/peba/geo/builtin"
	"github.com/peba-edge/peba/store"
	_ "github.com/peba-edge/peba/store/sqlite"
)

func init() {
	caddy.RegisterModule(new(downOpener))
}

// downOpener opens a store that is down: what a real one does on demand never.
type downOpener struct{}

func (*downOpener) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "peba.stores.down", New: func() caddy.Module { return new(downOpener) }}
}

func (*downOpener) Open(context.Context, store.Options) (store.Store, error) { return down{}, nil }

// down fails whatever it is asked. What no test asks panics.
type down struct{ store.Store }

var errDown = fmt.Errorf("disk on fire: %w", store.ErrUnavailable)

func (down) Put(context.Context, []alert.Record) error { return errDown }
func (down) Retire(context.Context, time.Time) error   { return nil }
func (down) Group(context.Context, store.Filter, store.Grouping) ([]store.Group, error) {
	return nil, errDown
}
func (down) Count(context.Context, store.Filter) (int64, error)                  { return 0, errDown }
func (down) GetRecord(context.Context, store.Kind, string) (store.Record, error) { return nil, errDown }
func (down) PutRecords(context.Context, ...store.Record) error                   { return errDown }
func (down) ListRecords(context.Context, store.Kind, store.Listing, func(store.Record) error) error {
	return errDown
}
func (down) Ping(context.Context) error { return errDown }
func (down) Close() error               { return nil }

// newApp starts an app with the given store and the community's log-in.
func newApp(t *testing.T, storeConfig string) caddy.Context {
	t.Helper()
	if storeConfig == "" {
		storeConfig = fmt.Sprintf(`{"module":"sqlite","path":%q}`, filepath.Join(t.TempDir(), "peba.db"))
	}
	config := fmt.Sprintf(`{"store":%s,"community":{"user":"community","token":"its token"}}`, storeConfig)
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
		if err := app.Stop(); err != nil {
			t.Error(err)
		}
		if err := app.Cleanup(); err != nil {
			t.Error(err)
		}
	})
	return ctx
}

// provisioned is a handler ready to serve.
type provisioned interface {
	caddy.Provisioner
	caddyhttp.MiddlewareHandler
}

// serve sends one request through the handlers, in order.
func serve(t *testing.T, ctx caddy.Context, r *http.Request, chain ...provisioned) *httptest.ResponseRecorder {
	t.Helper()
	var next caddyhttp.Handler = caddyhttp.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) error {
		w.WriteHeader(http.StatusTeapot)
		return nil
	})
	for i := len(chain) - 1; i >= 0; i-- {
		if err := chain[i].Provision(ctx); err != nil {
			t.Fatal(err)
		}
		h, after := chain[i], next
		next = caddyhttp.HandlerFunc(func(w http.ResponseWriter, r *http.Request) error { return h.ServeHTTP(w, r, after) })
	}
	w := httptest.NewRecorder()
	if err := next.ServeHTTP(w, r); err != nil {
		t.Fatalf("the handler left an error to Caddy: %v", err)
	}
	return w
}

const goodAlert = `<Alert><Analyzer id="cowrie-01"/><CreateTime tz="+0000">2026-11-23 10:00:00</CreateTime>` +
	`<Source category="ipv4" port="1" protocol="tcp">9.9.9.9</Source><Target category="ipv4" port="22" protocol="tcp">8.8.8.8</Target></Alert>`

func message(user, token string) string {
	return `<EWS-SimpleMessage version="3.0"><Authentication><username>` + user + `</username><token>` + token +
		`</token></Authentication>` + goodAlert + `</EWS-SimpleMessage>`
}

func TestIngestAnswers(t *testing.T) {
	good := message("community", "its token")
	for name, test := range map[string]struct {
		method  string // POST if empty
		body    string
		header  http.Header
		maxBody int64
		store   string
		status  int
		// want are parts of the body; wantHeader of the header.
		want       []string
		wantHeader http.Header
	}{
		"accepted":         {body: good, status: 200, want: []string{"<Result><StatusCode>OK</StatusCode><Text></Text></Result>"}},
		"nothing stored":   {body: strings.ReplaceAll(good, "9.9.9.9", "host"), status: 200, want: []string{"<StatusCode>OK</StatusCode><Text>all alerts were skipped, 1 in number; the first: Source "}},
		"wrong token":      {body: message("community", "wrong"), status: 403, want: []string{"unknown username or wrong token"}},
		"no credentials":   {body: "<m>" + goodAlert + "</m>", status: 403, want: []string{"credentials are missing"}},
		"no body":          {body: "", status: 400, want: []string{"ERROR"}},
		"not XML":          {body: "hello", status: 400, want: []string{"line 1"}},
		"too large":        {body: good, maxBody: 100, status: 413, want: []string{"100 bytes"}},
		"GET":              {method: "GET", status: 405, want: []string{"POST is required for this action."}, wantHeader: http.Header{"Allow": {"POST"}}},
		"form":             {body: good, header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, status: 400, want: []string{"application/x-www-form-urlencoded", "text/xml"}},
		"multipart":        {body: good, header: http.Header{"Content-Type": {"multipart/form-data; boundary=x"}}, status: 400, want: []string{"multipart/form-data"}},
		"compressed":       {body: good, header: http.Header{"Content-Encoding": {"gzip"}}, status: 400, want: []string{"gzip"}},
		"JSON type":        {body: good, header: http.Header{"Content-Type": {"application/json"}}, status: 200},
		"markup in header": {body: good, header: http.Header{"Content-Encoding": {"<b>&"}}, status: 400, want: []string{"&lt;b&gt;&amp;"}},
		"store down":       {body: good, store: `{"module":"down"}`, status: 503, want: []string{"unavailable"}, wantHeader: http.Header{"Retry-After": {"5"}}},
		"users unknown":    {body: message("soc", "its token"), store: `{"module":"down"}`, status: 503, want: []string{"unavailable"}},
	} {
		t.Run(name, func(t *testing.T) {
			ctx := newApp(t, test.store)
			if test.method == "" {
				test.method = http.MethodPost
			}
			r := httptest.NewRequest(test.method, "/ews-0.1/alert/postSimpleMessage", strings.NewReader(test.body))
			for name, values := range test.header {
				r.Header[name] = values
			}
			w := serve(t, ctx, r, &Ingest{MaxBody: test.maxBody})
			if w.Code != test.status {
				t.Errorf("status %d, want %d: %s", w.Code, test.status, w.Body)
			}
			for _, part := range test.want {
				if !strings.Contains(w.Body.String(), part) {
					t.Errorf("the body lacks %q: %s", part, w.Body)
				}
			}
			for name := range test.wantHeader {
				if got := w.Header().Get(name); got != test.wantHeader.Get(name) {
					t.Errorf("%s is %q, want %q", name, got, test.wantHeader.Get(name))
				}
			}
			if strings.Contains(w.Body.String(), "<StatusCode>OK<") != (test.status == 200) {
				t.Errorf("status %d with body %s", test.status, w.Body)
			}
			if strings.Contains(w.Body.String(), "fire") {
				t.Errorf("the inside is told: %s", w.Body)
			}
		})
	}
}

// TestBodyLimitOfCaddy checks that Caddy's own request_body limit gives a 413 too.
func TestBodyLimitOfCaddy(t *testing.T) {
	r := httptest.NewRequest(http.MethodPost, "/", failingBody{caddyhttp.Error(http.StatusRequestEntityTooLarge, fmt.Errorf("too large"))})
	if w := serve(t, newApp(t, ""), r, &Ingest{}); w.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("status %d: %s", w.Code, w.Body)
	}
}

// TestBodyEndsEarly checks what is answered when the body does not arrive whole.
func TestBodyEndsEarly(t *testing.T) {
	ctx := newApp(t, "")
	for status, err := range map[int]error{
		http.StatusBadRequest:     io.ErrUnexpectedEOF,
		http.StatusRequestTimeout: fmt.Errorf("read: %w", os.ErrDeadlineExceeded),
	} {
		r := httptest.NewRequest(http.MethodPost, "/", failingBody{err})
		if w := serve(t, ctx, r, &Ingest{}); w.Code != status || strings.Contains(w.Body.String(), "read:") {
			t.Errorf("%v: %d %s", err, w.Code, w.Body)
		}
	}
}

type failingBody struct{ err error }

func (b failingBody) Read([]byte) (int, error) { return 0, b.err }

func TestQueryAnswers(t *testing.T) {
	ctx := newApp(t, "")
	for name, test := range map[string]struct {
		method, target, question string
		status                   int
		media, want              string
	}{
		"JSON":                   {"GET", "/?time=5&out=json", "retrieveAlertsCount", 200, "application/json", `{"AlertCount":0}`},
		"XML":                    {"GET", "/?time=5", "retrieveAlertsCount", 200, "text/xml; charset=utf-8", "<AlertCount>0</AlertCount>"},
		"HEAD":                   {"HEAD", "/?time=5", "retrieveAlertsCount", 200, "text/xml; charset=utf-8", ""},
		"POST":                   {"POST", "/?time=5", "retrieveAlertsCount", 405, "text/xml; charset=utf-8", "GET, HEAD"},
		"wrong parameter":        {"GET", "/?time=x", "retrieveAlertsCount", 400, "text/xml; charset=utf-8", `"time": got "x"`},
		"wrong parameter, JSON":  {"GET", "/?time=x&out=json", "retrieveAlertsCount", 400, "application/json", `{"error":"parameter \"time\": got \"x\"`},
		"missing parameter":      {"GET", "/", "retrieveAlertsCount", 400, "text/xml; charset=utf-8", "missing"},
		"private without log-in": {"GET", "/", "retrieveIPs", 403, "text/xml; charset=utf-8", "private users only"},
	} {
		t.Run(name, func(t *testing.T) {
			w := serve(t, ctx, httptest.NewRequest(test.method, test.target, nil), &Query{Name: test.question})
			if w.Code != test.status {
				t.Errorf("status %d, want %d: %s", w.Code, test.status, w.Body)
			}
			if media := w.Header().Get("Content-Type"); media != test.media {
				t.Errorf("Content-Type %q, want %q", media, test.media)
			}
			if !strings.Contains(w.Body.String(), test.want) {
				t.Errorf("the body lacks %q: %s", test.want, w.Body)
			}
		})
	}
}

func TestStoreDown(t *testing.T) {
	ctx := newApp(t, `{"module":"down"}`)
	w := serve(t, ctx, httptest.NewRequest(http.MethodGet, "/?time=5", nil), &Query{Name: "retrieveAlertsCount"})
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
		t.Errorf("a question: %d %v %s", w.Code, w.Header(), w.Body)
	}
	w = serve(t, ctx, httptest.NewRequest(http.MethodGet, "/heartbeat", nil), &Heartbeat{})
	if w.Code != http.StatusServiceUnavailable || w.Body.String() != "store does not answer" {
		t.Errorf("the heartbeat: %d %s", w.Code, w.Body)
	}
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.SetBasicAuth("soc", "its token")
	if w = serve(t, ctx, r, &Auth{}); w.Code != http.StatusServiceUnavailable {
		t.Errorf("a log-in: %d %s", w.Code, w.Body)
	}
}

func TestAuthRefuses(t *testing.T) {
	ctx := newApp(t, "")
	for name, r := range map[string]*http.Request{
		"community by POST":  httptest.NewRequest(http.MethodPost, "/", strings.NewReader(message("community", "its token"))),
		"nobody":             httptest.NewRequest(http.MethodPost, "/", strings.NewReader(message("nobody", "x"))),
		"no Authentication":  httptest.NewRequest(http.MethodPost, "/", strings.NewReader("<a/>")),
		"no body":            httptest.NewRequest(http.MethodPost, "/", nil),
		"empty body":         httptest.NewRequest(http.MethodPost, "/", io.MultiReader()),
		"community by Basic": withBasic(httptest.NewRequest(http.MethodGet, "/", nil), "community", "its token"),
	} {
		t.Run(name, func(t *testing.T) {
			if w := serve(t, ctx, r, &Auth{}); w.Code != http.StatusForbidden {
				t.Errorf("%d %s", w.Code, w.Body)
			}
		})
	}
	for name, test := range map[string]struct {
		r      *http.Request
		status int
	}{
		"no log-in by GET": {httptest.NewRequest(http.MethodGet, "/", nil), http.StatusMethodNotAllowed},
		"no XML":           {httptest.NewRequest(http.MethodPost, "/", strings.NewReader("hello")), http.StatusBadRequest},
		"too large":        {httptest.NewRequest(http.MethodPost, "/", strings.NewReader("<a>"+strings.Repeat("x", maxAuthBody)+"</a>")), http.StatusRequestEntityTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			if w := serve(t, ctx, test.r, &Auth{}); w.Code != test.status {
				t.Errorf("%d, want %d: %s", w.Code, test.status, w.Body)
			}
		})
	}
}

func withBasic(r *http.Request, user, token string) *http.Request {
	r.SetBasicAuth(user, token)
	return r
}
