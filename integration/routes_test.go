package integration

import (
	"net/http"
	"strings"
	"testing"

	"github.com/peba-edge/peba/integration/edgetest"
)

const frontend = "https://map.example.org"

// TestStandardRoutes asks what the directive peba without a block serves.
func TestStandardRoutes(t *testing.T) {
	s := startServer(t, "", "")
	for _, test := range []struct {
		method, path string
		status       int
	}{
		{"GET", "/heartbeat", 200},
		{"GET", "/heartbeat/", 200},
		{"GET", "/alert/heartbeat", 200},
		{"POST", "/heartbeat", 405},
		{"GET", "/alert/retrieveAlertStats", 200},
		{"GET", "/alert/retrieveAlertStats/", 200},
		{"HEAD", "/alert/retrieveAlertStats", 200},
		{"POST", "/alert/retrieveAlertStats", 405},
		{"GET", "/alert/retrieveAlertsCount?time=x", 400},
		{"GET", "/alert/retrieveAlertsJson?topx=1001", 400},
		{"GET", "/alert/replayDay/", 200},
		{"GET", "/alert/replayDay?day=tomorrow", 400},
		{"GET", "/alert/replay?from=2026-11-24%2010:05:00", 200},
		{"GET", "/alert/replay?from=2026-11-24%2010:04:00", 400},
		{"GET", "/alert/sensors", 405},
		{"GET", "/alert/retrieveIPs", 405},
		{"GET", "/ews-0.1/alert/retrieveIPs15m/", 405},
		{"GET", "/ews-0.1/alert/postSimpleMessage/", 405},
		{"HEAD", "/alert/stream", 200},
		{"OPTIONS", "/alert/stream", 204},
		{"POST", "/alert/stream/", 405},
		{"GET", "/alert/", 404},
		{"GET", "/alert/nothing", 404},
		{"POST", "/alert/postSimpleMessage", 404},
		{"GET", "/ews-0.1/alert/retrieveAlertStats", 404},
		{"GET", "/", 302},
		{"GET", "/dashboard", 302},
		{"GET", "/dashboard/", 200},
		{"HEAD", "/dashboard/", 200},
		{"POST", "/dashboard/", 405},
		{"GET", "/dashboard/style.css", 200},
		{"GET", "/dashboard/nothing", 404},
		{"GET", "/dashboard/dashboard/style.css", 404},
		{"GET", "/nothing", 404},
	} {
		got := s.Request(test.method, test.path, "")
		if got.Status != test.status {
			t.Errorf("%s %s: %d, want %d: %s", test.method, test.path, got.Status, test.status, got.Body)
		}
		if test.method == "HEAD" && got.Body != "" {
			t.Errorf("HEAD %s has a body", test.path)
		}
		if location := got.Header.Get("Location"); (test.status == 302) != (location == "dashboard/") {
			t.Errorf("%s: Location is %q", test.path, location)
		}
	}
}

func TestWithoutPublic(t *testing.T) {
	s := startServer(t, "", "without public")
	for _, path := range []string{"/alert/stream", "/alert/openapi.json", "/alert/tops", "/dashboard/", "/"} {
		if got := s.Request(http.MethodHead, path, ""); got.Status != http.StatusNotFound {
			t.Errorf("%s: %d, want 404", path, got.Status)
		}
	}
}

func TestWithoutRoutes(t *testing.T) {
	s := startServer(t, "", "without private ingest")
	for path, status := range map[string]int{
		"/alert/retrieveIPs":               404,
		"/ews-0.1/alert/postSimpleMessage": 404,
		"/alert/retrieveAlertStats":        200,
	} {
		if got := s.Request(http.MethodGet, path, ""); got.Status != status {
			t.Errorf("%s: %d, want %d", path, got.Status, status)
		}
	}
}

func TestWithoutDashboard(t *testing.T) {
	s := startServer(t, "", "without dashboard")
	for path, status := range map[string]int{
		"/":                         404,
		"/dashboard":                404,
		"/dashboard/":               404,
		"/alert/retrieveAlertStats": 200,
	} {
		if got := s.Request(http.MethodGet, path, ""); got.Status != status {
			t.Errorf("%s: %d, want %d", path, got.Status, status)
		}
	}
}

// TestFrontend checks what browsers of the frontend need, and that others get
// nothing of it (recorded answers 001, 296 to 299).
func TestFrontend(t *testing.T) {
	s := startServer(t, "", "frontend "+frontend)
	const path = "/alert/retrieveAlertStats"

	if got := s.Request(http.MethodGet, "/", ""); got.Status != http.StatusFound || got.Header.Get("Location") != frontend {
		t.Errorf("/: %d to %q", got.Status, got.Header.Get("Location"))
	}
	if got := s.Request(http.MethodGet, "/dashboard/", ""); got.Status != http.StatusOK {
		t.Errorf("the dashboard beside a frontend: %d", got.Status)
	}
	for name, test := range map[string]struct {
		origin  []string
		allowed string
	}{
		"no origin":    {nil, frontend},
		"frontend":     {[]string{"Origin", frontend}, frontend},
		"other origin": {[]string{"Origin", "https://evil.example"}, ""},
	} {
		got := s.Request(http.MethodGet, path, "", test.origin...)
		if allowed := got.Header.Get("Access-Control-Allow-Origin"); got.Status != http.StatusOK || allowed != test.allowed {
			t.Errorf("%s: %d, Access-Control-Allow-Origin %q, want %q", name, got.Status, allowed, test.allowed)
		}
		if !strings.Contains(strings.Join(got.Header.Values("Vary"), ","), "Origin") {
			t.Errorf("%s: Vary is %q", name, got.Header.Values("Vary"))
		}
	}
	preflight := s.Request(http.MethodOptions, path, "", "Origin", frontend, "Access-Control-Request-Method", "GET")
	if preflight.Status != http.StatusNoContent || preflight.Header.Get("Access-Control-Allow-Origin") != frontend ||
		!strings.Contains(preflight.Header.Get("Access-Control-Allow-Methods"), "GET") {
		t.Errorf("preflight: %d %v", preflight.Status, preflight.Header)
	}
	evil := s.Request(http.MethodOptions, path, "", "Origin", "https://evil.example", "Access-Control-Request-Method", "GET")
	if evil.Header.Get("Access-Control-Allow-Origin") != "" || evil.Header.Get("Access-Control-Allow-Methods") != "" {
		t.Errorf("preflight of another origin: %d %v", evil.Status, evil.Header)
	}
	if got := s.Post(edgetest.MessageXML(edgetest.CommunityUser, edgetest.CommunityToken, edgetest.AlertXML("9.9.9.9", 1))); got.Body != edgetest.OKResult {
		t.Errorf("ingest beside a frontend: %d %s", got.Status, got.Body)
	}
}
