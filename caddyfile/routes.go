package caddyfile

import (
	"context"
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
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/rewrite"

	"github.com/peba-edge/peba/collector"
	"github.com/peba-edge/peba/handlers"
	"github.com/peba-edge/peba/routes"
)

// routeOptions is what the directive peba says.
type routeOptions struct {
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
//	peba_unhandled
//	peba_ingest /ews-0.1/alert/postSimpleMessage
//	handle /alert/retrieveIPs {           # and the other private questions
//	    peba_auth
//	    peba_query retrieveIPs
//	}
//	peba_query /alert/retrieveAlertsJson retrieveAlertsJson # and the other public ones
//	peba_stream /alert/stream
//	peba_openapi /alert/openapi.json
//	peba_heartbeat /heartbeat
//	redir / dashboard/                    # GET and HEAD only
//	redir /dashboard dashboard/
//	handle_path /dashboard/* {
//	    peba_dashboard
//	}
//	respond /alert/* 404
//	respond /ews-0.1/* 404
//
// where each path also matches with a slash at its end. Other paths are left to
// the rest of the site, and get 404 when nothing there answers. Below a prefix it
// works within handle_path. With frontend, / redirects there, and scripts
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
	if err := checkMatcher(h, matcher); err != nil {
		return nil, err
	}
	return h.NewRoute(matcher, &caddyhttp.Subroute{Routes: r.expand()}), nil
}

// checkMatcher rejects a matcher of paths under which nothing is served.
func checkMatcher(h httpcaddyfile.Helper, matcher caddy.ModuleMap) error {
	if matcher["path"] == nil {
		return nil
	}
	var patterns []string
	if err := json.Unmarshal(matcher["path"], &patterns); err != nil {
		return h.Errf("peba: the matcher of paths: %v", err)
	}
	paths := []string{"/", routes.DashboardPath + "/"}
	for _, route := range routes.Table() {
		paths = append(paths, route.Paths...)
	}
	match := caddyhttp.MatchPath(slices.Clone(patterns))
	if err := match.Provision(caddy.Context{}); err != nil {
		return h.Errf("peba %s: %v", strings.Join(patterns, " "), err)
	}
	ctx := context.WithValue(context.Background(), caddy.ReplacerCtxKey, caddy.NewReplacer())
	for _, path := range paths {
		r := (&http.Request{URL: &url.URL{Path: path}}).WithContext(ctx)
		if matches, err := match.MatchWithError(r); err == nil && matches {
			return nil
		}
	}
	prefix := strings.TrimRight(patterns[0], "/*")
	return h.Errf("peba %s: nothing is served at these paths: to serve everything below %s, write "+
		"handle_path %s/* { peba }", strings.Join(patterns, " "), prefix, prefix)
}

func parseRouteOptions(h httpcaddyfile.Helper) (*routeOptions, error) {
	if h.NextArg() {
		return nil, h.Errf("peba takes no argument but a matcher: unexpected %q", h.Val())
	}
	r := new(routeOptions)
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
			err = collector.UnknownOption(h.Dispenser, "peba", routes.DirectiveOptions()...)
		}
		if err != nil {
			return nil, err
		}
	}
	return r, nil
}

// expand returns the routes that the directive stands for.
func (r *routeOptions) expand() caddyhttp.RouteList {
	list := caddyhttp.RouteList{{HandlersRaw: []json.RawMessage{asHandler(&handlers.Unhandled{})}}}
	if r.frontend != "" {
		list = append(list, varyByOrigin(), r.crossOrigin(), r.preflight(), redirect("/", r.frontend))
	}
	for _, route := range routes.Table() {
		if r.serves(route.Group) {
			list = append(list, terminal(routes.WithSlash(route.Paths...), r.chain(route)...))
		}
	}
	if r.serves(routes.Dashboard) && r.serves(routes.Public) {
		// Relative, so that both stay below a prefix that was stripped.
		page := strings.TrimPrefix(routes.DashboardPath, "/") + "/"
		if r.frontend == "" {
			list = append(list, redirect("/", page))
		}
		list = append(list, redirect(routes.DashboardPath, page),
			terminal([]string{routes.DashboardPath + "/*"}, rewrite.Rewrite{StripPathPrefix: routes.DashboardPath}, &handlers.Dashboard{}))
	}
	// Caddy answers 200 to what nobody handles, which sensors' clients take for
	// lost messages: in the contract's folders it is a 404.
	var beyond []string
	for _, prefix := range routes.OwnPrefixes() {
		beyond = append(beyond, prefix+"*")
	}
	return append(list, terminal(beyond, caddyhttp.StaticResponse{
		StatusCode: caddyhttp.WeakString(strconv.Itoa(http.StatusNotFound)),
	}))
}

// chain returns the handlers of a route.
func (r *routeOptions) chain(route routes.Route) []caddy.Module {
	var chain []caddy.Module
	if route.LogIn() {
		chain = append(chain, &handlers.Auth{})
	}
	switch route.Handler {
	case "peba_ingest":
		return append(chain, &handlers.Ingest{MaxBody: r.maxBody})
	case "peba_query":
		return append(chain, &handlers.Query{Name: route.Question.Name})
	case "peba_stream":
		return append(chain, &handlers.Stream{})
	case "peba_openapi":
		return append(chain, &handlers.OpenAPI{Without: r.without})
	case "peba_heartbeat":
		return append(chain, &handlers.Heartbeat{})
	}
	panic("caddyfile: no handler " + route.Handler + " for " + route.Paths[0])
}

// serves reports whether a group of routes is left in.
func (r *routeOptions) serves(group routes.Group) bool {
	return !slices.Contains(r.without, string(group))
}

// redirect sends those who ask for the path elsewhere. Browsers do not remember
// that: the next configuration may have another answer. A POST is not redirected:
// clients turn it into a GET, and its message is lost.
func redirect(from, to string) caddyhttp.Route {
	route := terminal([]string{from}, caddyhttp.StaticResponse{
		StatusCode: caddyhttp.WeakString(strconv.Itoa(http.StatusFound)),
		Headers:    http.Header{"Location": {to}},
	})
	route.MatcherSetsRaw[0]["method"] = asJSON([]string{http.MethodGet, http.MethodHead})
	return route
}

// terminal is a route after which nothing else of the site is asked.
func terminal(paths []string, chain ...caddy.Module) caddyhttp.Route {
	route := caddyhttp.Route{
		MatcherSetsRaw: caddyhttp.RawMatcherSets{{"path": asJSON(paths)}},
		Terminal:       true,
	}
	for _, h := range chain {
		route.HandlersRaw = append(route.HandlersRaw, asHandler(h))
	}
	return route
}

func asHandler(h caddy.Module) json.RawMessage {
	return caddyconfig.JSONModuleObject(h, "handler", h.CaddyModule().ID.Name(), nil)
}

func asJSON(v any) json.RawMessage { return caddyconfig.JSON(v, nil) }
