//go:build !linux

package app

import (
	"errors"

	"github.com/caddyserver/caddy/v2"
)

// announcement is implemented on Linux only: other systems have no socket names that end
// with the process.
type announcement struct{ listener }

func announce(caddy.NetworkAddress) (*announcement, error) {
	return nil, errors.ErrUnsupported
}

// Destruct implements caddy.Destructor.
func (*announcement) Destruct() error { return nil }

// announced returns nothing.
func announced() []listener { return nil }
