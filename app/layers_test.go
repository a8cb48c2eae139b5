package app

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestLayers holds the direction of imports: the middle knows no Caddy, and
// nothing points upwards. That there is no cycle the compiler sees to.
func TestLayers(t *testing.T) {
	// What a package may import of this module, also through others.
	pure := map[string][]string{
		"alert":     nil,
		"store":     {"alert"},
		"geo":       nil,
		"sqlitedb":  {"sqlitedb/sabotage"},
		"spool":     {"sqlitedb", "sqlitedb/sabotage"},
		"cache":     nil,
		"query":     {"alert", "store", "geo", "sensors", "feed"},
		"feed":      {"alert", "store", "geo"},
		"routes":    {"alert", "store", "geo", "query", "sensors", "feed"},
		"stream":    {"alert", "store"},
		"dashboard": {"content"},
		"content":   nil,
		"intake":    nil,
		"sensors":   {"alert", "store"},
		"login":     {"alert", "store", "intake"},
		"simulate":  {"alert", "store", "geo", "query", "routes", "sensors", "feed"},

		"feed/lists": {"alert", "store", "geo", "sensors", "query", "feed", "feed/ids", "feed/stix"},
		"feed/lapi":  {"alert", "store", "geo", "feed"},
		"feed/ids":   {"alert", "store", "geo", "feed"},
		"feed/stix":  {"alert", "store", "geo", "feed", "feed/ids"},
		"feed/taxii": {"alert", "store", "geo", "feed", "feed/ids", "feed/stix"},
		"feed/misp":  {"alert", "store", "geo", "feed", "feed/ids"},

		"esclient/cluster": {"alert", "store"},
		"esclient/index":   {"alert", "store", "esclient/cluster"},
		"esclient/search":  {"alert", "store", "esclient/cluster", "esclient/index", "esclient/search/hits"},
		"esclient/sender":  {"alert", "store", "sqlitedb", "sqlitedb/sabotage", "spool", "esclient/cluster"},
	}
	app := []string{"alert", "cache", "content", "feed", "feed/ids", "feed/misp", "geo", "intake", "login", "query", "routes", "sensors", "store", "stream"}
	handlers := slices.Concat(app, []string{"app", "dashboard", "feed/lapi", "feed/lists", "feed/stix", "feed/taxii", "query/openapi"})
	modules := map[string][]string{
		"app":       app,
		"handlers":  handlers,
		"caddyfile": append(handlers, "handlers"),
		"command":   append(app, "app", "simulate"),
		"notify":    nil,
	}
	for pkg, allowed := range pure {
		for _, dep := range dependencies(t, pkg, allowed) {
			if strings.HasPrefix(dep, "github.com/caddyserver/") {
				t.Errorf("%s imports %s", pkg, dep)
			}
		}
	}
	for pkg, allowed := range modules {
		dependencies(t, pkg, allowed)
	}
}

// dependencies returns all that a package imports, itself or through others, and fails for
// those of this module that are not allowed.
func dependencies(t *testing.T, pkg string, allowed []string) []string {
	t.Helper()
	const module = "github.com/peba-edge/peba/"
	seen(t, pkg)
	out, err := exec.Command("go", "list", "-deps", module+pkg).CombinedOutput()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, out)
	}
	deps := strings.Fields(string(out))
	for _, dep := range deps {
		name, ours := strings.CutPrefix(dep, module)
		if ours && name != pkg && !slices.Contains(allowed, name) {
			t.Errorf("%s imports %s: must be one of %v", pkg, name, allowed)
		}
	}
	return deps
}

// seen looks at the files that go list reads: only then is this test run again when one of
// them has changed, and not taken from go test's cache.
func seen(t *testing.T, pkg string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", filepath.FromSlash(pkg), "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s has no files: %v", pkg, err)
	}
	for _, file := range files {
		if _, err := os.Stat(file); err != nil {
			t.Fatal(err)
		}
	}
}
