// Package caddyfile registers all Caddyfile directives and options of PEBA, and
// their order.
package caddyfile

import (
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/peba-edge/peba/handlers"
)

func init() {
	httpcaddyfile.RegisterGlobalOption("peba", parseApp)

	// Before rate_limit, which uses its placeholders as keys and is ordered
	// before basic_auth.
	registerHandler("peba_client", func() handler { return new(handlers.Client) })
	httpcaddyfile.RegisterDirectiveOrder("peba_client", httpcaddyfile.After, "vars")

	// Like Caddy's basic_auth: before the handlers it protects.
	registerHandler("peba_auth", func() handler { return new(handlers.Auth) })
	httpcaddyfile.RegisterDirectiveOrder("peba_auth", httpcaddyfile.After, "basic_auth")

	// Handlers that answer come before respond, so that `respond 404` at the
	// end of a site catches only the rest.
	httpcaddyfile.RegisterDirective("peba", parseSite)
	registerHandler("peba_unhandled", func() handler { return new(handlers.Unhandled) })
	registerHandler("peba_ingest", func() handler { return new(handlers.Ingest) })
	registerHandler("peba_query", func() handler { return new(handlers.Query) })
	registerHandler("peba_stream", func() handler { return new(handlers.Stream) })
	registerHandler("peba_openapi", func() handler { return new(handlers.OpenAPI) })
	registerHandler("peba_feeds", func() handler { return new(handlers.Feeds) })
	registerHandler("peba_taxii", func() handler { return new(handlers.TAXII) })
	registerHandler("peba_misp", func() handler { return new(handlers.MISP) })
	registerHandler("peba_crowdsec", func() handler { return new(handlers.CrowdSec) })
	registerHandler("peba_dashboard", func() handler { return new(handlers.Dashboard) })
	registerHandler("peba_heartbeat", func() handler { return new(handlers.Heartbeat) })
	registerHandler("peba_feed_allow", func() handler { return new(handlers.FeedAllow) })
	for _, name := range []string{"peba_unhandled", "peba_ingest", "peba_query", "peba_stream", "peba_openapi", "peba_feeds", "peba_taxii", "peba_misp", "peba_crowdsec", "peba_dashboard", "peba_heartbeat", "peba_feed_allow", "peba"} {
		httpcaddyfile.RegisterDirectiveOrder(name, httpcaddyfile.Before, "respond")
	}
}

// handler is implemented by every handler of PEBA.
type handler interface {
	caddyhttp.MiddlewareHandler
	caddyfile.Unmarshaler
}

func registerHandler(name string, fresh func() handler) {
	httpcaddyfile.RegisterHandlerDirective(name, func(h httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
		// The helper has already consumed the name, with which the parsers
		// begin.
		h.Reset()
		made := fresh()
		return made, made.UnmarshalCaddyfile(h.Dispenser)
	})
}
