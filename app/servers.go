package app

import (
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/peba-edge/peba/store"
)

// Beginnings of the names of handlers.
const (
	anyHandler    = "http.handlers.peba_"
	ingestHandler = "http.handlers.peba_ingest"
)

// servers returns the HTTP servers of this configuration, by name.
func (a *App) servers() map[string]*caddyhttp.Server {
	app, err := a.ctx.AppIfConfigured("http")
	if err != nil {
		return nil
	}
	return app.(*caddyhttp.App).Servers
}

// nameOf returns a server's addresses, for operators.
func nameOf(name string, s *caddyhttp.Server) string {
	return name + " (" + strings.Join(s.Listen, ", ") + ")"
}

// carries reports whether a server has a handler of PEBA with this prefix.
func carries(s *caddyhttp.Server, handler string) bool {
	for _, named := range s.NamedRoutes {
		if named != nil && hasHandler(caddyhttp.RouteList{*named}, handler) {
			return true
		}
	}
	return hasHandler(s.Routes, handler)
}

// hasHandler looks for a handler of PEBA in routes and their subroutes.
func hasHandler(routes caddyhttp.RouteList, name string) bool {
	for _, route := range routes {
		for _, handler := range route.Handlers {
			if sub, ok := handler.(*caddyhttp.Subroute); ok && hasHandler(sub.Routes, name) {
				return true
			}
			if site, ok := handler.(interface{ Contains(id string) bool }); ok && site.Contains(name) {
				return true
			}
			module, ok := handler.(caddy.Module)
			if ok && strings.HasPrefix(string(module.CaddyModule().ID), name) {
				return true
			}
		}
	}
	return false
}

// checkOtherHosts looks for servers where sensors that use an unknown host name get
// Caddy's empty 200, which crashes their client.
func checkOtherHosts(servers map[string]*caddyhttp.Server) store.Finding {
	var names []string
	for name, server := range servers {
		if carries(server, ingestHandler) && !slices.ContainsFunc(server.Routes, takesAnyHost) {
			names = append(names, nameOf(name, server))
		}
	}
	if len(names) == 0 {
		return store.Finding{Part: "other hosts", OK: true, Text: "a site answers requests for other hosts"}
	}
	slices.Sort(names)
	return store.Finding{Part: "other hosts",
		Text: "no site answers requests for other hosts: Caddy answers them with an empty 200, and sensors lose their alerts, on " +
			strings.Join(names, "; "),
		Advice: "Add a site without a host name on the same ports, as Caddyfile.example has at its end (PEBA_OTHER_HOSTS)."}
}

// takesAnyHost reports whether a route matches any host.
func takesAnyHost(route caddyhttp.Route) bool {
	return len(route.MatcherSets) == 0 || slices.ContainsFunc(route.MatcherSets, func(set caddyhttp.MatcherSet) bool {
		return !slices.ContainsFunc(set, namesHosts)
	})
}

// namesHosts reports whether a matcher matches particular hosts.
func namesHosts(matcher any) bool {
	switch m := matcher.(type) {
	case caddyhttp.MatchHost:
		return !slices.Contains(m, "*")
	case *caddyhttp.MatchHost:
		return !slices.Contains(*m, "*")
	}
	return false
}
