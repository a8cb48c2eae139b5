// Package docs_test generates the pages in modules and METRICS.md from the code, and
// fails when they are out of date or a field has no doc comment.
//
//	go test ./docs -update
package docs_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/prometheus/client_golang/prometheus"

	_ "github.com/caddyserver/caddy/v2/modules/standard"
	_ "github.com/mholt/caddy-ratelimit"

	_ "github.com/peba-edge/peba"
)

var update = flag.Bool("update", false, "write the pages in docs/modules and docs/METRICS.md")

const goModule = "github.com/peba-edge/peba/"

// repository is the folder of go.mod.
const repository = ".."

// module is a module of ours in Caddy's registry.
type module struct {
	id     caddy.ModuleID
	config reflect.Type // the struct that JSON is decoded into
}

// folder returns where the module's source is, relative to the repository.
func (m module) folder() string { return strings.TrimPrefix(m.config.PkgPath(), goModule) }

// modules returns all modules of ours, sorted by ID.
func modules(t *testing.T) []module {
	t.Helper()
	var ours []module
	for _, id := range caddy.Modules() {
		info, err := caddy.GetModule(id)
		if err != nil {
			t.Fatal(err)
		}
		config := reflect.TypeOf(info.New())
		if config.Kind() == reflect.Pointer {
			config = config.Elem()
		}
		if strings.HasPrefix(config.PkgPath(), goModule) && !strings.HasPrefix(config.PkgPath(), goModule+"docs") {
			ours = append(ours, module{info.ID, config})
		}
	}
	if len(ours) == 0 {
		t.Fatal("no modules of ours are in Caddy's registry")
	}
	return ours
}

// adapt returns the example of a module as a whole configuration in JSON.
func adapt(t *testing.T, m module) []byte {
	t.Helper()
	example, ok := examples[m.id]
	if !ok {
		t.Fatalf("%s has no example: add one in docs/examples_test.go", m.id)
	}
	adapted, warnings, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(example), map[string]any{"filename": "Caddyfile"})
	if err != nil || len(warnings) > 0 {
		t.Fatalf("the example of %s: %v %v", m.id, err, warnings)
	}
	return adapted
}

// registryModule is an app that keeps the metrics registry of the configuration it is in.
type registryModule struct{ registry **prometheus.Registry }

// CaddyModule returns the Caddy module information.
func (r registryModule) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "docs_registry", New: func() caddy.Module { return &registryModule{r.registry} }}
}

// Provision keeps the registry.
func (r registryModule) Provision(ctx caddy.Context) error {
	*r.registry = ctx.GetMetricsRegistry()
	return nil
}

// Start and Stop make it an app.
func (registryModule) Start() error { return nil }
func (registryModule) Stop() error  { return nil }

// provisioned returns the metrics registry of a configuration after all its modules were
// provisioned and validated. Nothing is started.
func provisioned(t *testing.T, config []byte, registry **prometheus.Registry) *prometheus.Registry {
	t.Helper()
	var parsed caddy.Config
	if err := json.Unmarshal(config, &parsed); err != nil {
		t.Fatal(err)
	}
	if parsed.AppsRaw == nil {
		parsed.AppsRaw = make(caddy.ModuleMap)
	}
	parsed.AppsRaw["docs_registry"] = json.RawMessage("{}")
	parsed.Logging = &caddy.Logging{Logs: map[string]*caddy.CustomLog{"default": {BaseLog: caddy.BaseLog{Level: "ERROR"}}}}
	if err := caddy.Validate(&parsed); err != nil {
		t.Fatal(err)
	}
	return *registry
}

// compare holds a generated file, or writes it with -update.
func compare(t *testing.T, name, want string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(name)
	if err != nil {
		t.Errorf("%v: go test ./docs -update writes it", err)
	} else if string(got) != want {
		t.Errorf("docs/%s is out of date: go test ./docs -update writes it", filepath.ToSlash(name))
	}
}

// indented returns JSON in many lines.
func indented(t *testing.T, text []byte) string {
	t.Helper()
	var b bytes.Buffer
	if err := json.Indent(&b, text, "", "  "); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// configOf finds a module's object in a configuration: an app by its name, others by the
// member that names them.
func configOf(id caddy.ModuleID, config []byte) []byte {
	if id.Namespace() == "" {
		var whole struct {
			Apps map[string]json.RawMessage `json:"apps"`
		}
		if json.Unmarshal(config, &whole) != nil {
			return nil
		}
		return whole.Apps[id.Name()]
	}
	var object map[string]json.RawMessage
	var list []json.RawMessage
	if json.Unmarshal(config, &object) == nil {
		for _, key := range []string{"module", "handler"} {
			if string(object[key]) == `"`+id.Name()+`"` {
				return config
			}
		}
		for _, key := range sortedKeys(object) {
			list = append(list, object[key])
		}
	} else if json.Unmarshal(config, &list) != nil {
		return nil
	}
	for _, part := range list {
		if found := configOf(id, part); found != nil {
			return found
		}
	}
	return nil
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
