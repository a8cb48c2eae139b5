package collector_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	_ "github.com/caddyserver/caddy/v2/modules/standard"

	_ "github.com/peba-edge/peba"
	"github.com/peba-edge/peba/collector"
	"github.com/peba-edge/peba/store"
)

// TestCheckProxies adapts a Caddyfile with further options of its server.
func TestCheckProxies(t *testing.T) {
	const strict = "\n\t\ttrusted_proxies_strict"
	for name, test := range map[string]struct {
		options, site, named string
		ok                   bool
		text                 string
	}{
		"none":              {"", "peba", "", true, "no proxy is trusted"},
		"not strict":        {"trusted_proxies static 127.0.0.1/32", "peba", "", false, "without trusted_proxies_strict"},
		"strict":            {"trusted_proxies static private_ranges" + strict, "peba", "", true, "trusted proxies add"},
		"unix":              {"trusted_proxies_unix", "peba", "", false, "without trusted_proxies_strict"},
		"unix, strict":      {"trusted_proxies_unix" + strict, "peba", "", true, "trusted proxies add"},
		"one-valued header": {"trusted_proxies static 192.0.2.0/24\n\t\tclient_ip_headers CF-Connecting-IP", "peba", "", true, "trusted proxies add"},
		"two headers":       {"trusted_proxies static 192.0.2.0/24\n\t\tclient_ip_headers CF-Connecting-IP x-forwarded-for", "peba", "", false, "srv0"},
		"single handlers":   {"trusted_proxies static 127.0.0.1/32", "handle /in {\n\t\tpeba_ingest\n\t}", "", false, "srv0"},
		"named route":       {"trusted_proxies static 127.0.0.1/32", "invoke in", "&(in) {\n\tpeba_ingest\n}", false, "srv0"},
		"nothing of PEBA":   {"trusted_proxies static 127.0.0.1/32", "respond 404", "", true, "no proxy is trusted"},
	} {
		t.Run(name, func(t *testing.T) {
			config := fmt.Sprintf("{\n\tservers {\n\t\t%s\n\t}\n\tpeba\n}\n%s\nhttp://127.0.0.1:8080 {\n\t%s\n}\n",
				test.options, test.named, test.site)
			found := findingIn(t, config)
			if found.OK != test.ok || !strings.Contains(found.Text, test.text) || found.OK != (found.Advice == "") {
				t.Errorf("%+v", found)
			}
		})
	}
}

// findingIn is what `peba check` finds in a configuration.
func findingIn(t *testing.T, config string) store.Finding {
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
	return collector.CheckProxies(loaded.(*caddyhttp.App).Servers)
}
