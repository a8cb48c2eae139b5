// Package sqlite is the embedded store: one SQLite file in WAL mode, written by
// one goroutine that groups concurrent messages into a commit. DESIGN.md has
// the reasons and measurements.
package sqlite

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/peba-edge/peba/store"
)

// moduleID is the name of the module and of its logger.
const moduleID caddy.ModuleID = "peba.stores.sqlite"

func init() {
	caddy.RegisterModule(new(Module))
}

// Module keeps alerts in a SQLite file on this machine; no other server is
// needed. One process at a time may have the file open.
type Module struct {
	// Path of the database file. It is created with its folder if it does not exist;
	// files whose names end with -wal, -shm and .lock are kept beside it. Placeholders
	// are replaced. Default: peba/peba.db in Caddy's data directory.
	Path string `json:"path,omitempty"`

	path string // Path, absolute and with placeholders replaced
}

// CaddyModule returns the Caddy module information.
func (*Module) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  moduleID,
		New: func() caddy.Module { return new(Module) },
	}
}

// Provision resolves the path and registers the metrics. It touches no file.
func (m *Module) Provision(ctx caddy.Context) error {
	if err := registerMetrics(ctx.GetMetricsRegistry()); err != nil {
		return fmt.Errorf("metrics of the sqlite store: %w", err)
	}
	path := m.Path
	if path == "" {
		path = filepath.Join(caddy.AppDataDir(), "peba", "peba.db")
	}
	path, err := caddy.NewReplacer().ReplaceOrErr(path, true, true)
	if err != nil {
		return fmt.Errorf("path of the sqlite store %q: %w", m.Path, err)
	}
	if m.path, err = filepath.Abs(path); err != nil {
		return fmt.Errorf("path of the sqlite store %q: %w", m.Path, err)
	}
	return nil
}

// Validate rejects a path that is a folder.
func (m *Module) Validate() error {
	if info, err := os.Stat(m.path); err == nil && info.IsDir() {
		return fmt.Errorf("path of the sqlite store %q is a folder: must be a file or not exist yet", m.path)
	}
	return nil
}

// Open opens the file, or shares it if this process has it open.
func (m *Module) Open(ctx context.Context, opts store.Options) (store.Store, error) {
	return open(ctx, m.path, opts)
}

// UnmarshalCaddyfile parses the module's name and its only argument. Syntax:
//
//	sqlite [PATH]
func (m *Module) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // the module's name
	if d.NextArg() {
		m.Path = d.Val()
		if info, err := os.Stat(m.Path); err == nil && info.IsDir() {
			return d.Errf("store sqlite: path %q is a folder: must be a file or not exist yet", m.Path)
		}
	}
	if d.NextArg() {
		return d.Errf("store sqlite: unexpected %q: expected one PATH", d.Val())
	}
	if d.NextBlock(d.Nesting()) {
		return d.Errf("store sqlite: unknown option %q: expected one PATH and no options", d.Val())
	}
	return nil
}

var (
	_ caddy.Provisioner     = (*Module)(nil)
	_ caddy.Validator       = (*Module)(nil)
	_ caddyfile.Unmarshaler = (*Module)(nil)
	_ store.Opener          = (*Module)(nil)
)
