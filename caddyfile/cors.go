package caddyfile

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/headers"
)

// parseOrigin reads scheme://host[:port], as browsers send it.
func parseOrigin(h httpcaddyfile.Helper) (string, error) {
	args := h.RemainingArgs()
	if len(args) != 1 {
		return "", h.Errf("frontend has %d arguments: allowed is frontend <origin>", len(args))
	}
	u, err := url.Parse(args[0])
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Scheme+"://"+u.Host != args[0] ||
		!isBrowserHost(u) {
		return "", h.Errf("frontend is %q: allowed is an origin as browsers send it, such as https://map.example.org: "+
			"lower case, no path, no port that is the default, no wildcard", args[0])
	}
	return args[0], nil
}

// isBrowserHost tells whether browsers would send a URL's host as it stands there.
func isBrowserHost(u *url.URL) bool {
	usual := map[string]string{"http": "80", "https": "443"}[u.Scheme]
	return u.Hostname() != "" && u.Host == strings.ToLower(u.Host) && u.Port() != usual &&
		!strings.HasSuffix(u.Host, ":") && !strings.ContainsAny(u.Host, "*{}")
}

// varyByOrigin tells caches that the headers of crossOrigin depend on who asks.
func varyByOrigin() caddyhttp.Route {
	return caddyhttp.Route{
		MatcherSetsRaw: caddyhttp.RawMatcherSets{{"path": asJSON([]string{"/alert/*"})}},
		HandlersRaw:    []json.RawMessage{setHeaders(http.Header{"Vary": {"Origin"}})},
	}
}

// crossOrigin lets scripts of the frontend read answers (contract §3.2, CORS).
// A request without an Origin gets the headers too: caches may serve its answer
// to one with.
func (r *routeOptions) crossOrigin() caddyhttp.Route {
	below := asJSON([]string{"/alert/*"})
	return caddyhttp.Route{
		MatcherSetsRaw: caddyhttp.RawMatcherSets{
			{"path": below, "header": r.fromFrontend()},
			{"path": below, "not": asJSON([]map[string]http.Header{{"header": {"Origin": {"*"}}}})},
		},
		HandlersRaw: []json.RawMessage{setHeaders(http.Header{
			"Access-Control-Allow-Origin":      {r.frontend},
			"Access-Control-Allow-Credentials": {"true"},
			"Access-Control-Expose-Headers":    {"ETag, Server-Timing"},
		})},
	}
}

// preflight answers the browser's question whether a script of the frontend may
// ask. Others are answered by the questions themselves, which allow no origin.
func (r *routeOptions) preflight() caddyhttp.Route {
	route := terminal([]string{"/alert/*"}, caddyhttp.StaticResponse{
		StatusCode: caddyhttp.WeakString(strconv.Itoa(http.StatusNoContent)),
		Headers: http.Header{
			"Access-Control-Allow-Methods": {"GET, HEAD, POST"},
			"Access-Control-Allow-Headers": {"Authorization, Content-Type, Last-Event-ID"},
			"Access-Control-Max-Age":       {"86400"},
		},
	})
	match := route.MatcherSetsRaw[0]
	match["method"] = asJSON([]string{http.MethodOptions})
	match["header"] = r.fromFrontend()
	return route
}

// fromFrontend matches requests of the frontend's scripts.
func (r *routeOptions) fromFrontend() json.RawMessage {
	return asJSON(http.Header{"Origin": {r.frontend}})
}

// setHeaders is a handler that sets headers of the answer.
func setHeaders(h http.Header) json.RawMessage {
	handler := headers.Handler{Response: &headers.RespHeaderOps{HeaderOps: &headers.HeaderOps{Set: h}}}
	return caddyconfig.JSONModuleObject(handler, "handler", "headers", nil)
}
