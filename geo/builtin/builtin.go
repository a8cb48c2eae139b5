// Package builtin looks up the country of an address in the compiled-in table of
// github.com/phuslu/iploc. The place is that country's centroid.
//
// This product includes IP2Location LITE data available from
// https://lite.ip2location.com.
package builtin

import (
	"context"
	"net/netip"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/phuslu/iploc"

	"github.com/peba-edge/peba/geo"
)

func init() {
	caddy.RegisterModule(new(Module))
}

// Module looks up addresses in a built-in table: IPv4 and IPv6, the country and
// its centroid, no AS. The table is as old as the program.
type Module struct{}

// CaddyModule returns the Caddy module information.
func (*Module) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "peba.geoip.builtin",
		New: func() caddy.Module { return new(Module) },
	}
}

// Open returns the lookup; there is nothing to open.
func (*Module) Open(context.Context) (geo.Locator, error) {
	return locator{}, nil
}

type locator struct{}

// Locate implements geo.Locator. The first IPv6 address takes about 50 ms
// longer, because the table is unpacked then.
func (locator) Locate(addr netip.Addr) geo.Place {
	code := iploc.IPCountry(addr)
	c, ok := geo.CountryOf(code)
	if !ok {
		return geo.Place{} // such as ZZ, the table's word for unknown
	}
	return geo.Place{Country: code, CountryName: c.Name, Latitude: c.Latitude, Longitude: c.Longitude}
}

// Close implements geo.Locator.
func (locator) Close() error { return nil }

// UnmarshalCaddyfile parses the module's name. Syntax:
//
//	builtin
func (*Module) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // the module's name
	if d.NextArg() {
		return d.Errf("geoip builtin: unexpected %q: expected no argument", d.Val())
	}
	if d.NextBlock(d.Nesting()) {
		return d.Errf("geoip builtin: unknown option %q: expected none", d.Val())
	}
	return nil
}

var (
	_ caddyfile.Unmarshaler = (*Module)(nil)
	_ geo.Opener            = (*Module)(nil)
	_ geo.Locator           = locator{}
)
