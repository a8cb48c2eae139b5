package handlers

import (
	"net/http"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/peba-edge/peba/app"
	"github.com/peba-edge/peba/content"
)

func init() {
	caddy.RegisterModule(new(Heartbeat))
}

// Heartbeat answers 200 and "I'm alive" while messages are accepted and questions
// answered, otherwise 503 with the failing part. Other failing parts, such as
// memcached or a cluster that rejects alerts while they are queued, are listed
// below "I'm alive", each in a line that starts with "degraded: ". With the
// parameter strict they cause 503 too: use that for alerting, and the answer
// without it for load balancers.
type Heartbeat struct {
	app *app.App
}

// CaddyModule returns the Caddy module information.
func (*Heartbeat) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.handlers.peba_heartbeat",
		New: func() caddy.Module { return new(Heartbeat) },
	}
}

// Provision finds the app.
func (h *Heartbeat) Provision(ctx caddy.Context) error {
	var err error
	h.app, err = findApp(ctx)
	return err
}

// ServeHTTP answers GET and HEAD.
func (h *Heartbeat) ServeHTTP(w http.ResponseWriter, r *http.Request, _ caddyhttp.Handler) error {
	const text = "text/plain; charset=utf-8"
	if err := checkMethod(w, r, "", http.MethodGet, http.MethodHead); err != nil {
		refuse(err).write(w, "")
		return nil
	}
	w.Header().Set("Cache-Control", "no-store")
	status, lines := http.StatusOK, []string{"I'm alive"}
	health := h.app.Health(r.Context())
	// The log has the error of a part, which may name hosts and paths.
	if health.Failing != nil {
		status, lines = http.StatusServiceUnavailable, []string{health.Failing.Part + " does not answer"}
	} else if len(health.Degraded) > 0 && r.URL.Query().Has("strict") {
		status, lines = http.StatusServiceUnavailable, nil
	}
	for _, part := range health.Degraded {
		lines = append(lines, "degraded: "+part.Part)
	}
	content.Write(w, status, text, []byte(strings.Join(lines, "\n")))
	return nil
}

// UnmarshalCaddyfile sets up the handler. Syntax:
//
//	peba_heartbeat [<matcher>]
func (h *Heartbeat) UnmarshalCaddyfile(d *caddyfile.Dispenser) error { return noOptions(d) }

var (
	_ caddy.Provisioner           = (*Heartbeat)(nil)
	_ caddyhttp.MiddlewareHandler = (*Heartbeat)(nil)
	_ caddyfile.Unmarshaler       = (*Heartbeat)(nil)
)
