package integration

import (
	"context"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/peba-edge/peba/integration/edgetest"
)

// schemathesisBin is where .ci/schemathesis installs the commands of its tools.
const schemathesisBin = "../.tools/schemathesis/bin"

// TestOpenAPI checks the served description against the standard, its examples
// against its schemas, and then the server against the description: schemathesis
// asks everything that is described, with values that are right and that are
// wrong, and accepts no 5xx and no answer that the description does not have.
func TestOpenAPI(t *testing.T) {
	s := startBehindProxy(t)
	if out, err := s.Command("peba", "simulate", s.URL, "--user", edgetest.CommunityUser, "--token", edgetest.CommunityToken,
		"--rate", "0", "--sensors", "20", "--alerts", "300", "--batch", "25", "--seed", "7").CombinedOutput(); err != nil {
		t.Fatalf("simulating sensors: %v\n%s", err, out)
	}
	s.User("reader's token\n", "add", "reader", "--token-file", "-")
	key := s.feedToken(t, "schemathesis")
	s.feedStart(t, key)

	dir := t.TempDir() // schemathesis keeps notes in the folder that it runs in
	if err := os.CopyFS(dir, os.DirFS("testdata/openapi")); err != nil {
		t.Fatal(err)
	}
	document := s.Request(http.MethodGet, "/alert/openapi.json", "")
	if document.Status != http.StatusOK {
		t.Fatalf("the document: %d %s", document.Status, document.Body)
	}
	if err := os.WriteFile(filepath.Join(dir, "openapi.json"), []byte(document.Body), 0o600); err != nil {
		t.Fatal(err)
	}
	tool(t, dir, "python", "check.py", "openapi.json")
	out := tool(t, dir, "schemathesis", "--config-file", "schemathesis.toml", "run", "openapi.json",
		"--url", s.URL, "--auth", "reader:reader's token", "--header", "X-Api-Key: "+key, "--seed", "1", "--no-color")
	t.Log(out[strings.LastIndex(out, "= SUMMARY ="):])
	if strings.Contains(s.Log.String(), "panic") {
		t.Errorf("the server's log:\n%s", s.Log)
	}
}

// TestOpenAPIServed asks for the description as clients and caches do.
func TestOpenAPIServed(t *testing.T) {
	s := startServer(t, "", "without private ingest")
	got := s.Request(http.MethodGet, "/alert/openapi.json", "")
	if got.Status != http.StatusOK || got.Header.Get("Content-Type") != "application/json" {
		t.Fatalf("%d %v", got.Status, got.Header)
	}
	if slash := s.Request(http.MethodGet, "/alert/openapi.json/", ""); slash.Body != got.Body {
		t.Errorf("with a slash: %d %s", slash.Status, slash.Body)
	}
	if strings.Contains(got.Body, "retrieveIPs") || strings.Contains(got.Body, "postSimpleMessage") {
		t.Error("routes are described that are left out")
	}
	if head := s.Request(http.MethodHead, "/alert/openapi.json", ""); head.Status != http.StatusOK || head.Body != "" {
		t.Errorf("HEAD: %d %q", head.Status, head.Body)
	}
	if again := s.Request(http.MethodGet, "/alert/openapi.json", "", "If-None-Match", got.Header.Get("ETag")); again.Status != http.StatusNotModified {
		t.Errorf("again: %d", again.Status)
	}
	if post := s.Request(http.MethodPost, "/alert/openapi.json", ""); post.Status != http.StatusMethodNotAllowed || post.Header.Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: %d %v", post.Status, post.Header)
	}
}

// startBehindProxy starts a server that takes clients' addresses from
// X-Forwarded-For.
func startBehindProxy(t *testing.T) *server {
	t.Helper()
	s := newServer(t, "", "")
	config, err := os.ReadFile(s.Config)
	if err != nil {
		t.Fatal(err)
	}
	const proxies = "\tservers {\n\t\ttrusted_proxies static 127.0.0.0/8\n\t}\n\tpeba {"
	s.WriteConfig(strings.Replace(string(config), "\tpeba {", proxies, 1))
	s.Start()
	return s
}

// tool runs one of the commands that .ci/schemathesis installs, in dir, and
// fails the test if that fails.
func tool(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(schemathesisBin, name))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%v: .ci/dependencies installs it", err)
	}
	// Three minutes beside the other tests on two cores, and more with each question.
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PYTHONPATH="+dir, "PYTHONUTF8=1", "NO_PROXY=127.0.0.1",
		"COMMUNITY_USER="+edgetest.CommunityUser, "COMMUNITY_TOKEN="+edgetest.CommunityToken)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
	return string(out)
}
