// Package mmdb looks addresses up in MaxMind DB files of any vendor: City,
// Country and ASN databases, as many as there are. A file is read into memory
// and not mapped: one that is overwritten in place, instead of replaced, would
// otherwise end the process. It is read anew whenever it changes.
package mmdb

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"go.uber.org/zap"

	"github.com/peba-edge/peba/geo"
)

func init() {
	caddy.RegisterModule(new(Module))
}

// Module looks addresses up in MaxMind DB files (.mmdb), which are read anew
// when they change.
type Module struct {
	// The files, at least one. What the first lacks for an address is taken
	// from the next: list a City (or Country) and an ASN database. Placeholders
	// are replaced.
	Files []string `json:"files"`

	paths  []string // Files, absolute and with placeholders replaced
	logger *zap.Logger
}

// CaddyModule returns the Caddy module information.
func (*Module) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "peba.geoip.mmdb",
		New: func() caddy.Module { return new(Module) },
	}
}

// Provision works out the paths.
func (m *Module) Provision(ctx caddy.Context) error {
	m.logger = ctx.Logger()
	replacer := caddy.NewReplacer()
	for _, name := range m.Files {
		path, err := replacer.ReplaceOrErr(name, true, true)
		if err != nil {
			return fmt.Errorf("geoip file %q: %w", name, err)
		}
		if path, err = filepath.Abs(path); err != nil {
			return fmt.Errorf("geoip file %q: %w", name, err)
		}
		m.paths = append(m.paths, path)
	}
	return nil
}

// Validate checks that there are files and that they can be opened.
func (m *Module) Validate() error {
	if len(m.paths) == 0 {
		return errors.New("geoip mmdb has no files: allowed is one or more")
	}
	for i, path := range m.paths {
		if slices.Contains(m.paths[:i], path) {
			return fmt.Errorf("geoip file %s is given twice", path)
		}
		if err := checkFile(path); err != nil {
			return err
		}
	}
	return nil
}

// checkFile reports whether a file can be opened, unless its name has a
// placeholder that is not replaced yet.
func checkFile(path string) error {
	if strings.Contains(path, "{") {
		return nil
	}
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("geoip file %s: %w", path, errors.Unwrap(err))
	}
	info, err := f.Stat()
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("geoip file %s: %w", path, err)
	}
	if info.IsDir() {
		return fmt.Errorf("geoip file %s is a folder: expected a file", path)
	}
	return nil
}

// Open reads the files, or shares them when this process has them already.
func (m *Module) Open(context.Context) (geo.Locator, error) {
	l := new(locator)
	for _, path := range m.paths {
		f, err := open(path, m.logger)
		if err != nil {
			return nil, errors.Join(err, l.Close())
		}
		l.files = append(l.files, f)
	}
	return l, nil
}

// locator is one user's share of some files.
type locator struct {
	files []*file
	close sync.Once
}

// Locate implements geo.Locator.
func (l *locator) Locate(addr netip.Addr) geo.Place {
	var all geo.Place
	for _, f := range l.files {
		all = merge(all, f.locate(addr))
	}
	return all
}

// merge adds to a what it lacks and b has. A country keeps its own name, and no
// coordinates of another country are put beside it.
func merge(a, b geo.Place) geo.Place {
	switch a.Country {
	case "":
		a.Country, a.CountryName = b.Country, b.CountryName
	case b.Country:
		if a.CountryName == "" {
			a.CountryName = b.CountryName
		}
	}
	if a.Latitude == 0 && a.Longitude == 0 && (b.Country == "" || b.Country == a.Country) {
		a.Latitude, a.Longitude = b.Latitude, b.Longitude
	}
	if a.AS == "" {
		a.AS = b.AS
	}
	return a
}

// Describe implements geo.Describer.
func (l *locator) Describe() []geo.Database {
	databases := make([]geo.Database, len(l.files))
	for i, f := range l.files {
		db := f.database.Load()
		databases[i] = geo.Database{Path: f.path, Type: db.kind, Built: db.built}
	}
	return databases
}

// Close implements geo.Locator.
func (l *locator) Close() error {
	var errs []error
	l.close.Do(func() {
		for _, f := range l.files {
			errs = append(errs, f.release())
		}
	})
	return errors.Join(errs...)
}

// UnmarshalCaddyfile reads the module's name and its arguments. Syntax:
//
//	mmdb FILE...
func (m *Module) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // the module's name
	for d.NextArg() {
		if slices.Contains(m.Files, d.Val()) {
			return d.Errf("geoip mmdb: file %q is given twice", d.Val())
		}
		if err := checkFile(d.Val()); err != nil {
			return d.WrapErr(err)
		}
		m.Files = append(m.Files, d.Val())
	}
	if len(m.Files) == 0 {
		return d.Err("geoip mmdb: no file: allowed is FILE..., one or more")
	}
	if d.NextBlock(d.Nesting()) {
		return d.Errf("geoip mmdb: unknown option %q: there are none, allowed is FILE...", d.Val())
	}
	return nil
}

var (
	_ caddy.Provisioner     = (*Module)(nil)
	_ caddy.Validator       = (*Module)(nil)
	_ caddyfile.Unmarshaler = (*Module)(nil)
	_ geo.Opener            = (*Module)(nil)
	_ geo.Locator           = (*locator)(nil)
)
