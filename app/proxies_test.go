package app_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/peba-edge/peba/app"
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
		"strict":            {"trusted_proxies static private_ranges" + strict, "peba", "", true, "headers of trusted proxies"},
		"unix":              {"trusted_proxies_unix", "peba", "", false, "without trusted_proxies_strict"},
		"unix, strict":      {"trusted_proxies_unix" + strict, "peba", "", true, "headers of trusted proxies"},
		"one-valued header": {"trusted_proxies static 192.0.2.0/24\n\t\tclient_ip_headers CF-Connecting-IP", "peba", "", true, "headers of trusted proxies"},
		"two headers":       {"trusted_proxies static 192.0.2.0/24\n\t\tclient_ip_headers CF-Connecting-IP x-forwarded-for", "peba", "", false, "srv0"},
		"single handlers":   {"trusted_proxies static 127.0.0.1/32", "handle /in {\n\t\tpeba_ingest\n\t}", "", false, "srv0"},
		"named route":       {"trusted_proxies static 127.0.0.1/32", "invoke in", "&(in) {\n\tpeba_ingest\n}", false, "srv0"},
		"nothing of PEBA":   {"trusted_proxies static 127.0.0.1/32", "respond 404", "", true, "no proxy is trusted"},
	} {
		t.Run(name, func(t *testing.T) {
			config := fmt.Sprintf("{\n\tservers {\n\t\t%s\n\t}\n\tpeba\n}\n%s\nhttp://127.0.0.1:8080 {\n\t%s\n}\n",
				test.options, test.named, test.site)
			found := app.CheckProxies(serversOf(t, config))
			if found.OK != test.ok || !strings.Contains(found.Text, test.text) || found.OK != (found.Advice == "") {
				t.Errorf("%+v", found)
			}
		})
	}
}
