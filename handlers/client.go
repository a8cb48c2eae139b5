package handlers

import (
	"hash/maphash"
	"net/http"
	"strconv"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/peba-edge/peba/collector"
)

func init() {
	caddy.RegisterModule(new(Client))
}

// clientBuckets is how many buckets there are. A zone of caddy-ratelimit takes up to
// 24 bytes for each of them and each event in its window.
const clientBuckets = 4096

// Client sets placeholders by which rate limits can tell clients apart. The customer of an IPv6
// provider has 2^64 addresses, so what counts is the network.
//
// Placeholder | Description
// ------------|---------------
// `{peba.client_network}` | The client's IPv4 address with `/32`, or its IPv6 network with `/64`
// `{peba.client_bucket}` | A number below 4096 that stands for the network. Which one, only this process knows.
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

// Provision chooses which buckets networks are in: nobody outside can find out who shares
// theirs.
func (h *Client) Provision(caddy.Context) error {
	h.seed = maphash.MakeSeed()
	return nil
}

// ServeHTTP sets the placeholders and calls the next handler.
func (h *Client) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	if repl, ok := r.Context().Value(caddy.ReplacerCtxKey).(*caddy.Replacer); ok {
		network := collector.SourceNetwork(sourceOf(r))
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
