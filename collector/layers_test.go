package collector

import (
	"os/exec"
	"strings"
	"testing"
)

// TestLayers holds the direction of imports: the middle knows no Caddy, and
// nothing points upwards.
func TestLayers(t *testing.T) {
	const module = "github.com/peba-edge/peba/"
	for pkg, allowed := range map[string][]string{
		"alert":     nil,
		"store":     {"alert"},
		"geo":       nil,
		"sqlitedb":  {"sqlitedb/sabotage"},
		"spool":     {"sqlitedb", "sqlitedb/sabotage"},
		"cache":     nil,
		"query":     {"alert", "store", "geo"},
		"routes":    {"alert", "store", "geo", "query"},
		"stream":    {"alert", "store"},
		"dashboard": {"cache"},
		"intake":    nil,
	} {
		out, err := exec.Command("go", "list", "-deps", module+pkg).CombinedOutput()
		if err != nil {
			t.Fatalf("go list: %v\n%s", err, out)
		}
		fine := map[string]bool{module + pkg: true}
		for _, a := range allowed {
			fine[module+a] = true
		}
		for dep := range strings.FieldsSeq(string(out)) {
			if strings.HasPrefix(dep, "github.com/caddyserver/") {
				t.Errorf("%s imports %s", pkg, dep)
			}
			if strings.HasPrefix(dep, module) && !fine[dep] {
				t.Errorf("%s imports %s: allowed are %v", pkg, dep, allowed)
			}
		}
	}
}
