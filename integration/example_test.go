package integration

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/peba-edge/peba/integration/edgetest"
)

const example = "../Caddyfile.example"

// TestExampleIsClean runs Caddy's own checks on Caddyfile.example.
func TestExampleIsClean(t *testing.T) {
	for name, args := range map[string][]string{
		"adapt":    {"adapt", "--config", example, "--adapter", "caddyfile"},
		"validate": {"validate", "--config", example, "--adapter", "caddyfile"},
		"fmt":      {"fmt", "--diff", example},
	} {
		t.Run(name, func(t *testing.T) {
			setCommunity(t)
			out, err := newServer(t, "", "").Command(args...).CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			if strings.Contains(string(out), edgetest.CommunityToken) {
				t.Errorf("the token is shown:\n%s", out)
			}
			if strings.Contains(string(out), `"level":"warn"`) || strings.Contains(string(out), "\tWARN\t") {
				t.Errorf("warnings:\n%s", out)
			}
		})
	}
}

// setCommunity sets the log-in that Caddyfile.example reads.
func setCommunity(t *testing.T) {
	t.Setenv("PEBA_COMMUNITY_USER", edgetest.CommunityUser)
	t.Setenv("PEBA_COMMUNITY_TOKEN", edgetest.CommunityToken)
}

// TestExampleWithoutCommunity starts Caddyfile.example with no log-in set: it runs, says
// so, and lets nobody in.
func TestExampleWithoutCommunity(t *testing.T) {
	s := newServer(t, "", "")
	s.Config = example
	t.Setenv("PEBA_SITE", s.URL)
	t.Setenv("PEBA_STORE", filepath.Join(s.Data, "example.db"))
	s.Start()
	if got := s.Post(oneMessage()); got.Status != http.StatusForbidden {
		t.Errorf("a message: %d %s", got.Status, got.Body)
	}
	if !strings.Contains(s.Log.String(), "there is no community login") {
		t.Errorf("the log does not warn:\n%s", s.Log)
	}
}

// TestExampleRuns starts Caddyfile.example itself, on another port, and sends
// it an alert.
func TestExampleRuns(t *testing.T) {
	s := newServer(t, "", "")
	s.Config = example
	setCommunity(t)
	t.Setenv("PEBA_SITE", s.URL)
	t.Setenv("PEBA_STORE", filepath.Join(s.Data, "example.db"))
	s.Start()
	if got := s.Post(edgetest.MessageXML(edgetest.CommunityUser, edgetest.CommunityToken, edgetest.AlertXML("9.9.9.9", 1))); got.Body != edgetest.OKResult {
		t.Fatalf("%d %s", got.Status, got.Body)
	}
	got := s.Request(http.MethodGet, "/alert/retrieveAlertsCount?time=5&out=json", "")
	if trim(got.Body) != `{"AlertCount":1}` {
		t.Errorf("%d %s", got.Status, got.Body)
	}
	if got := s.Request(http.MethodGet, "/nothing", ""); got.Status != http.StatusNotFound {
		t.Errorf("an unknown path: %d", got.Status)
	}
	for _, want := range []string{"PEBA is ready", "public user and token of every stock T-Pot"} {
		if !strings.Contains(s.Log.String(), want) {
			t.Errorf("the log does not say %q:\n%s", want, s.Log)
		}
	}
}

// TestExampleLimits runs the example behind a proxy. Addresses of one network of IPv6 share a
// limit, others have their own, and what is rejected is counted and not logged line by line.
func TestExampleLimits(t *testing.T) {
	s := newServer(t, "", "")
	text, err := os.ReadFile(example)
	if err != nil {
		t.Fatal(err)
	}
	config := string(text)
	for _, change := range [][2]string{
		{"# trusted_proxies static 192.0.2.10/32", "trusted_proxies static 127.0.0.1/32"},
		{"# trusted_proxies_strict", "trusted_proxies_strict"},
		{"\tpeba {", "\tadmin " + s.Admin + "\n\tmetrics\n\tpeba {"},
	} {
		if !strings.Contains(config, change[0]) {
			t.Fatalf("the example has no %q", change[0])
		}
		config = strings.Replace(config, change[0], change[1], 1)
	}
	s.WriteConfig(config)
	t.Setenv("PEBA_SITE", s.URL)
	t.Setenv("PEBA_STORE", filepath.Join(s.Data, "example.db"))
	t.Setenv("PEBA_QUERY_LIMIT", "5")
	s.Start()
	ask := func(address string) int {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/alert/retrieveAlertStats", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Forwarded-For", address)
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.StatusCode
	}
	// A network shares its bucket with one in 4096 others: hardly both of the last two do.
	rejected := make(map[string]int)
	for _, network := range []string{"2001:db8:1:1::", "2001:db8:1:2::", "2001:db8:2:1::"} {
		for i := range 8 {
			if ask(fmt.Sprintf("%s%x", network, i+1)) == http.StatusTooManyRequests {
				rejected[network]++
			}
		}
	}
	if len(rejected) != 3 || rejected["2001:db8:1:1::"] != 3 || rejected["2001:db8:1:2::"]+rejected["2001:db8:2:1::"] == 16 {
		t.Errorf("of 8 requests from each network, of which 5 are allowed, were rejected: %v", rejected)
	}
	if n := s.Metric(`peba_rate_limited_total{zone="public"}`); n < 9 {
		t.Errorf("the metric counts %d rejected requests, want 9", n)
	}
	if strings.Contains(s.Log.String(), "rate limit exceeded") {
		t.Errorf("rejected requests have lines in the log:\n%s", s.Log)
	}
}

// TestSimulate plays sensors against a server and compares the counts.
func TestSimulate(t *testing.T) {
	s := startServer(t, "", "")
	cmd := s.Command("peba", "simulate", s.URL, "--user", edgetest.CommunityUser, "--token", edgetest.CommunityToken,
		"--rate", "0", "--sensors", "20", "--alerts", "500", "--batch", "25", "--seed", "7")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	got := s.Request(http.MethodGet, "/alert/retrieveAlertsCount?time=5&out=json", "")
	if trim(got.Body) != `{"AlertCount":500}` {
		t.Errorf("%s\n%s", got.Body, out)
	}
	var exit *exec.ExitError
	wrong, err := s.Command("peba", "simulate", s.URL, "--token", "wrong", "--alerts", "1").CombinedOutput()
	if !errors.As(err, &exit) || !strings.Contains(string(wrong), "403") {
		t.Errorf("with a wrong token: %v\n%s", err, wrong)
	}
}
