package integration

import (
	"bufio"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/peba-edge/peba/integration/edgetest"
	"github.com/peba-edge/peba/routes"
)

// oneMessage is what every sensor sends.
func oneMessage() string {
	return edgetest.MessageXML(edgetest.CommunityUser, edgetest.CommunityToken, edgetest.AlertXML("9.9.9.9", 1))
}

// TestPostsThatNobodyTakes: a status below 400 without a StatusCode ends the
// sensors' client. Whatever path it posts to, it gets an answer that it retries.
func TestPostsThatNobodyTakes(t *testing.T) {
	s := newServer(t, "", "")
	config := strings.Replace(s.Site("", ""), "\trespond 404\n", "\tmetrics /metrics\n\trespond /own own\n", 1)
	s.WriteConfig(config)
	s.Start()
	for _, path := range []string{"/", "/dashboard", "/dashboard/", "/ews-0.1/alert/mistyped", "/ews/alert/postSimpleMessage", "/postSimpleMessage", "/alert/tops", "/heartbeat"} {
		got := s.Request(http.MethodPost, path, oneMessage())
		if got.Status < 400 || !strings.Contains(got.Body, "<StatusCode>ERROR</StatusCode>") && got.Status != http.StatusNotFound && got.Status != http.StatusMethodNotAllowed {
			t.Errorf("POST %s: %d %s", path, got.Status, got.Body)
		}
	}
	for path, status := range map[string]int{"/own": 200, "/metrics": 200, "/nothing": 404, "/": 302, "/dashboard": 302} {
		if got := s.Request(http.MethodGet, path, ""); got.Status != status {
			t.Errorf("GET %s: %d, want %d", path, got.Status, status)
		}
	}
}

// TestPrefix serves everything below a prefix.
func TestPrefix(t *testing.T) {
	s := newServer(t, "", "")
	config := s.Site("", "")
	s.WriteConfig(strings.Replace(config, "\tpeba {\n\t\t\n\t}\n\trespond 404", "\tpeba_unhandled\n\thandle_path /edge/* {\n\t\tpeba\n\t}\n\tpeba_heartbeat /heartbeat", 1))
	s.Start()
	if got := s.Request(http.MethodPost, "/edge"+routes.IngestPath, oneMessage()); got.Body != edgetest.OKResult {
		t.Errorf("a message: %d %s", got.Status, got.Body)
	}
	for _, path := range []string{routes.IngestPath, "/edge/ews-0.1/alert/mistyped", "/edge/dashboard", "/", "/edge"} {
		if got := s.Request(http.MethodPost, path, oneMessage()); got.Status != http.StatusNotFound {
			t.Errorf("a message to %s: %d %s", path, got.Status, got.Body)
		}
	}
	for path, location := range map[string]string{"/edge/": "dashboard/", "/edge/dashboard": "dashboard/"} {
		if got := s.Request(http.MethodGet, path, ""); got.Status != http.StatusFound || got.Header.Get("Location") != location {
			t.Errorf("%s: %d to %q, want %q", path, got.Status, got.Header.Get("Location"), location)
		}
	}
	for path, status := range map[string]int{"/edge/dashboard/": 200, "/edge/dashboard/style.css": 200, "/edge/alert/retrieveAlertStats": 200,
		"/edge/nothing": 404, "/alert/retrieveAlertStats": 404} {
		if got := s.Request(http.MethodGet, path, ""); got.Status != status {
			t.Errorf("GET %s: %d, want %d", path, got.Status, status)
		}
	}
}

// TestSpelledOutRoutes runs what Caddyfile.example spells out beside the directive
// that stands for it: both answer alike, whatever is asked.
func TestSpelledOutRoutes(t *testing.T) {
	short := newServer(t, "", "")
	spelled := newServer(t, "", "")
	withoutEnd := func(s *server) string { return strings.Replace(s.Site("", ""), "\trespond 404\n", "", 1) }
	short.WriteConfig(withoutEnd(short))
	spelled.WriteConfig(strings.Replace(withoutEnd(spelled), "\tpeba {\n\t\t\n\t}\n", spelledInExample(t), 1))
	short.Start()
	spelled.Start()

	paths := []string{"/", "/dashboard", "/dashboard/", "/dashboard/style.css", "/nothing", "/alert/nothing", "/ews-0.1/"}
	for _, route := range routes.Table() {
		if route.Handler != "peba_stream" { // it has no end
			paths = append(paths, routes.WithSlash(route.Paths...)...)
		}
	}
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodOptions} {
		for _, path := range paths {
			a, b := short.Request(method, path, ""), spelled.Request(method, path, "")
			if a.Status != b.Status || a.Body != b.Body || !maps.EqualFunc(lasting(a.Header), lasting(b.Header), slices.Equal) {
				t.Errorf("%s %s: the directive answers %d %v %.200s, spelled out %d %v %.200s", method, path, a.Status, a.Header, a.Body, b.Status, b.Header, b.Body)
			}
		}
	}
}

// lasting leaves out the headers that differ from one moment to the next.
func lasting(h http.Header) http.Header {
	h = h.Clone()
	for _, name := range []string{"Date", "Server-Timing", "Age", "Cache-Control", "Last-Modified"} {
		h.Del(name)
	}
	return h
}

// spelledInExample returns the lines of Caddyfile.example that the directive
// stands for, out of their comment.
func spelledInExample(t *testing.T) string {
	t.Helper()
	f, err := os.Open(example)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var lines strings.Builder
	for scanner := bufio.NewScanner(f); scanner.Scan(); {
		if line, ok := strings.CutPrefix(scanner.Text(), "\t#\t"); ok {
			lines.WriteString("\t" + line + "\n")
		}
	}
	if !strings.Contains(lines.String(), "respond @beyond 404") {
		t.Fatalf("%s spells out:\n%s", example, lines.String())
	}
	return lines.String()
}

// TestOtherHosts posts to the example by a name that no site has.
func TestOtherHosts(t *testing.T) {
	s := newServer(t, "", "")
	port := s.URL[strings.LastIndex(s.URL, ":"):]
	s.Config = example
	setCommunity(t)
	t.Setenv("PEBA_SITE", "http://collector.example.org"+port+", "+s.URL)
	t.Setenv("PEBA_OTHER_HOSTS", "http://"+port)
	t.Setenv("PEBA_BIND", "127.0.0.1")
	t.Setenv("PEBA_STORE", filepath.Join(s.Data, "example.db"))
	s.Start()
	for host, status := range map[string]int{"collector.example.org": 200, "192.168.1.5": 421, "collector.example.org.": 421} {
		got := s.Request(http.MethodPost, routes.IngestPath, oneMessage(), "Host", host+port)
		if got.Status != status || !strings.Contains(got.Body, "<StatusCode>") {
			t.Errorf("host %s: %d %s, want %d", host, got.Status, got.Body, status)
		}
	}
	if got := s.Request(http.MethodGet, "/nothing", ""); got.Status != http.StatusNotFound {
		t.Errorf("an unknown path: %s", fmt.Sprint(got))
	}
}
