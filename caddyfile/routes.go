package caddyfile

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/headers"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/rewrite"

	"github.com/peba-edge/peba/handlers"
	"github.com/peba-edge/peba/query"
	"github.com/peba-edge/peba/query/openapi"
)

// routeOptions are the words of the directive.
var routeOptions = []string{"frontend", "max_body", "without"}

// dashboardPath is where the page is, with a slash at its end.
const dashboardPath = "/dashboard"

// routes is what the directive peba says.
type routes struct {
	frontend string
	maxBody  int64
	without  []string
}

// parseRoutes reads the directive peba, which stands for all standard routes.
// Syntax:
//
//	peba [<matcher>] {
//	    frontend <origin>
//	    max_body <size>
//	    without  ingest|private|public|dashboard...
//	}
//
// Without a block it is short for:
//
//	peba_ingest /ews-0.1/alert/postSimpleMessage
//	handle /alert/retrieveIPs {           # and the other private questions
//	    peba_auth
//	    peba_query retrieveIPs
//	}
//	peba_query /alert/retrieveAlertsJson retrieveAlertsJson # and the other public ones
//	peba_stream /alert/stream
//	peba_openapi /alert/openapi.json
//	peba_heartbeat /heartbeat
//	redir / /dashboard/
//	redir /dashboard /dashboard/
//	handle_path /dashboard/* {
//	    peba_dashboard
//	}
//	respond /alert/* 404
//	respond /ews-0.1/* 404
//
// where each path of a question also matches with a slash at its end. Other paths
// are left to the rest of the site. With frontend, / redirects there, and scripts
// of that origin may read the answers. The dashboard shows answers to public
// questions: it is left out together with them.
func parseRoutes(h httpcaddyfile.Helper) ([]httpcaddyfile.ConfigValue, error) {
	h.Next() // the directive's name
	matcher, err := h.ExtractMatcherSet()
	if err != nil {
		return nil, err
	}
	h.Next()
	r, err := parseRouteOptions(h)
	if err != nil {
		return nil, err
	}
	return h.NewRoute(matcher, &caddyhttp.Subroute{Routes: r.expand()}), nil
}

func parseRouteOptions(h httpcaddyfile.Helper) (*routes, error) {
	if h.NextArg() {
		return nil, h.Errf("peba takes no argument but a matcher: unexpected %q", h.Val())
	}
	r := new(routes)
	seen := map[string]bool{}
	for h.NextBlock(0) {
		option := h.Val()
		if seen[option] {
			return nil, h.Errf("peba: %s is given twice", option)
		}
		seen[option] = true
		var err error
		switch option {
		case "frontend":
			r.frontend, err = parseOrigin(h)
		case "max_body":
			r.maxBody, err = handlers.ParseSize(h.Dispenser)
		case "without":
			r.without, err = handlers.ParseWithout(h.Dispenser)
		default:
			err = h.Errf("peba: unknown option %q: allowed are %s", option, strings.Join(routeOptions, ", "))
		}
		if err != nil {
			return nil, err
		}
	}
	return r, nil
}

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

// expand returns the routes that the directive stands for.
func (r *routes) expand() caddyhttp.RouteList {
	var list caddyhttp.RouteList
	if r.frontend != "" {
		list = append(list, varyByOrigin(), r.crossOrigin(), r.preflight(), redirect("/", r.frontend))
	}
	if r.serves("ingest") {
		list = append(list, terminal(withSlash(openapi.IngestPath), &handlers.Ingest{MaxBody: r.maxBody}))
	}
	for _, q := range query.All() {
		switch {
		case q.Private && r.serves("private"):
			list = append(list, terminal(withSlash(q.Paths()...), &handlers.Auth{}, &handlers.Query{Name: q.Name}))
		case !q.Private && r.serves("public"):
			list = append(list, terminal(withSlash(q.Paths()...), &handlers.Query{Name: q.Name}))
		}
	}
	if r.serves("public") {
		list = append(list, terminal(withSlash(openapi.StreamPath), &handlers.Stream{}))
		list = append(list, terminal(withSlash(openapi.Path), &handlers.OpenAPI{Without: r.without}))
	}
	if r.serves("dashboard") && r.serves("public") {
		if r.frontend == "" {
			list = append(list, redirect("/", dashboardPath+"/"))
		}
		list = append(list, redirect(dashboardPath, dashboardPath+"/"),
			terminal([]string{dashboardPath + "/*"}, rewrite.Rewrite{StripPathPrefix: dashboardPath}, &handlers.Dashboard{}))
	}
	list = append(list,
		terminal(withSlash(openapi.HeartbeatPaths()...), &handlers.Heartbeat{}),
		// Caddy answers 200 to what nobody handles, which sensors' clients take
		// for lost messages: below the paths of the contract it is a 404.
		terminal([]string{"/alert/*", "/ews-0.1/*"}, caddyhttp.StaticResponse{
			StatusCode: caddyhttp.WeakString(strconv.Itoa(http.StatusNotFound)),
		}))
	return list
}

// serves says whether a group of routes is left in.
func (r *routes) serves(group string) bool { return !slices.Contains(r.without, group) }

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
func (r *routes) crossOrigin() caddyhttp.Route {
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
func (r *routes) preflight() caddyhttp.Route {
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
func (r *routes) fromFrontend() json.RawMessage {
	return asJSON(http.Header{"Origin": {r.frontend}})
}

// setHeaders is a handler that sets headers of the answer.
func setHeaders(h http.Header) json.RawMessage {
	handler := headers.Handler{Response: &headers.RespHeaderOps{HeaderOps: &headers.HeaderOps{Set: h}}}
	return caddyconfig.JSONModuleObject(handler, "handler", "headers", nil)
}

// redirect sends those who ask for the path elsewhere. Browsers do not remember
// that: the next configuration may have another answer.
func redirect(from, to string) caddyhttp.Route {
	return terminal([]string{from}, caddyhttp.StaticResponse{
		StatusCode: caddyhttp.WeakString(strconv.Itoa(http.StatusFound)),
		Headers:    http.Header{"Location": {to}},
	})
}

// withSlash is paths, each followed by the same with a slash at its end.
func withSlash(paths ...string) []string {
	var both []string
	for _, path := range paths {
		both = append(both, path, path+"/")
	}
	return both
}

// terminal is a route after which nothing else of the site is asked.
func terminal(paths []string, chain ...caddy.Module) caddyhttp.Route {
	route := caddyhttp.Route{
		MatcherSetsRaw: caddyhttp.RawMatcherSets{{"path": asJSON(paths)}},
		Terminal:       true,
	}
	for _, h := range chain {
		route.HandlersRaw = append(route.HandlersRaw,
			caddyconfig.JSONModuleObject(h, "handler", h.CaddyModule().ID.Name(), nil))
	}
	return route
}

func asJSON(v any) json.RawMessage { return caddyconfig.JSON(v, nil) }
