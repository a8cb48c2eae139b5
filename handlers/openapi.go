package handlers

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/peba-edge/peba/app"
	"github.com/peba-edge/peba/content"
	"github.com/peba-edge/peba/query"
	"github.com/peba-edge/peba/query/openapi"
	"github.com/peba-edge/peba/routes"
	"github.com/peba-edge/peba/store"
)

func init() {
	caddy.RegisterModule(new(OpenAPI))
}

// OpenAPI serves the description of the standard routes in OpenAPI 3.1.
type OpenAPI struct {
	// Groups of routes that the site does not serve and the document omits: "ingest",
	// "private", "public", "feeds" or "dashboard", which is never in it. Default: none.
	Without []string `json:"without,omitempty"`

	body content.Body
}

// CaddyModule returns the Caddy module information.
func (*OpenAPI) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.handlers.peba_openapi",
		New: func() caddy.Module { return new(OpenAPI) },
	}
}

// Provision writes the document.
func (h *OpenAPI) Provision(ctx caddy.Context) error {
	shared, err := findApp(ctx)
	if err != nil {
		return err
	}
	document, err := openapi.Document(openapi.Options{
		Version: app.Version(),
		Ingest:  !slices.Contains(h.Without, "ingest"),
		Private: !slices.Contains(h.Without, "private"),
		Public:  !slices.Contains(h.Without, "public"),
		Feeds:   !slices.Contains(h.Without, "feeds"),
		Hidden:  shared.Hides(store.Private),
	})
	if err != nil {
		return err
	}
	h.body = content.NewEncoder().Encode(document)
	return nil
}

// Validate checks the groups.
func (h *OpenAPI) Validate() error {
	for _, group := range h.Without {
		if !slices.Contains(groupNames(), group) {
			return unknownGroup(group)
		}
	}
	return nil
}

// ServeHTTP answers GET and HEAD.
func (h *OpenAPI) ServeHTTP(w http.ResponseWriter, r *http.Request, _ caddyhttp.Handler) error {
	if err := checkMethod(w, r, "", http.MethodGet, http.MethodHead); err != nil {
		refuse(err).write(w, query.JSON)
		return nil
	}
	w.Header().Set("Cache-Control", "public, max-age=300")
	// Plain JSON, not application/vnd.oai.openapi+json: browsers show the
	// former and download the latter; tools accept both.
	content.Serve(w, r, query.JSON, &h.body)
	return nil
}

// UnmarshalCaddyfile sets up the handler. Syntax:
//
//	peba_openapi [<matcher>] {
//	    without ingest|private|public|feeds|dashboard...
//	}
func (h *OpenAPI) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // the directive's name
	if d.NextArg() {
		return d.Errf("peba_openapi takes no argument: unexpected %q", d.Val())
	}
	for d.NextBlock(0) {
		if d.Val() != "without" {
			return app.UnknownOption(d, "peba_openapi", "without")
		}
		if h.Without != nil {
			return d.Err("peba_openapi: without is given twice")
		}
		var err error
		if h.Without, err = parseWithout(d); err != nil {
			return err
		}
	}
	return nil
}

// parseWithout parses the groups of routes of the option without.
func parseWithout(d *caddyfile.Dispenser) ([]string, error) {
	groups := d.RemainingArgs()
	if len(groups) == 0 {
		return nil, d.Errf("without has no arguments: expected one or more of %s", strings.Join(groupNames(), ", "))
	}
	for i, group := range groups {
		if !slices.Contains(groupNames(), group) {
			return nil, d.WrapErr(unknownGroup(group))
		}
		if slices.Contains(groups[:i], group) {
			return nil, d.Errf("without: %s is given twice", group)
		}
	}
	return groups, nil
}

// groupNames returns the names of the groups of standard routes.
func groupNames() []string {
	var names []string
	for _, g := range routes.Groups() {
		names = append(names, string(g))
	}
	return names
}

func unknownGroup(group string) error {
	return fmt.Errorf("without: unknown group %q: must be one of %s", group, strings.Join(groupNames(), ", "))
}

var (
	_ caddy.Provisioner           = (*OpenAPI)(nil)
	_ caddy.Validator             = (*OpenAPI)(nil)
	_ caddyhttp.MiddlewareHandler = (*OpenAPI)(nil)
	_ caddyfile.Unmarshaler       = (*OpenAPI)(nil)
)
