package integration

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"github.com/peba-edge/peba/integration/edgetest"
)

// wantCheck fails the test unless `peba check` finds fault with the part, and
// gives the advice.
func (s *server) wantCheck(part, advice string) {
	s.t.Helper()
	out, ok := s.Check()
	if ok {
		s.t.Errorf("the check ends well, though %s is not", part)
	}
	lines := strings.Split(out, "\n")
	for i, line := range lines[:len(lines)-1] {
		if strings.HasPrefix(line, "!!  "+part+" ") && strings.Contains(lines[i+1], "→ ") && strings.Contains(lines[i+1], advice) {
			return
		}
	}
	s.t.Errorf("the check finds no fault with %s, or does not advise %q:\n%s", part, advice, out)
}

// wantHealthy waits until the check finds no fault: copies of new indices take a
// moment to be made.
func (s *server) wantHealthy() {
	s.t.Helper()
	var out string
	defer func() {
		if s.t.Failed() {
			s.t.Log(out)
		}
	}()
	edgetest.Eventually(s.t, "the check finds no fault", func() (ok bool) { out, ok = s.Check(); return ok })
	if strings.Contains(out, "!!") {
		s.t.Errorf("the check ends well with\n%s", out)
	}
}

// newCheckedServer prepares a server with which the check finds no fault: its community
// log-in is its own, and a site answers requests for other hosts.
func newCheckedServer(t *testing.T, appOptions string) *server {
	t.Helper()
	s := newServer(t, "", "")
	s.WriteConfig(s.checkedSite(appOptions))
	return s
}

func (s *server) checkedSite(appOptions string) string {
	config := s.Site(appOptions, "")
	config = strings.Replace(config, edgetest.CommunityUser+" "+edgetest.CommunityToken, checkedUser+" "+checkedToken, 1)
	return config + "http://" + s.URL[strings.LastIndex(s.URL, ":"):] + " {\n\trespond 421\n}\n"
}

// The community's log-in of these servers.
const (
	checkedUser  = "sensors-of-our-own"
	checkedToken = "a-token-of-our-own"
)

func TestCheck(t *testing.T) {
	t.Parallel() // waits for what is done once a minute
	e := elastics.New(t)
	s := newCheckedServer(t, e.Options())
	s.Start()
	s.wantHealthy()
	e.Do(http.MethodDelete, "/_index_template/peba-"+e.Prefix+"ews", "", nil)
	s.wantCheck("template", "repairs it within a minute")
	// Meanwhile, for that takes most of the minute:
	taken := elastics.New(t)
	taken.Do(http.MethodPut, "/"+taken.Prefix+"today", "", nil)
	other := newCheckedServer(t, taken.Options())
	other.Start()

	t.Run("alias's name taken", func(t *testing.T) {
		other.wantCheck("alias", "an index may have the alias's name")
		taken.Do(http.MethodDelete, "/"+taken.Prefix+"today", "", nil)
		other.wantHealthy()
	})
	t.Run("unknown host", func(t *testing.T) {
		other := newCheckedServer(t, "store elasticsearch http://elasticsearch.invalid:9200")
		other.StartUntil(http.StatusServiceUnavailable)
		other.wantCheck("connection", "Make sure that Elasticsearch runs and that the URLs")
	})
	t.Run("log-in", func(t *testing.T) {
		guarded := elastics.New(t)
		gate := httptest.NewServer(loginGate(t, guarded.URL()))
		defer gate.Close()
		wrong := newCheckedServer(t, guarded.OptionsAt([]string{gate.URL}, "user peba wrong"))
		wrong.StartUntil(http.StatusServiceUnavailable)
		wrong.wantCheck("connection", "The user, password or api_key of this store is wrong")
		if got := wrong.Post(edgetest.MessageXML(checkedUser, checkedToken, edgetest.AlertXML("9.9.9.9", 1))); got.Body != edgetest.OKResult {
			t.Errorf("with a wrong password alerts are to wait in the spool: %d %s", got.Status, got.Body)
		}
		wrong.WriteConfig(wrong.checkedSite(guarded.OptionsAt([]string{gate.URL}, "user peba right")))
		wrong.Reload()
		wrong.Drain()
		wrong.wantHealthy()
		if got := guarded.Sessions(); len(got) != 1 {
			t.Errorf("stored is %v, want the one alert", got)
		}
	})
	s.wantHealthy() // the template is repaired
}

// loginGate stands before a node and asks for a password, as Elasticsearch's
// security does, which the server of these tests has not.
func loginGate(t *testing.T, node string) http.Handler {
	t.Helper()
	u, err := url.Parse(node)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(u)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == basic("peba", "right") {
			proxy.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("WWW-Authenticate", `Basic realm="security" charset="UTF-8"`)
		w.WriteHeader(http.StatusUnauthorized)
		// A test's client that went away is no matter.
		_, _ = w.Write([]byte(`{"error":{"root_cause":[{"type":"security_exception","reason":"unable to authenticate user [peba]"}],` +
			`"type":"security_exception","reason":"unable to authenticate user [peba]"},"status":401}`))
	})
}
