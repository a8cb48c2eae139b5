package integration

import (
	"encoding/base64"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/peba-edge/peba/integration/edgetest"
	"github.com/peba-edge/peba/query"
	"github.com/peba-edge/peba/routes"
)

// canaries are texts that an alert is marked with: a different one in each field that
// only users may see, and one in what anybody may see.
type canaries struct {
	secret map[string]string
	public string
}

// newCanaries returns those of an alert; n tells alerts apart.
func newCanaries(n int) canaries {
	word := func(field string) string { return fmt.Sprintf("canary%d%s7f3a", n, field) }
	c := canaries{public: word("public"), secret: map[string]string{
		"source address":   fmt.Sprintf("185.220.101.%d", 71+n),
		"target address":   fmt.Sprintf("194.146.133.%d", 71+n),
		"external address": fmt.Sprintf("193.99.144.%d", 71+n),
		"internal address": fmt.Sprintf("192.168.237.%d", 71+n),
	}}
	for _, field := range []string{"source port", "analyzer", "hostname", "uuid", "version", "start", "end", "session", "additional", "key", "raw", "agent"} {
		c.secret[field] = word(strings.ReplaceAll(field, " ", ""))
	}
	return c
}

// message is an alert with the canaries, from a user.
func (c canaries) message(user, token string) string {
	s, data := c.secret, edgetest.FieldXML
	raw := base64.StdEncoding.EncodeToString([]byte("GET /" + c.public + " HTTP/1.1\r\nX-Canary: " + s["raw"] + "\r\n\r\n"))
	return edgetest.MessageXML(user, token, `<Alert><Analyzer id="glastopf-`+s["analyzer"]+`"/>`+
		`<CreateTime tz="+0000">`+time.Now().UTC().Format(time.DateTime)+`</CreateTime>`+
		`<Source category="ipv4" port="`+s["source port"]+`" protocol="tcp">`+s["source address"]+`</Source>`+
		`<Target category="ipv4" port="80" protocol="tcp">`+s["target address"]+`</Target>`+
		`<Request type="url">/`+c.public+`</Request><Request type="raw">`+raw+`</Request>`+
		data("hostname", s["hostname"])+data("uuid", s["uuid"])+data("version", s["version"])+
		data("starttime", s["start"])+data("endtime", s["end"])+data("sessionid", s["session"])+
		data("externalIP", s["external address"])+data("internalIP", s["internal address"])+
		data(s["key"], s["additional"])+`</Alert>`)
}

// What a user's record is marked with.
const (
	canaryToken = "canary-token-9c1d4e"
	canaryEmail = "canary-mail@canary-9c1d4e.example"
)

// TestNothingPrivateIsPublic marks alerts and users, and then gets everything that
// anybody can get.
func TestNothingPrivateIsPublic(t *testing.T) {
	for _, domain := range []string{"public", "hidden"} {
		t.Run(domain, func(t *testing.T) {
			s := newServer(t, "private_domain "+domain, "")
			s.WriteConfig(strings.Replace(s.Site("private_domain "+domain, ""), "respond 404", "metrics /metrics\n\trespond 404", 1))
			s.Start()
			s.User(canaryToken+"\n", "add", "soc", "--email", canaryEmail, "--token-file", "-")
			community, private := newCanaries(1), newCanaries(2)
			live := s.listen(http.DefaultClient, "")
			s.send(community, edgetest.CommunityUser, edgetest.CommunityToken)
			s.send(private, "soc", canaryToken)
			live.waitForAlerts(1)

			secret := map[string]string{"token": canaryToken, "e-mail": canaryEmail, "community's token": edgetest.CommunityToken}
			for field, text := range community.secret {
				secret["community's "+field] = text
			}
			for field, text := range private.secret {
				secret["private user's "+field] = text
			}
			if domain == "hidden" {
				secret["private user's request"] = private.public
			}
			seen := s.crawl(public(t, community.secret["source address"]), "")
			live.stop()
			seen["stream"] = fmt.Sprint(live.events, live.header)
			wantNone(t, seen, secret)
			wantSome(t, seen, "community's request", community.public)
			if domain == "public" {
				wantSome(t, seen, "private user's request", private.public)
			}
			if text := s.Log.String(); strings.Contains(text, canaryToken) || strings.Contains(text, edgetest.CommunityToken) {
				t.Error("the log has a token")
			}

			// The canaries are stored, and as they are looked for: users see them.
			seen = s.crawl(loggedIn(private.secret["source address"]), basic("soc", canaryToken))
			for field, text := range private.secret {
				wantSome(t, seen, field, text)
			}
			delete(secret, "private user's request")
			for field := range secret {
				if !strings.Contains(field, "token") && field != "e-mail" {
					delete(secret, field)
				}
			}
			wantNone(t, seen, secret)
		})
	}
}

// send sends the alert with the canaries.
func (s *server) send(c canaries, user, token string) {
	s.t.Helper()
	got := s.Request(http.MethodPost, edgetest.PostPath, c.message(user, token), "User-Agent", c.secret["agent"])
	if got.Body != edgetest.OKResult {
		s.t.Fatalf("%d %s", got.Status, got.Body)
	}
}

// request is a method, a URI and a body.
type request struct{ method, uri, body string }

// public returns requests for everything that there is for anybody, and for what is
// refused.
func public(t *testing.T, source string) []request {
	t.Helper()
	var all []request
	for _, r := range routes.Table() {
		if r.Handler == "peba_stream" {
			continue // does not end
		}
		uris := routes.WithSlash(r.Paths...)
		if r.Question != nil {
			uris = append(uris, edgetest.Variants(r.Question, source, time.Now())...)
		}
		for _, uri := range uris {
			all = append(all, request{http.MethodGet, uri, ""})
		}
		for _, path := range r.Paths {
			all = append(all,
				request{http.MethodOptions, path, ""}, request{http.MethodPut, path, ""}, request{http.MethodPost, path, ""},
				request{http.MethodPost, path, "no XML"})
		}
	}
	for _, path := range []string{edgetest.PostPath, "/alert/retrieveIPs"} { // few, for each takes longer than the one before
		all = append(all, request{http.MethodPost, path, edgetest.MessageXML("soc", "wrong token", edgetest.AlertXML("9.9.9.9", 1))})
	}
	for _, uri := range []string{"/", "/dashboard", "/nothing", "/alert/nothing", "/heartbeat?strict", "/metrics", "/alert/stream?ci=x"} {
		all = append(all, request{http.MethodHead, uri, ""}, request{http.MethodPost, uri, ""})
		if !strings.HasPrefix(uri, "/alert/stream") {
			all = append(all, request{http.MethodGet, uri, ""})
		}
	}
	files := os.DirFS("../dashboard/public")
	err := fs.WalkDir(files, ".", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			all = append(all, request{http.MethodGet, "/dashboard/" + path, ""})
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// loggedIn returns the private questions in all variants.
func loggedIn(source string) []request {
	var all []request
	for _, q := range query.All() {
		if !q.Private {
			continue
		}
		for _, uri := range edgetest.Variants(q, source, time.Now()) {
			all = append(all, request{http.MethodGet, uri, ""})
		}
	}
	return all
}

// crawl sends the requests, and returns by request all that was answered.
func (s *server) crawl(requests []request, authorization string) map[string]string {
	s.t.Helper()
	seen := make(map[string]string)
	for _, r := range requests {
		var header []string
		if authorization != "" {
			header = []string{"Authorization", authorization}
		}
		got := s.Request(r.method, r.uri, r.body, header...)
		seen[strings.Join([]string{r.method, r.uri, r.body}, " ")] = fmt.Sprint(got.Status, got.Header, got.Body)
	}
	s.t.Logf("%d answers", len(seen))
	return seen
}

// wantNone fails the test for each text that is in an answer.
func wantNone(t *testing.T, seen, secret map[string]string) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(seen)) {
		for field, text := range secret {
			if strings.Contains(seen[name], text) {
				t.Errorf("%s shows the %s", name, field)
			}
		}
	}
}

// wantSome fails the test if no answer has the text.
func wantSome(t *testing.T, seen map[string]string, field, text string) {
	t.Helper()
	for _, answer := range seen {
		if strings.Contains(answer, text) {
			return
		}
	}
	t.Errorf("no answer has the %s, %s: nothing is tested", field, text)
}
