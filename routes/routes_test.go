package routes

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the routes into Caddyfile.example")

// TestTable: no path is served twice, and every one is below a folder of its own
// or a heartbeat.
func TestTable(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range Table() {
		if (r.Question != nil) != (r.Handler == "peba_query") || len(r.Paths) == 0 {
			t.Errorf("%+v", r)
		}
		if r.Question != nil && r.Question.Private != r.LogIn() {
			t.Errorf("%s: log-in is %t", r.Question.Name, r.LogIn())
		}
		if r.Group != "" && !slices.Contains(Groups(), r.Group) {
			t.Errorf("%s is of the group %q", r.Paths[0], r.Group)
		}
		for _, path := range WithSlash(r.Paths...) {
			if seen[path] {
				t.Errorf("%s is served twice", path)
			}
			seen[path] = true
		}
	}
	for _, path := range []string{IngestPath + "/", "/ews-0.1/alert/retrieveIPs15m/", "/alert/tops", "/heartbeat", StreamPath, OpenAPIPath} {
		if !seen[path] {
			t.Errorf("%s is not served", path)
		}
	}
}

// TestExampleSpellsItOut compares Caddyfile.example with the table.
func TestExampleSpellsItOut(t *testing.T) {
	const file, first, last = "../Caddyfile.example", "\t#\tpeba_unhandled\n", "\t#\trespond @beyond 404\n"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(text), first)
	between, after, ended := strings.Cut(rest, last)
	if !found || !ended {
		t.Fatalf("%s has no lines from %q to %q", file, first, last)
	}
	var want strings.Builder
	for _, line := range Spelled() {
		want.WriteString("\t#\t" + line + "\n")
	}
	if first+between+last == want.String() {
		return
	}
	if !*update {
		t.Fatalf("%s does not spell out the routes as they are: run go test ./routes -update", file)
	}
	if err := os.WriteFile(file, []byte(before+want.String()+after), 0o644); err != nil {
		t.Fatal(err)
	}
}
