package caddyfile

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/peba-edge/peba/handlers"
	"github.com/peba-edge/peba/routes"
)

// parseSite parses the directive peba; for its syntax see handlers.Site.
func parseSite(h httpcaddyfile.Helper) ([]httpcaddyfile.ConfigValue, error) {
	h.Next() // the directive's name
	matcher, err := h.ExtractMatcherSet()
	if err != nil {
		return nil, err
	}
	site := new(handlers.Site)
	if err := site.UnmarshalCaddyfile(h.Dispenser); err != nil {
		return nil, err
	}
	if err := checkMatcher(h, matcher); err != nil {
		return nil, err
	}
	return h.NewRoute(matcher, site), nil
}

// checkMatcher rejects a path matcher for paths that peba does not serve.
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
	for _, folder := range routes.Folders() {
		paths = append(paths, folder.Path+"/")
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
