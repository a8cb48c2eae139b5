package handlers

import (
	"net/http"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

func init() {
	caddy.RegisterModule(new(Unhandled))
}

// Unhandled answers 404 if no other handler of the site answers. Caddy would
// answer 200 without a body, which crashes the sensors' client: the alerts of
// that round are lost. Handlers of other directives keep working, regardless of
// order. The directive peba includes it.
type Unhandled struct{}

// CaddyModule returns the Caddy module information.
func (*Unhandled) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.handlers.peba_unhandled",
		New: func() caddy.Module { return new(Unhandled) },
	}
}

// ServeHTTP calls the next handler and checks whether there was one.
func (*Unhandled) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	if err := next.ServeHTTP(w, r); err != nil {
		return err
	}
	// Caddy's last handler signals this way that no handler has answered.
	if unhandled, _ := caddyhttp.GetVar(r.Context(), "unhandled").(bool); !unhandled {
		return nil
	}
	caddyhttp.SetVar(r.Context(), "unhandled", false)
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		w.WriteHeader(http.StatusNotFound)
		return nil
	}
	(&refusal{status: http.StatusNotFound, reason: "messages are not accepted at this path: check the URL in the sensor's configuration"}).write(w, "")
	return nil
}

// UnmarshalCaddyfile sets up the handler. Syntax:
//
//	peba_unhandled [<matcher>]
func (h *Unhandled) UnmarshalCaddyfile(d *caddyfile.Dispenser) error { return noOptions(d) }

var (
	_ caddyhttp.MiddlewareHandler = (*Unhandled)(nil)
	_ caddyfile.Unmarshaler       = (*Unhandled)(nil)
)
