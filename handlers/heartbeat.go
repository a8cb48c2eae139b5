package handlers

import (
	"context"
	"net/http"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"

	"github.com/peba-edge/peba/collector"
)

func init() {
	caddy.RegisterModule(new(Heartbeat))
}

// healthTimeout is how long store and cache may take to answer: load balancers
// ask often and wait little.
const healthTimeout = 5 * time.Second

// Heartbeat answers "I'm alive" when store and cache do, else 503 with the part
// that fails (contract §3.2).
type Heartbeat struct {
	app    *collector.App
	logger *zap.Logger
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
	h.logger = collector.RequestLogger(ctx)
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
	ctx, cancel := context.WithTimeout(r.Context(), healthTimeout)
	defer cancel()
	if part, err := h.app.Health(ctx); err != nil {
		h.logger.Error("not healthy", zap.String("part", part), zap.Error(err))
		// What is wrong with it stands in the log: it may name hosts and paths.
		writeBody(w, http.StatusServiceUnavailable, text, []byte(part+" does not answer"))
		return nil
	}
	writeBody(w, http.StatusOK, text, []byte("I'm alive"))
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
