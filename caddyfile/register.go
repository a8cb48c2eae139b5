// Package caddyfile is the Caddyfile edge: it registers every word that PEBA
// adds, and their order, in one place.
package caddyfile

import (
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/peba-edge/peba/handlers"
)

func init() {
	httpcaddyfile.RegisterGlobalOption("peba", parseApp)

	// Before rate_limit, which stands before basic_auth: its keys are for that.
	registerHandler("peba_client", func() handler { return new(handlers.Client) })
	httpcaddyfile.RegisterDirectiveOrder("peba_client", httpcaddyfile.After, "vars")

	// Like Caddy's basic_auth: before what it protects.
	registerHandler("peba_auth", func() handler { return new(handlers.Auth) })
	httpcaddyfile.RegisterDirectiveOrder("peba_auth", httpcaddyfile.After, "basic_auth")

	// What answers stands before respond, so that `respond 404` at the end of a
	// site catches only the rest.
	httpcaddyfile.RegisterDirective("peba", parseRoutes)
	registerHandler("peba_unhandled", func() handler { return new(handlers.Unhandled) })
	registerHandler("peba_ingest", func() handler { return new(handlers.Ingest) })
	registerHandler("peba_query", func() handler { return new(handlers.Query) })
	registerHandler("peba_stream", func() handler { return new(handlers.Stream) })
	registerHandler("peba_openapi", func() handler { return new(handlers.OpenAPI) })
	registerHandler("peba_dashboard", func() handler { return new(handlers.Dashboard) })
	registerHandler("peba_heartbeat", func() handler { return new(handlers.Heartbeat) })
	for _, name := range []string{"peba_unhandled", "peba_ingest", "peba_query", "peba_stream", "peba_openapi", "peba_dashboard", "peba_heartbeat", "peba"} {
		httpcaddyfile.RegisterDirectiveOrder(name, httpcaddyfile.Before, "respond")
	}
}

// handler is what every handler of PEBA is.
type handler interface {
	caddyhttp.MiddlewareHandler
	caddyfile.Unmarshaler
}

func registerHandler(name string, fresh func() handler) {
	httpcaddyfile.RegisterHandlerDirective(name, func(h httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
		// The helper has read the name already; the parsers begin with it.
		h.Reset()
		made := fresh()
		return made, made.UnmarshalCaddyfile(h.Dispenser)
	})
}
