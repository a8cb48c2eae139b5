package handlers

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/peba-edge/peba/feed/taxii"
)

// ask sends a request to a handler of an attacked site.
func (s *attackedSite) ask(h provisioned, method, target string, header http.Header) *httptest.ResponseRecorder {
	s.t.Helper()
	r := httptest.NewRequest(method, target, nil)
	for name, values := range header {
		r.Header[name] = values
	}
	return serve(s.t, s.ctx, r, h)
}

// TestTAXIIAnswers holds who may read which collections, and that all answers are TAXII's.
func TestTAXIIAnswers(t *testing.T) {
	site := newAttackedSite(t)
	objects := "/feeds/collections/blocklist/objects/"
	accept := apiKey(tokenOfAll)
	accept["Accept"] = []string{"application/taxii+json;version=2.0"}
	for _, test := range []struct {
		method, target string
		header         http.Header
		status         int
		want           string
	}{
		{"GET", "/", apiKey(tokenOfAll), 200, `"api_roots":["/feeds/"]`},
		{"GET", "/feeds/", apiKey(tokenOfAll), 200, `"versions":["application/taxii+json;version=2.1"]`},
		{"GET", "/feeds/collections/", apiKey(tokenOfAll), 200, `"alias":"blocklist"`},
		{"GET", objects, apiKey(tokenOfAll), 200, `"pattern":"[ipv4-addr:value = '9.9.9.9']"`},
		{"GET", objects, http.Header{"Authorization": {"Bearer " + tokenOfAll}}, 200, `[ipv6-addr:value = '2620:fe::fe']`},
		{"GET", "/feeds/collections/open/manifest/", nil, 200, `"media_type":"application/stix+json;version=2.1"`},
		{"GET", "/feeds/collections/other/objects/?match[type]=indicator&limit=1", apiKey(tokenOfOne), 200, `"more":true`},
		{"GET", objects, nil, 401, "a feed token is missing or wrong"},
		{"GET", objects, apiKey(tokenOfOne), 404, "may not be read"},
		{"GET", objects, apiKey("wrong"), 401, "a feed token is missing or wrong"},
		{"GET", objects + "?limit=x", apiKey(tokenOfAll), 400, "limit: got"},
		{"GET", objects + "?next=x", apiKey(tokenOfAll), 400, "invalid cursor"},
		{"GET", objects + "?x=" + strings.Repeat("x", maxParameters), apiKey(tokenOfAll), 414, "bytes"},
		{"GET", objects, accept, 406, "TAXII 2.1"},
		{"POST", objects, apiKey(tokenOfAll), 403, "can only be read"},
		{"DELETE", objects, apiKey(tokenOfAll), 403, "can only be read"},
		{"PUT", objects, apiKey(tokenOfAll), 405, "can only be read"},
		{"GET", "/feeds/status/8dded90c-40c0-545a-8027-5b212bb37e8e/", apiKey(tokenOfAll), 404, "does not exist"},
	} {
		got := site.ask(new(TAXII), test.method, test.target, test.header)
		header := got.Header()
		if got.Code != test.status || !strings.Contains(got.Body.String(), test.want) || header.Get("Content-Type") != taxii.MediaType {
			t.Errorf("%s %.60s: %d %v\n%s\nwant %d, %s", test.method, test.target, got.Code, header, got.Body, test.status, test.want)
		}
		if !strings.HasSuffix(header.Get("Cache-Control"), "no-store") || header.Get("Content-Length") != strconv.Itoa(got.Body.Len()) {
			t.Errorf("%.60s: header %v", test.target, header)
		}
		if asks := len(header.Values("WWW-Authenticate")); (asks == 2) != (test.status == 401) {
			t.Errorf("%.60s asks for %d kinds of credentials", test.target, asks)
		}
		if dated := header.Get("X-TAXII-Date-Added-Last") != ""; dated != (test.status == 200 && strings.Contains(test.target, "open/") || test.status == 200 && strings.Contains(test.target, "objects")) {
			t.Errorf("%.60s: dates %v", test.target, header)
		}
	}
	var listed struct{ Collections []struct{ Alias string } }
	if err := json.Unmarshal(site.ask(new(TAXII), "GET", "/feeds/collections/", apiKey(tokenOfOne)).Body.Bytes(), &listed); err != nil {
		t.Fatal(err)
	}
	if len(listed.Collections) != 2 || listed.Collections[0].Alias != "other" || listed.Collections[1].Alias != "open" {
		t.Errorf("the token for one feed lists %+v", listed.Collections)
	}
}

// TestTAXIIUnavailable holds that a feed that was not computed yet is a 503 of TAXII, which
// clients repeat.
func TestTAXIIUnavailable(t *testing.T) {
	site := &attackedSite{t: t, ctx: newApp(t, `{"module":"down"},"feeds":[{"name":"open","access":"public"}]`)}
	got := site.ask(new(TAXII), "GET", "/feeds/collections/open/objects/", nil)
	if got.Code != http.StatusServiceUnavailable || got.Header().Get("Content-Type") != taxii.MediaType || got.Header().Get("Retry-After") == "" {
		t.Errorf("%d %v %s", got.Code, got.Header(), got.Body)
	}
}
