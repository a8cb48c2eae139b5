package handlers

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/peba-edge/peba/app"
)

// TestMISPAnswers reads a directory as MISP does, with each kind of token.
func TestMISPAnswers(t *testing.T) {
	site := newAttackedSite(t)
	for _, test := range []struct {
		method, target string
		header         http.Header
		status         int
		want           string
	}{
		{"GET", "/blocklist/manifest.json", apiKey(tokenOfAll), 200, `"info":"Addresses that attacked honeypots: feed blocklist"`},
		{"GET", "/t/" + tokenOfAll + "/blocklist/manifest.json", nil, 200, "feed blocklist"},
		{"GET", "/open/manifest.json", nil, 200, "feed open"},
		{"GET", "/open/hashes.csv", nil, 200, ","},
		{"HEAD", "/open/manifest.json", nil, 200, ""},
		{"GET", "/blocklist/manifest.json", nil, 401, "a feed token is missing or wrong"},
		{"GET", "/t/wrong/open/manifest.json", nil, 401, "a feed token is missing or wrong"},
		{"GET", "/blocklist/manifest.json", apiKey(tokenOfOne), 404, "there is no feed"},
		{"GET", "/open/other.json", nil, 404, "no such file"},
		{"GET", "/open/", nil, 404, "no such file"},
		{"GET", "/open/x/manifest.json", nil, 404, "no such file"},
		{"POST", "/open/manifest.json", nil, 405, "must be GET, HEAD"},
	} {
		got := site.ask(new(MISP), test.method, test.target, test.header)
		if got.Code != test.status || !strings.Contains(got.Body.String(), test.want) {
			t.Errorf("%s %s: %d %v\n%s\nwant %d, %s", test.method, test.target, got.Code, got.Header(), got.Body, test.status, test.want)
		}
	}
	manifest := site.ask(new(MISP), "GET", "/open/manifest.json", nil)
	again := site.ask(new(MISP), "GET", "/open/manifest.json", http.Header{"If-None-Match": {manifest.Header().Get("ETag")}})
	if again.Code != http.StatusNotModified {
		t.Errorf("the same manifest again: %d %v", again.Code, again.Header())
	}
}

// event returns the addresses of the only event of a feed, and those that are deleted in it.
func (s *attackedSite) event(name string) (listed, deleted []string) {
	s.t.Helper()
	var manifest map[string]struct{ Timestamp int64 }
	if err := json.Unmarshal(s.ask(new(MISP), "GET", "/"+name+"/manifest.json", nil).Body.Bytes(), &manifest); err != nil || len(manifest) != 1 {
		s.t.Fatalf("manifest %v: %v", manifest, err)
	}
	for uuid := range manifest {
		got := s.ask(new(MISP), "GET", "/"+name+"/"+uuid+".json", nil)
		var file struct {
			Event struct {
				Attribute []struct {
					Value   string
					Deleted bool
				}
			}
		}
		if err := json.Unmarshal(got.Body.Bytes(), &file); err != nil || got.Header().Get("Content-Type") != "application/json" {
			s.t.Fatalf("%v: %d %v %s", err, got.Code, got.Header(), got.Body)
		}
		for _, a := range file.Event.Attribute {
			if a.Deleted {
				deleted = append(deleted, a.Value)
			} else {
				listed = append(listed, a.Value)
			}
		}
	}
	return listed, deleted
}

// TestMISPAllowed holds that an address is deleted in the event after it was allowed.
func TestMISPAllowed(t *testing.T) {
	site := newAttackedSite(t)
	if listed, deleted := site.event("open"); len(listed) != 3 || len(deleted) != 0 {
		t.Fatalf("listed %v, deleted %v", listed, deleted)
	}
	loaded, err := site.ctx.App("peba")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := loaded.(*app.App).AllowInFeeds(t.Context(), app.NewFeedAllowance{CIDR: "9.9.9.9", Reason: "ours"}, "a test"); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		listed, deleted := site.event("open")
		if len(listed) == 2 && len(deleted) == 1 && deleted[0] == "9.9.9.9" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("listed %v, deleted %v", listed, deleted)
		}
	}
}
