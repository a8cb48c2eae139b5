package handlers

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp/rewrite"

	"github.com/peba-edge/peba/app"
	"github.com/peba-edge/peba/routes"
)

func init() {
	caddy.RegisterModule(new(Site))
}

// Site serves everything at its standard path: the sensors' endpoint, all questions, the
// stream, the feeds, the OpenAPI document, the heartbeat and the dashboard. Other paths are left to the
// rest of the site, and get 404 if nothing there answers. It finds the handler of a path in
// constant time.
type Site struct {
	// Origin of a frontend elsewhere, such as https://map.example.org: / redirects there,
	// and its scripts can read the answers (CORS). Default: none; / redirects to the dashboard.
	Frontend string `json:"frontend,omitempty"`

	// Maximum request body size of sensors in bytes; larger bodies get 413. Default: 256 MiB.
	MaxBody int64 `json:"max_body,omitempty"`

	// Groups of paths to omit: "ingest", "private", "public", "feeds", "dashboard". The dashboard asks
	// public questions and is omitted with them. Default: none.
	Without []string `json:"without,omitempty"`

	// paths has the handler of each path that is served.
	paths map[string]endpoint
	// page is the dashboard, nil if omitted.
	page *Dashboard
	// folders has the handlers of folders by path.
	folders map[string]caddyhttp.MiddlewareHandler
}

// endpoint serves a path.
type endpoint struct {
	// auth, if not nil, authenticates private users.
	auth    *Auth
	handler caddyhttp.MiddlewareHandler
}

// CaddyModule returns the Caddy module information.
func (*Site) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.handlers.peba",
		New: func() caddy.Module { return new(Site) },
	}
}

// Provision loads the handlers.
func (h *Site) Provision(ctx caddy.Context) error {
	if h.Frontend != "" && !isOrigin(h.Frontend) {
		return badOrigin(h.Frontend)
	}
	for _, group := range h.Without {
		if !slices.Contains(groupNames(), group) {
			return unknownGroup(group)
		}
	}
	h.paths = make(map[string]endpoint)
	for _, route := range routes.Table() {
		if !h.serves(route.Group) {
			continue
		}
		end, err := h.endpoint(ctx, route)
		if err != nil {
			return err
		}
		for _, path := range routes.WithSlash(route.Paths...) {
			h.paths[path], h.paths[strings.ToLower(path)] = end, end
		}
	}
	if err := h.provisionFolders(ctx); err != nil {
		return err
	}
	return h.provisionPage(ctx)
}

// provisionFolders loads the handlers of folders.
func (h *Site) provisionFolders(ctx caddy.Context) error {
	h.folders = make(map[string]caddyhttp.MiddlewareHandler)
	modules := map[string]caddy.Module{
		"peba_feeds":    new(Feeds),
		"peba_crowdsec": new(CrowdSec),
		"peba_taxii":    new(TAXII),
		"peba_misp":     new(MISP),
	}
	for _, folder := range routes.Folders() {
		if !h.serves(folder.Group) {
			continue
		}
		handler, err := load(ctx, modules[folder.Handler])
		if err != nil {
			return err
		}
		h.folders[folder.Path] = handler
	}
	return nil
}

// endpoint loads the handlers of a route.
func (h *Site) endpoint(ctx caddy.Context, route routes.Route) (endpoint, error) {
	var end endpoint
	if route.LogIn() {
		auth, err := load(ctx, new(Auth))
		if err != nil {
			return endpoint{}, err
		}
		end.auth = auth.(*Auth)
	}
	var err error
	end.handler, err = load(ctx, h.module(route))
	return end, err
}

// module is a route's handler with its configuration.
func (h *Site) module(route routes.Route) caddy.Module {
	switch route.Handler {
	case "peba_ingest":
		return &Ingest{MaxBody: h.MaxBody}
	case "peba_query":
		return &Query{Name: route.Question.Name}
	case "peba_feed_allow":
		return new(FeedAllow)
	case "peba_stream":
		return new(Stream)
	case "peba_openapi":
		return &OpenAPI{Without: h.Without}
	default:
		return new(Heartbeat)
	}
}

// provisionPage adds the dashboard and the redirects to it or to the frontend.
func (h *Site) provisionPage(ctx caddy.Context) error {
	if h.Frontend != "" {
		h.paths["/"] = endpoint{handler: redirect(h.Frontend)}
	}
	if !h.serves(routes.Dashboard) || !h.serves(routes.Public) {
		return nil
	}
	page, err := load(ctx, new(Dashboard))
	if err != nil {
		return err
	}
	h.page = page.(*Dashboard)
	// Relative, so that both stay below a stripped prefix.
	home := redirect(strings.TrimPrefix(routes.DashboardPath, "/") + "/")
	if h.Frontend == "" {
		h.paths["/"] = endpoint{handler: home}
	}
	h.paths[routes.DashboardPath] = endpoint{handler: home}
	return nil
}

// load loads a handler through Caddy, as if it were in the configuration.
func load(ctx caddy.Context, module caddy.Module) (caddyhttp.MiddlewareHandler, error) {
	id := string(module.CaddyModule().ID)
	var warnings []caddyconfig.Warning
	config := caddyconfig.JSON(module, &warnings)
	if len(warnings) > 0 {
		return nil, fmt.Errorf("encode the configuration of %s: %s", id, warnings[0].Message)
	}
	loaded, err := ctx.LoadModuleByID(id, config)
	if err != nil {
		return nil, err
	}
	return loaded.(caddyhttp.MiddlewareHandler), nil
}

// serves reports whether a group of routes is served.
func (h *Site) serves(group routes.Group) bool { return !slices.Contains(h.Without, string(group)) }

// Contains reports whether this site has a handler with this prefix of its module
// ID, for searches in a configuration.
func (h *Site) Contains(id string) bool {
	for _, end := range h.paths {
		module, ok := end.handler.(caddy.Module)
		if ok && strings.HasPrefix(string(module.CaddyModule().ID), id) {
			return true
		}
	}
	return false
}

// ServeHTTP serves a path, or calls the next handler.
func (h *Site) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	hideKey(r) // also on wrong paths, such as those of bouncers whose URL lacks /crowdsec/
	path := r.URL.Path
	end, found := h.paths[path]
	if !found {
		// Like Caddy's own path matchers.
		path = caddyhttp.CleanPath(strings.ToLower(path), true)
		end, found = h.paths[path]
	}
	// What changes something is for the dashboard only.
	asks := strings.HasPrefix(path, questions) && !strings.EqualFold(strings.TrimSuffix(path, "/"), routes.FeedAllowPath)
	if h.Frontend != "" && asks && h.crossOrigin(w, r) {
		return nil
	}
	switch {
	case found && end.auth != nil:
		return end.auth.ServeHTTP(w, r, caddyhttp.HandlerFunc(func(w http.ResponseWriter, r *http.Request) error {
			return end.handler.ServeHTTP(w, r, next)
		}))
	case found:
		return end.handler.ServeHTTP(w, r, next)
	case h.page != nil && strings.HasPrefix(path, routes.DashboardPath+"/"):
		return serveBelow(routes.DashboardPath, h.page, w, r, next)
	case h.folderOf(path) != "":
		folder := h.folderOf(path)
		return serveBelow(folder, h.folders[folder], w, r, next)
	case slices.ContainsFunc(routes.OwnPrefixes(), func(prefix string) bool { return strings.HasPrefix(path, prefix) }):
		// Caddy answers unhandled requests with 200, which makes sensors lose
		// messages. In the contract's folders they get 404.
		w.WriteHeader(http.StatusNotFound)
		return nil
	default:
		return new(Unhandled).ServeHTTP(w, r, next)
	}
}

// folderOf returns the path of the folder that has a path; empty if there is none.
func (h *Site) folderOf(path string) string {
	first, _, below := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if folder := "/" + first; below && h.folders[folder] != nil {
		return folder
	}
	return ""
}

// serveBelow serves a path below a folder, by its path in the folder.
func serveBelow(folder string, handler caddyhttp.MiddlewareHandler, w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	inside := *r
	address := *r.URL
	inside.URL = &address
	repl, _ := r.Context().Value(caddy.ReplacerCtxKey).(*caddy.Replacer)
	rewrite.Rewrite{StripPathPrefix: folder}.Rewrite(&inside, repl)
	return handler.ServeHTTP(w, &inside, next)
}

// redirect redirects a path to this location, without caching, since the next
// configuration may differ. It does not redirect POST: clients would turn it into a
// GET and lose the message.
type redirect string

// ServeHTTP answers GET and HEAD.
func (to redirect) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return new(Unhandled).ServeHTTP(w, r, next)
	}
	w.Header().Set("Location", string(to))
	w.WriteHeader(http.StatusFound)
	return nil
}

// UnmarshalCaddyfile sets up the handler. Syntax:
//
//	peba [<matcher>] {
//	    frontend <origin>
//	    max_body <size>
//	    without  ingest|private|public|feeds|dashboard...
//	}
//
// Without a block it is equivalent to:
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
//	handle_path /feeds/* {                # and /taxii2/*, /misp/*, /crowdsec/*
//	    peba_feeds
//	}
//	redir / dashboard/                    # GET and HEAD only
//	redir /dashboard dashboard/
//	handle_path /dashboard/* {
//	    peba_dashboard
//	}
//	respond /alert/* 404
//	respond /ews-0.1/* 404
//
// where each path also matches with a trailing slash. Below a prefix use it
// within handle_path.
func (h *Site) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // the directive's name
	if d.NextArg() {
		return d.Errf("peba takes no argument but a matcher: unexpected %q", d.Val())
	}
	seen := map[string]bool{}
	for d.NextBlock(0) {
		option := d.Val()
		if seen[option] {
			return d.Errf("peba: %s is given twice", option)
		}
		seen[option] = true
		var err error
		switch option {
		case "frontend":
			h.Frontend, err = parseOrigin(d)
		case "max_body":
			h.MaxBody, err = parseSize(d)
		case "without":
			h.Without, err = parseWithout(d)
		default:
			err = app.UnknownOption(d, "peba", routes.DirectiveOptions()...)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

var (
	_ caddy.Provisioner           = (*Site)(nil)
	_ caddyhttp.MiddlewareHandler = (*Site)(nil)
	_ caddyfile.Unmarshaler       = (*Site)(nil)
)
