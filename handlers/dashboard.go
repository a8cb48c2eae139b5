package handlers

import (
	"net/http"
	"sync"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/peba-edge/peba/app"
	"github.com/peba-edge/peba/content"
	"github.com/peba-edge/peba/dashboard"
)

func init() {
	caddy.RegisterModule(new(Dashboard))
}

// dashboardPolicy allows the page to load and request from its own origin only.
const dashboardPolicy = "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'"

// dashboardFiles prepares the files once, however often a server is reloaded. The
// map is shared and must not be changed.
var dashboardFiles = sync.OnceValues(func() (map[string]dashboard.File, error) {
	return dashboard.Files(app.Version())
})

// Dashboard serves the page with map, statistics and private views. It can be on any
// path, whose prefix must be stripped. At PREFIX/dashboard/ the page sends its
// questions to PREFIX/alert/, elsewhere to /alert/.
type Dashboard struct {
	files map[string]dashboard.File
}

// CaddyModule returns the Caddy module information.
func (*Dashboard) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.handlers.peba_dashboard",
		New: func() caddy.Module { return new(Dashboard) },
	}
}

// Provision prepares the files.
func (h *Dashboard) Provision(caddy.Context) error {
	var err error
	h.files, err = dashboardFiles()
	return err
}

// ServeHTTP answers GET and HEAD.
func (h *Dashboard) ServeHTTP(w http.ResponseWriter, r *http.Request, _ caddyhttp.Handler) error {
	header := w.Header()
	header.Set("Content-Security-Policy", dashboardPolicy)
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("Permissions-Policy", "camera=(), display-capture=(), geolocation=(), microphone=()")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("X-Content-Type-Options", "nosniff")
	if err := checkMethod(w, r, "", http.MethodGet, http.MethodHead); err != nil {
		refuse(err).write(w, "")
		return nil
	}
	file, ok := h.files[r.URL.Path]
	if !ok {
		(&refusal{status: http.StatusNotFound, reason: "the dashboard has no such file"}).write(w, "")
		return nil
	}
	// The files of one version belong together, so browsers must revalidate
	// each time and get 304 if nothing has changed.
	header.Set("Cache-Control", "no-cache")
	content.Serve(w, r, file.Media, &file.Content)
	return nil
}

// UnmarshalCaddyfile sets up the handler. Syntax:
//
//	peba_dashboard [<matcher>]
//
// It uses the path with the dashboard's prefix stripped:
//
//	handle_path /dashboard/* {
//	    peba_dashboard
//	}
func (h *Dashboard) UnmarshalCaddyfile(d *caddyfile.Dispenser) error { return noOptions(d) }

var (
	_ caddy.Provisioner           = (*Dashboard)(nil)
	_ caddyhttp.MiddlewareHandler = (*Dashboard)(nil)
	_ caddyfile.Unmarshaler       = (*Dashboard)(nil)
)
