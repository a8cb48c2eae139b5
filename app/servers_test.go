package app_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	_ "github.com/caddyserver/caddy/v2/modules/standard"

	_ "github.com/peba-edge/peba"
	"github.com/peba-edge/peba/app"
)

// TestCheckOtherHosts looks for servers on which a message for another host gets an empty 200.
func TestCheckOtherHosts(t *testing.T) {
	for name, test := range map[string]struct {
		sites string
		named string // the server without a site for other hosts
	}{
		"one site":         {"http://edge.example:8080 {\n\tpeba\n}", "srv0 (:8080)"},
		"its end":          {"http://edge.example:8080 {\n\tpeba\n}\nhttp://:8080 {\n\trespond 421\n}", ""},
		"any host":         {"http://:8080 {\n\tpeba\n}", ""},
		"any host, listed": {"http://edge.example:8080, http://:8080 {\n\tpeba\n}", ""},
		"wildcard":         {"http://*.example:8080 {\n\tpeba\n}", "srv0 (:8080)"},
		"another port":     {"http://edge.example:8080 {\n\tpeba\n}\nhttp://:8081 {\n\trespond 421\n}", "srv0 (:8080)"},
		"matcher":          {"http://edge.example:8080 {\n\tpeba_ingest /in\n}", "srv0 (:8080)"},
		"no messages":      {"http://edge.example:8080 {\n\tpeba {\n\t\twithout ingest\n\t}\n}", ""},
		"nothing of PEBA":  {"http://edge.example:8080 {\n\trespond 404\n}", ""},
	} {
		t.Run(name, func(t *testing.T) {
			found := app.CheckOtherHosts(serversOf(t, "{\n\tpeba\n}\n"+test.sites+"\n"))
			if found.OK != (test.named == "") || !strings.Contains(found.Text, test.named) || found.OK != (found.Advice == "") {
				t.Errorf("%+v", found)
			}
		})
	}
}

// serversOf returns the HTTP servers of a Caddyfile.
func serversOf(t *testing.T, config string) map[string]*caddyhttp.Server {
	t.Helper()
	adapted, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(config), map[string]any{"filename": "Caddyfile"})
	if err != nil {
		t.Fatal(err)
	}
	var parsed caddy.Config
	if err := json.Unmarshal(adapted, &parsed); err != nil {
		t.Fatal(err)
	}
	ctx, err := caddy.ProvisionContext(&parsed)
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := ctx.App("http")
	if err != nil {
		t.Fatal(err)
	}
	return loaded.(*caddyhttp.App).Servers
}
