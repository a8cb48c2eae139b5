package handlers

import (
	"hash/maphash"
	"net/http"
	"strconv"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/peba-edge/peba/intake"
)

func init() {
	caddy.RegisterModule(new(Client))
}

// clientBuckets is the number of buckets. A zone of caddy-ratelimit takes up to 24 bytes per
// bucket and event in its window.
const clientBuckets = 4096

// Client sets placeholders that identify clients for rate limits. The customer of an IPv6
// provider has 2^64 addresses, so the network counts.
//
// Placeholder | Description
// ------------|---------------
// `{peba.client_network}` | The client's IPv4 address with `/32`, or its IPv6 network with `/64`
// `{peba.client_bucket}` | A number below 4096: a secret hash of the network
type Client struct {
	seed maphash.Seed
}

// CaddyModule returns the Caddy module information.
func (*Client) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.handlers.peba_client",
		New: func() caddy.Module { return new(Client) },
	}
}

// Provision chooses the secret seed of the hash, so that nobody can find out which
// networks share a bucket.
func (h *Client) Provision(caddy.Context) error {
	h.seed = maphash.MakeSeed()
	return nil
}

// ServeHTTP sets the placeholders and calls the next handler.
func (h *Client) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	if repl, ok := r.Context().Value(caddy.ReplacerCtxKey).(*caddy.Replacer); ok {
		network := intake.SourceNetwork(sourceOf(r))
		repl.Map(func(key string) (any, bool) {
			switch key {
			case "peba.client_network":
				return network.String(), true
			case "peba.client_bucket":
				return strconv.FormatUint(maphash.Comparable(h.seed, network)%clientBuckets, 10), true
			default:
				return nil, false
			}
		})
	}
	return next.ServeHTTP(w, r)
}

// UnmarshalCaddyfile sets up the handler. Syntax:
//
//	peba_client [<matcher>]
func (h *Client) UnmarshalCaddyfile(d *caddyfile.Dispenser) error { return noOptions(d) }

var (
	_ caddy.Provisioner           = (*Client)(nil)
	_ caddyhttp.MiddlewareHandler = (*Client)(nil)
	_ caddyfile.Unmarshaler       = (*Client)(nil)
)
