package caddyfile

import (
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"

	"github.com/peba-edge/peba/app"
)

// parseApp parses the global option peba; for its syntax see
// app.App.UnmarshalCaddyfile.
func parseApp(d *caddyfile.Dispenser, before any) (any, error) {
	if before != nil {
		d.Next() // to the position of the error
		return nil, d.Err("the global option peba is given twice")
	}
	app := new(app.App)
	if err := app.UnmarshalCaddyfile(d); err != nil {
		return nil, err
	}
	return httpcaddyfile.App{Name: "peba", Value: caddyconfig.JSON(app, nil)}, nil
}
