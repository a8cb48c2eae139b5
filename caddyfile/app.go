package caddyfile

import (
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"

	"github.com/peba-edge/peba/collector"
)

// parseApp reads the global option peba; its syntax stands at
// collector.App.UnmarshalCaddyfile.
func parseApp(d *caddyfile.Dispenser, before any) (any, error) {
	if before != nil {
		d.Next() // to where the error is
		return nil, d.Err("the global option peba is given twice")
	}
	app := new(collector.App)
	if err := app.UnmarshalCaddyfile(d); err != nil {
		return nil, err
	}
	return httpcaddyfile.App{Name: "peba", Value: caddyconfig.JSON(app, nil)}, nil
}
