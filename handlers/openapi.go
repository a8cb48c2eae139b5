package handlers

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/peba-edge/peba/collector"
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
	// Groups of routes that are not served here, and so not described:
	// "ingest", "private" or "public". The "dashboard" never is.
	Without []string `json:"without,omitempty"`

	body []byte
	etag string
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
	app, err := findApp(ctx)
	if err != nil {
		return err
	}
	h.body, err = openapi.Document(openapi.Options{
		Version: collector.Version(),
		Ingest:  !slices.Contains(h.Without, "ingest"),
		Private: !slices.Contains(h.Without, "private"),
		Public:  !slices.Contains(h.Without, "public"),
		Hidden:  app.Hides(store.Private),
	})
	h.etag = fmt.Sprintf(`"%x"`, sha256.Sum256(h.body))
	return err
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
	header := w.Header()
	// Plain JSON, not application/vnd.oai.openapi+json: browsers show the one
	// and download the other, and tools take both.
	header.Set("Content-Type", query.JSON)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Cache-Control", "public, max-age=300")
	header.Set("ETag", h.etag)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(h.body))
	return nil
}

// UnmarshalCaddyfile sets up the handler. Syntax:
//
//	peba_openapi [<matcher>] {
//	    without ingest|private|public|dashboard...
//	}
func (h *OpenAPI) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // the directive's name
	if d.NextArg() {
		return d.Errf("peba_openapi takes no argument: unexpected %q", d.Val())
	}
	for d.NextBlock(0) {
		if d.Val() != "without" {
			return collector.UnknownOption(d, "peba_openapi", "without")
		}
		if h.Without != nil {
			return d.Err("peba_openapi: without is given twice")
		}
		var err error
		if h.Without, err = ParseWithout(d); err != nil {
			return err
		}
	}
	return nil
}

// ParseWithout reads the groups of routes that the present option without names.
func ParseWithout(d *caddyfile.Dispenser) ([]string, error) {
	groups := d.RemainingArgs()
	if len(groups) == 0 {
		return nil, d.Errf("without names nothing: allowed are %s", strings.Join(groupNames(), ", "))
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
	return fmt.Errorf("without: unknown group %q: allowed are %s", group, strings.Join(groupNames(), ", "))
}

var (
	_ caddy.Provisioner           = (*OpenAPI)(nil)
	_ caddy.Validator             = (*OpenAPI)(nil)
	_ caddyhttp.MiddlewareHandler = (*OpenAPI)(nil)
	_ caddyfile.Unmarshaler       = (*OpenAPI)(nil)
)
