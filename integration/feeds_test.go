package integration

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/peba-edge/peba/feed/lists"
	"github.com/peba-edge/peba/integration/edgetest"
)

// feedOptions are options with a feed that is computed every second.
const feedOptions = `
		feed_interval 1s
		feed blocklist {
			min_alerts 1
			licence "CC BY 4.0"
		}
		feed public {
			min_alerts 3
			access public
		}`

// attack sends so many alerts of a source.
func (s *server) attack(t *testing.T, source string, n int) {
	t.Helper()
	for i := range n {
		body := edgetest.MessageXML(edgetest.CommunityUser, edgetest.CommunityToken, edgetest.AlertXML(source, i))
		if got := s.Post(body); got.Body != edgetest.OKResult {
			t.Fatalf("an alert: %d %s", got.Status, got.Body)
		}
	}
}

// feedToken makes a feed token, with more flags of the command.
func (s *server) feedToken(t *testing.T, name string, flags ...string) string {
	t.Helper()
	_, token, found := strings.Cut(s.feedCommand(t, append([]string{"token", "add", name}, flags...)...), "token: ")
	if !found {
		t.Fatal("no token is shown")
	}
	token, _, _ = strings.Cut(token, "\n")
	return token
}

// listed returns the addresses of a feed as text, in order.
func (s *server) listed(t *testing.T, name, token string) []string {
	t.Helper()
	got := s.Request(http.MethodGet, "/feeds/"+name+".txt", "", "X-Api-Key", token)
	if got.Status != http.StatusOK {
		t.Fatalf("feed %s: %d %s", name, got.Status, got.Body)
	}
	var addrs []string
	for line := range strings.Lines(got.Body) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			addrs = append(addrs, line)
		}
	}
	slices.Sort(addrs)
	return addrs
}

// awaitListed waits until a feed has exactly these addresses.
func (s *server) awaitListed(t *testing.T, name, token string, want ...string) {
	t.Helper()
	slices.Sort(want)
	var got []string
	edgetest.Eventually(t, fmt.Sprintf("feed %s lists %v", name, want), func() bool {
		got = s.listed(t, name, token)
		return slices.Equal(got, want)
	})
}

// feedStart waits until feeds are computed.
func (s *server) feedStart(t *testing.T, token string) {
	t.Helper()
	edgetest.Eventually(t, "feeds are computed", func() bool {
		return s.Request(http.MethodGet, "/feeds/blocklist.txt", "", "X-Api-Key", token).Status == http.StatusOK
	})
}

// everyFormat returns the paths of all formats of a feed that have addresses.
func everyFormat(name string) []string {
	var paths []string
	for _, f := range lists.All() {
		if f.Suffix != "categories" {
			paths = append(paths, "/feeds/"+name+"."+f.Suffix)
		}
	}
	return append(paths, "/feeds/"+name+".stix.json", "/crowdsec/"+name+"/v1/decisions", "/crowdsec/"+name+"/v1/decisions/stream?startup=true")
}

// TestFeeds sends alerts and follows them through the feeds, on both stores.
func TestFeeds(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { testFeeds(t, newServer(t, feedOptions, "")) })
	t.Run("elasticsearch", func(t *testing.T) {
		e := elastics.New(t)
		testFeeds(t, newServer(t, e.Options()+feedOptions, ""))
	})
}

func testFeeds(t *testing.T, s *server) {
	s.Start()
	token := s.feedToken(t, "firewall")
	s.feedStart(t, token)
	s.awaitListed(t, "blocklist", token)
	s.attack(t, "9.9.9.9", 3)
	s.attack(t, "2620:fe::9", 1)
	s.attack(t, "10.1.2.3", 1) // is never listed
	s.awaitListed(t, "blocklist", token, "9.9.9.9", "2620:fe::9")
	s.awaitListed(t, "public", token, "9.9.9.9")

	t.Run("access", func(t *testing.T) { checkFeedAccess(t, s, token) })
	t.Run("caching", func(t *testing.T) { checkFeedCaching(t, s, token) })

	before := s.Request(http.MethodGet, "/feeds/blocklist.stix.json", "", "X-Api-Key", token).Body
	s.Kill()
	s.Start()
	s.feedStart(t, token)
	s.awaitListed(t, "blocklist", token, "9.9.9.9", "2620:fe::9")
	if after := s.Request(http.MethodGet, "/feeds/blocklist.stix.json", "", "X-Api-Key", token).Body; after != before {
		t.Errorf("after kill -9 the objects differ:\n%s\nwere\n%s", after, before)
	}

	for _, path := range everyFormat("blocklist") {
		if got := s.Request(http.MethodGet, path, "", "X-Api-Key", token); !strings.Contains(got.Body, "9.9.9.9") {
			t.Errorf("%s: %d lacks the address: %s", path, got.Status, got.Body)
		}
	}
	if out := s.feedCommand(t, "lookup", "9.9.9.9"); !strings.Contains(out, "blocklist  listed since ") || !strings.Contains(out, "3 alerts of 1 sensors") {
		t.Errorf("lookup: %s", out)
	}
	s.feedCommand(t, "allow", "9.9.9.0/24", "--reason", "our resolvers")
	s.awaitListed(t, "blocklist", token, "2620:fe::9")
	s.awaitListed(t, "public", token) // each feed has its own step
	for _, path := range append(everyFormat("blocklist"), everyFormat("public")...) {
		if strings.HasSuffix(path, "startup=true") {
			continue // it has the address as deleted
		}
		if got := s.Request(http.MethodGet, path, "", "X-Api-Key", token); got.Status != http.StatusOK || strings.Contains(got.Body, "9.9.9.9") {
			t.Errorf("%s: %d has an allowed address: %s", path, got.Status, got.Body)
		}
	}
	if out := s.feedCommand(t, "lookup", "9.9.9.9"); !strings.Contains(out, "not listed; it left at ") || !strings.Contains(out, "allowed    9.9.9.0/24 by the command line: our resolvers") {
		t.Errorf("lookup of an allowed address: %s", out)
	}
	if out, err := s.CLI("", "peba", "feed", "lookup", "9.9.9", "--address", s.Admin); err == nil || !strings.Contains(out, `got "9.9.9", must be an IPv4 or IPv6 address`) {
		t.Errorf("lookup of no address: %v %s", err, out)
	}
	s.feedCommand(t, "allow", "remove", "9.9.9.0/24")
	s.awaitListed(t, "blocklist", token, "9.9.9.9", "2620:fe::9")

	s.feedCommand(t, "token", "revoke", "firewall")
	if got := s.Request(http.MethodGet, "/feeds/blocklist.txt", "", "X-Api-Key", token); got.Status != http.StatusUnauthorized {
		t.Errorf("a revoked token: %d", got.Status)
	}
	if strings.Contains(s.Log.String(), token) {
		t.Error("the log has a feed token")
	}
}

// feedCommand runs `caddy peba feed`.
func (s *server) feedCommand(t *testing.T, args ...string) string {
	t.Helper()
	out, err := s.CLI("", append(append([]string{"peba", "feed"}, args...), "--address", s.Admin)...)
	if err != nil {
		t.Fatalf("feed %s: %v: %s", strings.Join(args, " "), err, out)
	}
	return out
}

// checkFeedAccess tries every way to send a token, and wrong ones.
func checkFeedAccess(t *testing.T, s *server, token string) {
	one := s.feedToken(t, "partner", "--feed", "public")
	for name, test := range map[string]struct {
		path, header, value string
		want                int
	}{
		"no token":             {"/feeds/blocklist.txt", "", "", http.StatusUnauthorized},
		"public, no token":     {"/feeds/public.txt", "", "", http.StatusOK},
		"basic":                {"/feeds/blocklist.txt", "Authorization", basic("anything", token), http.StatusOK},
		"bearer":               {"/feeds/blocklist.txt", "Authorization", "Bearer " + token, http.StatusOK},
		"key":                  {"/feeds/blocklist.txt", "X-Api-Key", token, http.StatusOK},
		"path":                 {"/feeds/t/" + token + "/blocklist.txt", "", "", http.StatusOK},
		"wrong key":            {"/feeds/blocklist.txt", "X-Api-Key", token + "x", http.StatusUnauthorized},
		"wrong, public":        {"/feeds/public.txt", "X-Api-Key", token + "x", http.StatusUnauthorized},
		"wrong path":           {"/feeds/t/" + token + "x/blocklist.txt", "", "", http.StatusUnauthorized},
		"user's login":         {"/feeds/blocklist.txt", "Authorization", basic(edgetest.CommunityUser, edgetest.CommunityToken), http.StatusUnauthorized},
		"another feed's token": {"/feeds/blocklist.txt", "X-Api-Key", one, http.StatusNotFound},
		"its own feed":         {"/feeds/public.txt", "X-Api-Key", one, http.StatusOK},
		"unknown feed":         {"/feeds/unknown.txt", "X-Api-Key", token, http.StatusNotFound},
		"unknown format":       {"/feeds/blocklist.doc", "X-Api-Key", token, http.StatusNotFound},
		"bad parameter":        {"/feeds/blocklist.txt?limit=-1", "X-Api-Key", token, http.StatusBadRequest},
		"taxii":                {"/taxii2/feeds/collections/blocklist/objects/", "", "", http.StatusUnauthorized},
		"misp":                 {"/misp/blocklist/manifest.json", "", "", http.StatusUnauthorized},
		"crowdsec":             {"/crowdsec/v1/decisions", "", "", http.StatusForbidden},
	} {
		t.Run(name, func(t *testing.T) {
			var headers []string
			if test.header != "" {
				headers = []string{test.header, test.value}
			}
			if got := s.Request(http.MethodGet, test.path, "", headers...); got.Status != test.want {
				t.Errorf("%d %s, want %d", got.Status, got.Body, test.want)
			}
		})
	}
	list := s.feedCommand(t, "token", "list")
	if !strings.Contains(list, "firewall  all") || !strings.Contains(list, "partner   public") || strings.Contains(list, "never") || strings.Contains(list, token) {
		t.Errorf("the list of tokens:\n%s", list)
	}
}

// checkFeedCaching: an unchanged feed is answered 304.
func checkFeedCaching(t *testing.T, s *server, token string) {
	first := s.Request(http.MethodGet, "/feeds/blocklist.txt", "", "X-Api-Key", token)
	tag, modified := first.Header.Get("ETag"), first.Header.Get("Last-Modified")
	time.Sleep(1100 * time.Millisecond) // another computation
	for header, value := range map[string]string{"If-None-Match": tag, "If-Modified-Since": modified} {
		if got := s.Request(http.MethodGet, "/feeds/blocklist.txt", "", "X-Api-Key", token, header, value); got.Status != http.StatusNotModified || got.Body != "" {
			t.Errorf("with %s: %s: %d %q", header, value, got.Status, got.Body)
		}
	}
	if got := s.Request(http.MethodHead, "/feeds/blocklist.txt", "", "X-Api-Key", token); got.Status != http.StatusOK || got.Header.Get("Content-Length") != fmt.Sprint(len(first.Body)) {
		t.Errorf("HEAD: %d %v", got.Status, got.Header)
	}
}

// TestFeedAllowlist: users edit the list of allowed networks, if they may.
func TestFeedAllowlist(t *testing.T) {
	s := startServer(t, feedOptions, "")
	s.User("editor's token\n", "add", "editor", "--token-file", "-")
	s.User("reader's token\n", "add", "reader", "--get-only", "--token-file", "-")
	s.User("limited's token\n", "add", "limited", "--community", "--token-file", "-")
	editor := basic("editor", "editor's token")
	for name, test := range map[string]struct {
		method, login, media, query, body string
		want                              int
		text                              string
	}{
		"no login":       {http.MethodPost, "", "application/json", "", `{}`, http.StatusBadRequest, ""},
		"get only":       {http.MethodPost, basic("reader", "reader's token"), "application/json", "", `{}`, http.StatusForbidden, "may write"},
		"community only": {http.MethodPost, basic("limited", "limited's token"), "application/json", "", `{}`, http.StatusForbidden, "may write"},
		"a form":         {http.MethodPost, editor, "text/plain", "", `{"cidr":"9.9.9.9","reason":"x"}`, http.StatusUnsupportedMediaType, "application/json"},
		"no JSON":        {http.MethodPost, editor, "application/json", "", `cidr`, http.StatusBadRequest, "JSON"},
		"no network":     {http.MethodPost, editor, "application/json", "", `{"cidr":"all","reason":"x"}`, http.StatusBadRequest, `got \"all\"`},
		"too wide":       {http.MethodPost, editor, "application/json", "", `{"cidr":"0.0.0.0/0","reason":"x"}`, http.StatusBadRequest, "too wide"},
		"no reason":      {http.MethodPost, editor, "application/json", "", `{"cidr":"9.9.9.9"}`, http.StatusBadRequest, "reason"},
		"in the past":    {http.MethodPost, editor, "application/json", "", `{"cidr":"9.9.9.9","reason":"x","until":"2020-01-01T00:00:00Z"}`, http.StatusBadRequest, "future"},
		"control":        {http.MethodPost, editor, "application/json", "", `{"cidr":"9.9.9.9","reason":"x\u001b[31m"}`, http.StatusBadRequest, "printable"},
		"unknown":        {http.MethodDelete, editor, "", "?cidr=9.9.9.9", "", http.StatusNotFound, ""},
		"get":            {http.MethodGet, editor, "", "", "", http.StatusMethodNotAllowed, ""},
		"too long":       {http.MethodPost, editor, "application/json", "", `{"cidr":"` + strings.Repeat("9", 10_000) + `"}`, http.StatusRequestEntityTooLarge, ""},
	} {
		t.Run(name, func(t *testing.T) {
			headers := []string{"Content-Type", test.media}
			if test.login != "" {
				headers = append(headers, "Authorization", test.login)
			}
			got := s.Request(test.method, "/alert/feedAllow"+test.query, test.body, headers...)
			if got.Status != test.want || !strings.Contains(got.Body, test.text) {
				t.Errorf("%d %s, want %d and %q", got.Status, got.Body, test.want, test.text)
			}
		})
	}
	got := s.Request(http.MethodPost, "/alert/feedAllow", `{"cidr":"9.9.9.9","reason":"<script>alert(1)</script>"}`, "Content-Type", "application/json", "Authorization", editor)
	if got.Status != http.StatusOK {
		t.Fatalf("adding: %d %s", got.Status, got.Body)
	}
	var list []struct{ Network, Reason, By string }
	answer := s.Request(http.MethodGet, "/alert/feedAllowances", "", "Authorization", editor)
	if err := json.Unmarshal([]byte(answer.Body), &list); err != nil || len(list) != 1 || list[0].Network != "9.9.9.9/32" || list[0].By != "user editor" {
		t.Errorf("the list: %v %s", err, answer.Body)
	}
	if strings.Contains(answer.Body, "<script>") {
		t.Error("a reason is not escaped")
	}
	if got := s.Request(http.MethodDelete, "/alert/feedAllow?cidr=9.9.9.9/32", "", "Authorization", editor); got.Status != http.StatusNoContent {
		t.Errorf("removing: %d %s", got.Status, got.Body)
	}
}

// TestFeedsOfAFleet: two nodes over one Elasticsearch list the same, whichever got the alerts,
// and also after one of them was killed.
func TestFeedsOfAFleet(t *testing.T) {
	e := elastics.New(t)
	var edges [2]*server
	for i := range edges {
		edges[i] = newServer(t, e.Options()+feedOptions, "")
		edges[i].Start()
	}
	token := edges[0].feedToken(t, "firewall")
	for _, s := range edges {
		s.feedStart(t, token) // the other node knows the token, too
	}
	same := func(want ...string) {
		t.Helper()
		for _, s := range edges {
			s.awaitListed(t, "blocklist", token, want...)
		}
		bundle := func(s *server) string {
			return s.Request(http.MethodGet, "/feeds/blocklist.stix.json", "", "X-Api-Key", token).Body
		}
		edgetest.Eventually(t, "both have the same objects", func() bool { return bundle(edges[0]) == bundle(edges[1]) })
	}
	edges[0].attack(t, "9.9.9.9", 2)
	edges[1].attack(t, "9.9.9.10", 2)
	same("9.9.9.9", "9.9.9.10")
	edges[0].Kill()
	edges[1].attack(t, "9.9.9.11", 1)
	edges[1].feedCommand(t, "allow", "9.9.9.10", "--reason", "ours")
	edges[1].awaitListed(t, "blocklist", token, "9.9.9.9", "9.9.9.11")
	edges[0].Start()
	edges[0].feedStart(t, token)
	same("9.9.9.9", "9.9.9.11")
}
