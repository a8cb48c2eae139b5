package collector

import (
	"reflect"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/peba-edge/peba/store"
)

// checkProxies looks for servers whose clients can choose the address that rate limits and
// the throttle go by.
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
			Text: "trusted_proxies without trusted_proxies_strict: clients can choose the address that rate limits and " +
				"log-in throttling go by, on " + strings.Join(names, "; "),
			Advice: "Add trusted_proxies_strict to the servers option of the Caddyfile, or \"trusted_proxies_strict\": 1 to the server in JSON."}
	case trusting:
		return store.Finding{Part: "proxies", OK: true, Text: "clients' addresses are read from what trusted proxies add"}
	default:
		return store.Finding{Part: "proxies", OK: true, Text: "no proxy is trusted: clients' addresses are those of their connections"}
	}
}

// clientsChooseAddress reports whether a server takes the first address of X-Forwarded-For,
// to which clients can add: most proxies append to what they get. Other headers, such as
// CF-Connecting-IP, have one value, which the proxy in front sets.
func clientsChooseAddress(s *caddyhttp.Server) bool {
	return trustsProxies(s) && s.TrustedProxiesStrict <= 0 &&
		slices.ContainsFunc(s.ClientIPHeaders, func(h string) bool { return strings.EqualFold(h, "X-Forwarded-For") })
}

// trustsProxies reports whether a server was told to trust any. Caddy empties the option
// when it has loaded it, and keeps what came of it in a field that is not exported.
func trustsProxies(s *caddyhttp.Server) bool {
	loaded := reflect.ValueOf(s).Elem().FieldByName("trustedProxies")
	return s.TrustedProxiesUnix || s.TrustedProxiesRaw != nil || loaded.Kind() == reflect.Interface && !loaded.IsNil()
}
