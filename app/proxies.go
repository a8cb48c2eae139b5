package app

import (
	"reflect"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/peba-edge/peba/store"
)

// checkProxies looks for servers where clients can choose the address used for rate limits
// and login throttling.
func checkProxies(servers map[string]*caddyhttp.Server) store.Finding {
	var names []string
	trusting := false
	for name, server := range servers {
		if !carries(server, anyHandler) {
			continue
		}
		trusting = trusting || trustsProxies(server)
		if clientsChooseAddress(server) {
			names = append(names, nameOf(name, server))
		}
	}
	slices.Sort(names)
	switch {
	case len(names) > 0:
		return store.Finding{Part: "proxies",
			Text: "trusted_proxies without trusted_proxies_strict: clients can choose the address used for rate limits and " +
				"login throttling, on " + strings.Join(names, "; "),
			Advice: "Add trusted_proxies_strict to the servers option of the Caddyfile, or \"trusted_proxies_strict\": 1 to the server in JSON."}
	case trusting:
		return store.Finding{Part: "proxies", OK: true, Text: "clients' addresses are read from headers of trusted proxies"}
	default:
		return store.Finding{Part: "proxies", OK: true, Text: "no proxy is trusted: clients' addresses are those of their connections"}
	}
}

// clientsChooseAddress reports whether a server uses the first address of X-Forwarded-For,
// which clients can forge: most proxies append to it. Other headers, such as
// CF-Connecting-IP, have one value, which the proxy in front sets.
func clientsChooseAddress(s *caddyhttp.Server) bool {
	return trustsProxies(s) && s.TrustedProxiesStrict <= 0 &&
		slices.ContainsFunc(s.ClientIPHeaders, func(h string) bool { return strings.EqualFold(h, "X-Forwarded-For") })
}

// trustsProxies reports whether a server trusts any proxies. Caddy clears the option
// after loading it, and keeps the result in an unexported field.
func trustsProxies(s *caddyhttp.Server) bool {
	loaded := reflect.ValueOf(s).Elem().FieldByName("trustedProxies")
	return s.TrustedProxiesUnix || s.TrustedProxiesRaw != nil || loaded.Kind() == reflect.Interface && !loaded.IsNil()
}
