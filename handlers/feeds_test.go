package handlers

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/content"
	"github.com/peba-edge/peba/feed"
	"github.com/peba-edge/peba/feed/lists"
	"github.com/peba-edge/peba/store"
	"github.com/peba-edge/peba/store/memory"
)

func init() {
	caddy.RegisterModule(new(attackedOpener))
}

// attackedOpener opens a store with the alerts of three attackers, and with the tokens of its
// configuration, by name.
type attackedOpener struct {
	// All admits to all feeds, One to the feed "other".
	All string `json:"all"`
	One string `json:"one"`
}

func (*attackedOpener) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "peba.stores.attacked", New: func() caddy.Module { return new(attackedOpener) }}
}

func (o *attackedOpener) Open(ctx context.Context, opts store.Options) (store.Store, error) {
	s := memory.New(opts)
	received := alert.At(time.Now().Add(-time.Minute))
	var records []alert.Record
	for i, source := range []string{"9.9.9.9", "9.9.9.9", "2620:fe::fe", "9.9.9.10"} {
		records = append(records, alert.Record{Document: alert.Document{
			ID: fmt.Sprintf("%032x", i), PeerIdent: "cowrie-1", PeerType: "SSH/console(cowrie)", CreateTime: received, RecievedTime: received,
			SourceEntryIP: source, TargetEntryIP: "80.1.1.1", TargetPort: "tcp", Hostname: "sensor-1", ExternalIP: "80.1.1.1", AdditionalData: "{}",
		}})
	}
	if err := s.Put(ctx, records); err != nil {
		return nil, err
	}
	for token, only := range map[string]string{o.All: "", o.One: "other"} {
		_, record, err := feed.NewToken("token-"+only, only, time.Now())
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256([]byte(token))
		record.Hash = hex.EncodeToString(sum[:])
		if err := s.PutRecords(ctx, record); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// attackedSite is an app with feeds, and the handler.
type attackedSite struct {
	t   *testing.T
	ctx caddy.Context
	h   *Feeds
}

const (
	tokenOfAll = "pebafeed_all"
	tokenOfOne = "pebafeed_one"
)

// newAttackedSite starts an app and waits until its feeds have been computed.
func newAttackedSite(t *testing.T) *attackedSite {
	t.Helper()
	site := &attackedSite{t, newApp(t, `{"module":"attacked","all":"`+tokenOfAll+`","one":"`+tokenOfOne+`"},"feed_interval":"1s","feeds":[
		{"name":"blocklist","min_alerts":1,"rank":"alerts","licence":"CC BY 4.0"},{"name":"other","min_alerts":1},{"name":"open","min_alerts":1,"access":"public"}
	]`), new(Feeds)}
	if err := site.h.Provision(site.ctx); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		got := site.get("GET", "/open.txt", nil)
		if got.Code == http.StatusOK {
			return site
		}
		if got.Code != http.StatusServiceUnavailable || got.Header().Get("Retry-After") == "" || time.Now().After(deadline) {
			t.Fatalf("before the first computation: %d %v %s", got.Code, got.Header(), got.Body)
		}
	}
}

// get sends a request.
func (s *attackedSite) get(method, target string, header http.Header) *httptest.ResponseRecorder {
	s.t.Helper()
	r := httptest.NewRequest(method, target, nil)
	for name, values := range header {
		r.Header[name] = values
	}
	w := httptest.NewRecorder()
	if err := s.h.ServeHTTP(w, r, nil); err != nil {
		s.t.Fatalf("the handler left an error to Caddy: %v", err)
	}
	return w
}

func apiKey(token string) http.Header { return http.Header{"X-Api-Key": {token}} }

func TestFeedAnswers(t *testing.T) {
	site := newAttackedSite(t)
	basic := httptest.NewRequest("GET", "/", nil)
	basic.SetBasicAuth("anything", tokenOfAll)
	const text = "9.9.9.9\n9.9.9.10\n2620:fe::fe\n"
	for _, test := range []struct {
		method, target string
		header         http.Header
		status         int
		caching, want  string
	}{
		{"GET", "/open.txt", nil, 200, "public, max-age=30", "2620:fe::fe\n"},
		{"GET", "/blocklist.txt", basic.Header, 200, "private, no-cache", text},
		{"GET", "/blocklist.txt", http.Header{"Authorization": {"bearer " + tokenOfAll}}, 200, "private, no-cache", text},
		{"GET", "/blocklist.txt", apiKey(tokenOfAll), 200, "private, no-cache", text},
		{"GET", "/blocklist.txt/", apiKey(tokenOfAll), 200, "private, no-cache", text},
		{"GET", "/t/" + tokenOfAll + "/blocklist.txt", nil, 200, "private, no-cache", text},
		{"GET", "/t/" + tokenOfOne + "/other.txt?v=4", nil, 200, "private, no-cache", "\n9.9.9.9\n"},
		{"GET", "/open.txt?limit=1&page=9", apiKey(tokenOfOne), 200, "private, no-cache", "connect to them.\n"},
		{"GET", "/open.json?unknown=1", nil, 200, "public, max-age=30", `"value":"9.9.9.9"`},
		{"GET", "/blocklist.txt", nil, 401, "no-store", "a feed token is missing or wrong"},
		{"GET", "/blocklist.txt", apiKey("wrong"), 401, "no-store", "a feed token is missing or wrong"},
		{"GET", "/open.txt", apiKey("wrong"), 401, "no-store", "a feed token is missing or wrong"},
		{"GET", "/t/wrong/blocklist.txt", apiKey(tokenOfAll), 401, "no-store", "a feed token is missing or wrong"},
		{"GET", "/blocklist.txt", apiKey(tokenOfOne), 404, "no-store", "there is no feed"},
		{"GET", "/unknown.txt", apiKey(tokenOfAll), 404, "no-store", "there is no feed"},
		{"GET", "/blocklist", apiKey(tokenOfAll), 404, "no-store", "no format"},
		{"GET", "/.txt", apiKey(tokenOfAll), 404, "no-store", "there is no feed"},
		{"GET", "/blocklist.exe", apiKey(tokenOfAll), 404, "no-store", "no format .exe"},
		{"GET", "/blocklist.txt/x", apiKey(tokenOfAll), 404, "no-store", "no format .txt/x"},
		{"GET", "/blocklist.txt?limit=0", apiKey(tokenOfAll), 400, "no-store", `parameter \"limit\": got \"0\", must be`},
		{"GET", "/blocklist.nft?list=x%3B", apiKey(tokenOfAll), 400, "no-store", `parameter \"list\": got \"x;\", must be`},
		{"GET", "/blocklist.txt?x=" + strings.Repeat("x", maxParameters), apiKey(tokenOfAll), 414, "no-store", "bytes"},
		{"POST", "/blocklist.txt", apiKey(tokenOfAll), 405, "no-store", "must be GET, HEAD"},
	} {
		got := site.get(test.method, test.target, test.header)
		if got.Code != test.status || got.Header().Get("Cache-Control") != test.caching || !strings.Contains(got.Body.String(), test.want) {
			t.Errorf("%s %.60s: %d %v\n%s\nwant %d, %s, %s", test.method, test.target, got.Code, got.Header(), got.Body, test.status, test.caching, test.want)
		}
		if asks := len(got.Header().Values("WWW-Authenticate")); (asks == 2) != (test.status == 401) {
			t.Errorf("%.60s asks for %d kinds of credentials", test.target, asks)
		}
		if length := got.Header().Get("Content-Length"); length != strconv.Itoa(got.Body.Len()) {
			t.Errorf("%.60s: the length is %s, want %d", test.target, length, got.Body.Len())
		}
	}
}

// TestFeedFormats asks for all formats.
func TestFeedFormats(t *testing.T) {
	site := newAttackedSite(t)
	for _, f := range lists.All() {
		got := site.get("GET", "/open."+f.Suffix, nil)
		if got.Code != http.StatusOK || got.Header().Get("Content-Type") != f.Media || got.Body.Len() == 0 {
			t.Errorf("%s: %d %v %s", f.Suffix, got.Code, got.Header(), got.Body)
		}
	}
}

// TestFeedPolling polls as firewalls do: with HEAD, entity tags, times, and gzip.
func TestFeedPolling(t *testing.T) {
	site := newAttackedSite(t)
	first := site.get("GET", "/open.txt", nil)
	tag, modified := first.Header().Get("ETag"), first.Header().Get("Last-Modified")
	if _, err := http.ParseTime(modified); err != nil || tag == "" {
		t.Fatalf("the feed has the header %v", first.Header())
	}
	if got := site.get("HEAD", "/open.txt", nil); got.Code != http.StatusOK || got.Header().Get("ETag") != tag ||
		got.Header().Get("Content-Length") != strconv.Itoa(first.Body.Len()) {
		t.Errorf("HEAD: %d %v", got.Code, got.Header())
	}
	at := func() time.Time {
		var listed []feedListing
		if err := json.Unmarshal(site.get("GET", "/", nil).Body.Bytes(), &listed); err != nil {
			t.Fatal(err)
		}
		return *listed[0].At
	}
	for begun, deadline := at(), time.Now().Add(20*time.Second); !at().After(begun); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the feed is not computed again")
		}
	}
	// A later snapshot with the same entries.
	for name, value := range map[string]string{"If-None-Match": tag, "If-Modified-Since": modified} {
		if got := site.get("GET", "/open.txt", http.Header{name: {value}}); got.Code != http.StatusNotModified || got.Body.Len() > 0 || got.Header().Get("Last-Modified") != modified {
			t.Errorf("%s: %d %v", name, got.Code, got.Header())
		}
	}
	if got := site.get("GET", "/open.json", http.Header{"Accept-Encoding": {"gzip"}}); got.Header().Get("Content-Encoding") != "gzip" {
		t.Errorf("with gzip: %d %v", got.Code, got.Header())
	}
	if got := site.get("GET", "/open.json", nil); got.Header().Get("Content-Encoding") != "" {
		t.Errorf("without gzip: %d %v", got.Code, got.Header())
	}
}

// TestFeedList asks which feeds there are.
func TestFeedList(t *testing.T) {
	site := newAttackedSite(t)
	for _, test := range []struct {
		target, original string
		header           http.Header
		names, url       string
	}{
		{"/", "/feeds/", nil, "open", "/feeds/open.txt"},
		{"/", "/x/feeds/", apiKey(tokenOfOne), "other open", "/x/feeds/other.txt"},
		{"/t/" + tokenOfAll, "", nil, "blocklist other open", "/t/" + tokenOfAll + "/blocklist.txt"},
		{"/t/" + tokenOfAll + "/", "/feeds/t/" + tokenOfAll + "/", nil, "blocklist other open", "/feeds/t/" + tokenOfAll + "/blocklist.txt"},
	} {
		r := httptest.NewRequest("GET", test.target, nil)
		for name, values := range test.header {
			r.Header[name] = values
		}
		if test.original != "" {
			r = r.WithContext(context.WithValue(r.Context(), caddyhttp.OriginalRequestCtxKey, http.Request{URL: &url.URL{Path: test.original}}))
		}
		w := httptest.NewRecorder()
		if err := site.h.ServeHTTP(w, r, nil); err != nil {
			t.Fatal(err)
		}
		var listed []feedListing
		if err := json.Unmarshal(w.Body.Bytes(), &listed); err != nil || w.Header().Get("Content-Type") != "application/json" {
			t.Fatalf("%s: %v\n%s", test.target, err, w.Body)
		}
		var names []string
		for _, l := range listed {
			names = append(names, l.Name)
			if l.Entries == nil || *l.Entries != 3 || l.At == nil || len(l.Formats) != len(lists.All()) || l.Public != (l.Name == "open") {
				t.Errorf("%s lists %+v", test.target, l)
			}
		}
		if got := strings.Join(names, " "); got != test.names || listed[0].Formats[0].URL != test.url {
			t.Errorf("%s lists %s at %s, want %s at %s", test.target, got, listed[0].Formats[0].URL, test.names, test.url)
		}
	}
}

// TestFeedsOfSite asks the handler of all paths.
func TestFeedsOfSite(t *testing.T) {
	site := newAttackedSite(t)
	all := new(Site)
	for target, want := range map[string]int{
		"/feeds/open.txt": 200, "/Feeds/open.txt": 200, "/feeds/": 200, "/feeds/t/" + tokenOfAll + "/blocklist.nft": 200, "/feeds/blocklist.txt": 401, "/feeds/open.exe": 404,
	} {
		if got := serve(t, site.ctx, httptest.NewRequest("GET", target, nil), all); got.Code != want {
			t.Errorf("%s: %d %s, want %d", target, got.Code, got.Body, want)
		}
	}
	if got := serve(t, site.ctx, httptest.NewRequest("GET", "/feeds/open.txt", nil), &Site{Without: []string{"feeds"}}); got.Code == http.StatusOK {
		t.Errorf("without feeds: %d", got.Code)
	}
}

// TestTokensAreNotLogged holds for all methods and answers that the access log never has a
// path with a token.
func TestTokensAreNotLogged(t *testing.T) {
	site := newAttackedSite(t)
	for target, want := range map[string]bool{
		"/t/" + tokenOfAll + "/blocklist.txt": true, "/t/wrong/": true, "//t/wrong/x": true, "/t/wrong": true, "/open.txt": false, "/": false,
	} {
		for _, method := range []string{"GET", "HEAD", "POST", "OPTIONS"} {
			vars := make(map[string]any)
			r := httptest.NewRequest(method, "https://example.org"+target, nil)
			if err := site.h.ServeHTTP(httptest.NewRecorder(), r.WithContext(context.WithValue(r.Context(), caddyhttp.VarsCtxKey, vars)), nil); err != nil {
				t.Fatal(err)
			}
			if skipped := vars[caddyhttp.LogSkipVar] == true; skipped != want {
				t.Errorf("%s %s is left out of the access log: %t", method, target, skipped)
			}
		}
	}
}

// TestKeysAreNotLogged: no path of a site has the header X-Api-Key in the access log, whether
// it needs the key or not.
func TestKeysAreNotLogged(t *testing.T) {
	site := newAttackedSite(t)
	for handler, targets := range map[provisioned][]string{
		new(Site):     {"/feeds/", "/feeds", "/v1/decisions/stream", "/crowdsec/health", "/crowdsec/v1/heartbeat", "/taxii2", "/x"},
		new(CrowdSec): {"/health", "/v1/decisions", "/v1/heartbeat"},
	} {
		for _, target := range targets {
			for _, method := range []string{"GET", "POST"} {
				vars := make(map[string]any)
				r := httptest.NewRequest(method, target, nil)
				r.Header = apiKey(tokenOfAll)
				serve(t, site.ctx, r.WithContext(context.WithValue(r.Context(), caddyhttp.VarsCtxKey, vars)), handler)
				if vars[caddyhttp.LogSkipVar] != true {
					t.Errorf("%T: %s %s would be in the access log", handler, method, target)
				}
			}
		}
	}
}

// TestFeedsWithoutStore asks for feeds that could never be computed: firewalls must retry.
func TestFeedsWithoutStore(t *testing.T) {
	ctx := newApp(t, `{"module":"down"},"feeds":[{"name":"open","access":"public"}]`)
	for _, header := range []http.Header{nil, apiKey(tokenOfAll)} {
		r := httptest.NewRequest("GET", "/open.txt", nil)
		for name, values := range header {
			r.Header[name] = values
		}
		if got := serve(t, ctx, r, new(Feeds)); got.Code != http.StatusServiceUnavailable || got.Header().Get("Retry-After") == "" {
			t.Errorf("with %v: %d %v %s", header, got.Code, got.Header(), got.Body)
		}
	}
	if got := serve(t, ctx, httptest.NewRequest("GET", "/", nil), new(Feeds)); got.Code != http.StatusOK || strings.Contains(got.Body.String(), "entries") {
		t.Errorf("the list: %d %s", got.Code, got.Body)
	}
}

func TestFeedTimes(t *testing.T) {
	a, b := content.Plain([]byte("a")), content.Plain([]byte("b"))
	start := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	times := newFeedTimes()
	for i, step := range []struct {
		body     *content.Body
		at, want int
	}{
		{&a, 1, 1}, {&a, 2, 1}, {&b, 3, 3}, {&a, 2, 2}, {&b, 4, 3}, {&a, 5, 5}, {&a, 6, 5},
	} {
		got := times.since("key", step.body, start.Add(time.Duration(step.at)*time.Minute))
		if want := start.Add(time.Duration(step.want) * time.Minute); !got.Equal(want) {
			t.Errorf("step %d: since %v, want %v", i, got, want)
		}
	}
	if other := times.since("other", &a, start); !other.Equal(start) {
		t.Errorf("another key has the time %v", other)
	}
	for i := range 3 * maxFeedTimes {
		times.since(strconv.Itoa(i), &a, start)
	}
	if n := len(times.bodies); n > maxFeedTimes {
		t.Errorf("%d bodies are remembered", n)
	}
}

// TestTooMuchMade: a client that has much made must come back later, but gets what is made
// already.
func TestTooMuchMade(t *testing.T) {
	site := newAttackedSite(t)
	shared, err := findApp(site.ctx)
	if err != nil {
		t.Fatal(err)
	}
	made := func() int { return site.ask(new(Feeds), "GET", "/blocklist.txt", apiKey(tokenOfAll)).Code }
	if code := made(); code != http.StatusOK {
		t.Fatalf("before: %d", code)
	}
	pass, err := shared.AdmitToFeeds(t.Context(), tokenOfAll)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		pass.Charge(1 << 30)
	}
	for target, h := range map[string]provisioned{
		"/blocklist.txt?limit=1": new(Feeds), "/feeds/collections/blocklist/objects/": new(TAXII),
		"/blocklist/v1/decisions/stream?startup=true": new(CrowdSec),
	} {
		if got := site.ask(h, "GET", target, apiKey(tokenOfAll)); got.Code != http.StatusTooManyRequests || got.Header().Get("Retry-After") == "" {
			t.Errorf("%s: %d %v %s", target, got.Code, got.Header(), got.Body)
		}
	}
	if code := made(); code != http.StatusOK {
		t.Errorf("what is made: %d", code)
	}
	for target, h := range map[string]provisioned{"/blocklist.nft": new(Feeds), "/blocklist/hashes.csv": new(MISP)} {
		if got := site.ask(h, "GET", target, apiKey(tokenOfAll)); got.Code != http.StatusOK {
			t.Errorf("%s, without parameters: %d %s", target, got.Code, got.Body)
		}
	}
	if got := site.ask(new(Feeds), "GET", "/other.txt", apiKey(tokenOfOne)); got.Code != http.StatusOK {
		t.Errorf("another client: %d %s", got.Code, got.Body)
	}
}
