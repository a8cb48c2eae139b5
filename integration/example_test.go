package integration

import (
	"errors"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
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
			out, err := newServer(t, "", "").command(args...).CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			if strings.Contains(string(out), `"level":"warn"`) || strings.Contains(string(out), "\tWARN\t") {
				t.Errorf("warnings:\n%s", out)
			}
		})
	}
}

// TestExampleRuns starts Caddyfile.example itself, on another port, and sends
// it an alert.
func TestExampleRuns(t *testing.T) {
	s := newServer(t, "", "")
	s.config = example
	t.Setenv("PEBA_SITE", s.url)
	t.Setenv("PEBA_STORE", filepath.Join(s.data, "example.db"))
	s.start()
	if got := s.post(messageXML(communityUser, communityToken, alertXML("9.9.9.9", 1))); got.body != okResult {
		t.Fatalf("%d %s", got.status, got.body)
	}
	got := s.request(http.MethodGet, "/alert/retrieveAlertsCount?time=5&out=json", "")
	if trim(got.body) != `{"AlertCount":1}` {
		t.Errorf("%d %s", got.status, got.body)
	}
	if got := s.request(http.MethodGet, "/nothing", ""); got.status != http.StatusNotFound {
		t.Errorf("an unknown path: %d", got.status)
	}
	if !strings.Contains(s.log.String(), "PEBA is ready") {
		t.Errorf("the log does not greet:\n%s", s.log)
	}
}

// TestSimulate plays sensors against a server and compares the counts.
func TestSimulate(t *testing.T) {
	s := startServer(t, "", "")
	cmd := s.command("peba", "simulate", s.url, "--user", communityUser, "--token", communityToken,
		"--rate", "0", "--sensors", "20", "--alerts", "500", "--batch", "25", "--seed", "7")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	got := s.request(http.MethodGet, "/alert/retrieveAlertsCount?time=5&out=json", "")
	if trim(got.body) != `{"AlertCount":500}` {
		t.Errorf("%s\n%s", got.body, out)
	}
	var exit *exec.ExitError
	wrong, err := s.command("peba", "simulate", s.url, "--token", "wrong", "--alerts", "1").CombinedOutput()
	if !errors.As(err, &exit) || !strings.Contains(string(wrong), "403") {
		t.Errorf("with a wrong token: %v\n%s", err, wrong)
	}
}
