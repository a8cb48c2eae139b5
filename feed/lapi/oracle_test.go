//go:build linux

package lapi

import (
	"net/netip"
	"net/url"
	"regexp"
	"testing"
	"time"

	"github.com/peba-edge/peba/feed"
	"github.com/peba-edge/peba/feed/lapi/lapitest"
)

// shape replaces what differs between our answers and CrowdSec's: it adds decisions by cscli,
// numbers them, and has durations with fractions.
func shape(body string) string {
	for pattern, same := range map[string]string{`"duration":"-[0-9hms.µn]+"`: `"duration":"-"`, `"duration":"[0-9hms.µn]+"`: `"duration":"+"`, `"id":[0-9]+`: `"id":0`, `"origin":"[a-z]+"`: `"origin":""`} {
		body = regexp.MustCompile(pattern).ReplaceAllString(body, same)
	}
	return body
}

// ask answers a query of decisions as the handler does.
func ask(t *testing.T, s *feed.Snapshot, query string) string {
	t.Helper()
	values, err := url.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	f, err := ParseFilter(values)
	if err != nil {
		t.Fatal(err)
	}
	return string(Decisions(s, noon, f))
}

// TestOracle compares answers with those of CrowdSec that has the same decisions.
func TestOracle(t *testing.T) {
	crowdsec := lapitest.StartCrowdSec(t)
	s := sample()
	s.Left = nil
	for i := range s.Members {
		crowdsec.Do(t, "decisions", "add", "-i", s.Members[i].Addr.String(), "-d", "4h", "-R", Scenario(s.Feed))
	}
	for _, query := range []string{
		"", "unknown=1", "dedup=false", "ip=203.0.113.5", "ip=203.0.113.6", "ip=2001:db8::7", "ip=2001:db8:0::7",
		"range=203.0.113.0/24", "range=203.0.113.0/24&contains=true", "range=203.0.113.0/24&contains=false", "range=203.0.113.5/32",
		"range=2001:db8::/32&contains=false", "value=203.0.113.5", "value=someone", "scope=ip", "scopes=ip", "scopes=range", "scopes=ip,range",
		"type=ban", "type=captcha", "scenarios_containing=peba", "scenarios_containing=ssh", "scenarios_containing=ssh,peba",
		"scenarios_not_containing=ssh", "scenarios_not_containing=peba",
	} {
		theirs := crowdsec.Get(t, "/v1/decisions?"+query)
		if got := ask(t, s, query); theirs.Status != 200 || theirs.ContentType != ContentType || shape(got) != shape(theirs.Body) {
			t.Errorf("%s: got %s\nCrowdSec has %+v", query, got, theirs)
		}
	}
	// Wrong values are errors of the client here, and of the server there.
	for _, query := range []string{"ip=xx", "contains=maybe"} {
		if theirs := crowdsec.Get(t, "/v1/decisions?"+query); theirs.Status != 500 {
			t.Errorf("%s: CrowdSec answers %+v", query, theirs)
		}
	}
	if theirs := crowdsec.Get(t, "/health"); theirs.Body != Health {
		t.Errorf("health: got %s, CrowdSec has %s", Health, theirs.Body)
	}
	compareStreams(t, crowdsec, s)
}

// compareStreams compares the answers of the stream: all, no change, and each change.
func compareStreams(t *testing.T, crowdsec *lapitest.CrowdSec, s *feed.Snapshot) {
	t.Helper()
	var cursor time.Time
	compare := func(what, query string) {
		t.Helper()
		var body []byte
		body, cursor = Stream(s, s.At, Poll{Cursor: cursor, Startup: query != ""})
		theirs := crowdsec.Get(t, "/v1/decisions/stream"+query)
		if theirs.Status != 200 || theirs.ContentType != ContentType || shape(string(body)) != shape(theirs.Body) {
			t.Errorf("%s: got %s\nCrowdSec has %+v", what, body, theirs)
		}
	}
	next := func() *feed.Snapshot {
		// CrowdSec repeats who left in the two seconds before a poll.
		time.Sleep(2 * time.Second)
		crowdsec.Get(t, "/v1/decisions/stream")
		time.Sleep(time.Second)
		return &feed.Snapshot{Feed: s.Feed, At: s.At.Add(time.Minute), Members: s.Members}
	}
	compare("startup", "?startup=true")
	s = next()
	compare("no change", "")

	s = next()
	crowdsec.Do(t, "decisions", "delete", "-i", s.Members[0].Addr.String())
	s.Left = []feed.Departure{{Member: s.Members[0], At: s.At}}
	s.Members = s.Members[1:]
	compare("one left", "")

	s = next()
	addr := netip.MustParseAddr("203.0.113.8")
	crowdsec.Do(t, "decisions", "add", "-i", addr.String(), "-d", "4h", "-R", Scenario(s.Feed))
	s.Members = append(s.Members, feed.Member{Addr: addr, Created: s.At, Joined: s.At})
	compare("one joined", "")
	s = next()
	compare("no change again", "")
}
