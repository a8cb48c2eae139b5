// Package memcached keeps answers in memcached servers, where several edges can
// share them. See DESIGN.md of package cache for the reasons.
package memcached

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/certmagic"
	"go.uber.org/zap"

	"github.com/peba-edge/peba/cache"
)

func init() {
	caddy.RegisterModule(new(Module))
}

const (
	defaultPort    = 11211
	defaultTimeout = 100 * time.Millisecond
	minTimeout     = time.Millisecond
	maxTimeout     = 5 * time.Second

	// allowedTimeouts and allowedServers describe valid values in errors.
	allowedTimeouts = "1ms to 5s"
	allowedServers  = "HOST, HOST:PORT or unix//PATH"
)

// Module keeps answers in memcached. Values are signed: without the secret, write
// access to memcached is not enough to make PEBA serve anything. Answers of more
// than a megabyte, including their compressed forms, are not kept.
//
// A server that fails three times in a row gets a cooldown, from half a second up to eight.
// Meanwhile its answers are computed every time.
type Module struct {
	// Addresses of the servers, at least one: HOST, HOST:PORT or unix//PATH; the default port is
	// 11211. Keys are distributed over them. Edges that share servers must
	// list them in the same order. Placeholders are replaced.
	Servers []string `json:"servers"`

	// Timeout of connecting, and of each answer, 1ms to 5s. Default: 100ms.
	Timeout caddy.Duration `json:"timeout,omitempty"`

	// Secret for signing values and hashing keys, which edges that share answers must have
	// in common. Make it long and random; placeholders such as {env.NAME} and {file.PATH}
	// are replaced. Default: a random key, generated once and kept in Caddy's storage, so
	// that edges that share storage share it.
	Secret string `json:"secret,omitempty"`

	addresses []address
	secret    string // Secret with placeholders replaced
	storage   certmagic.Storage
	logger    *zap.Logger
}

// CaddyModule returns the Caddy module information.
func (*Module) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "peba.caches.memcached",
		New: func() caddy.Module { return new(Module) },
	}
}

// Provision fills in defaults and replaces placeholders.
func (m *Module) Provision(ctx caddy.Context) error {
	m.logger = ctx.Logger()
	m.storage = ctx.Storage()
	if err := registerMetrics(ctx.GetMetricsRegistry()); err != nil {
		return fmt.Errorf("registering metrics: %w", err)
	}
	if m.Timeout == 0 {
		m.Timeout = caddy.Duration(defaultTimeout)
	}
	replacer := caddy.NewReplacer()
	m.secret = replacer.ReplaceKnown(m.Secret, "")
	for _, server := range m.Servers {
		a, err := parseAddress(replacer.ReplaceKnown(server, ""))
		if err != nil {
			return err
		}
		m.addresses = append(m.addresses, a)
	}
	return nil
}

// Validate checks the configuration.
func (m *Module) Validate() error {
	if len(m.addresses) == 0 {
		return fmt.Errorf("cache memcached has no servers: expected one or more of %s", allowedServers)
	}
	for i, a := range m.addresses {
		if slices.Contains(m.addresses[:i], a) {
			return fmt.Errorf("memcached server %s is given twice", a)
		}
	}
	if m.Timeout < caddy.Duration(minTimeout) || m.Timeout > caddy.Duration(maxTimeout) {
		return fmt.Errorf("timeout of memcached: got %v, must be %s", time.Duration(m.Timeout), allowedTimeouts)
	}
	if m.Secret != "" && m.secret == "" {
		return errors.New("secret of memcached is empty after replacing placeholders: must not be empty")
	}
	return nil
}

// Open gets the key, from Caddy's storage if there is no secret. It does not
// connect: a dead memcached must not prevent the start.
func (m *Module) Open(ctx context.Context) (cache.Cache, error) {
	key := []byte(m.secret)
	if len(key) == 0 {
		var err error
		if key, err = storedKey(ctx, m.storage); err != nil {
			return nil, fmt.Errorf("opening memcached: %w", err)
		}
	}
	seal, err := newSealer(key)
	if err != nil {
		return nil, fmt.Errorf("opening memcached: %w", err)
	}
	return newHandle(m.addresses, time.Duration(m.Timeout), seal, m.logger), nil
}

// UnmarshalCaddyfile sets up the module. Syntax:
//
//	memcached <address>... {
//	    timeout <duration>
//	    secret  <text>
//	}
func (m *Module) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // the module's name
	m.Servers = d.RemainingArgs()
	if len(m.Servers) == 0 {
		return d.Errf("cache memcached has no servers: expected one or more of %s", allowedServers)
	}
	for _, server := range m.Servers {
		if strings.Contains(server, "{") { // a placeholder is replaced later
			continue
		}
		if _, err := parseAddress(server); err != nil {
			return d.WrapErr(err)
		}
	}
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		option := d.Val()
		args := d.RemainingArgs()
		switch option {
		case "timeout":
			if m.Timeout != 0 {
				return d.Errf("cache memcached: %s is given twice", option)
			}
			if len(args) != 1 {
				return d.Errf("cache memcached: timeout has %d arguments: expected one duration", len(args))
			}
			timeout, err := caddy.ParseDuration(args[0])
			if err != nil || timeout < minTimeout || timeout > maxTimeout {
				return d.Errf("cache memcached: timeout: got %q, must be %s", args[0], allowedTimeouts)
			}
			m.Timeout = caddy.Duration(timeout)
		case "secret":
			if m.Secret != "" {
				return d.Errf("cache memcached: %s is given twice", option)
			}
			if len(args) != 1 || args[0] == "" {
				return d.Err("cache memcached: secret: expected one non-empty text")
			}
			m.Secret = args[0]
		default:
			return d.Errf("cache memcached: unknown option %q: must be one of timeout, secret", option)
		}
		if d.NextBlock(d.Nesting()) {
			return d.Errf("cache memcached: %s takes no block: unexpected %q", option, d.Val())
		}
	}
	return nil
}

var (
	_ caddy.Provisioner     = (*Module)(nil)
	_ caddy.Validator       = (*Module)(nil)
	_ caddyfile.Unmarshaler = (*Module)(nil)
	_ cache.Opener          = (*Module)(nil)
)
