// Command peba is Caddy with PEBA and the rate limiter: the development binary.
// Releases are built by xcaddy from xcaddy.json, with the same modules.
package main

import (
	caddycmd "github.com/caddyserver/caddy/v2/cmd"

	_ "github.com/caddyserver/caddy/v2/modules/standard"
	_ "github.com/mholt/caddy-ratelimit"

	_ "github.com/peba-edge/peba"
)

func main() {
	caddycmd.Main()
}
