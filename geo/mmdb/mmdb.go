// Package mmdb looks up addresses in MaxMind DB files of any vendor: any number
// of City, Country and ASN databases. A file is read into memory and not
// mapped, since overwriting a mapped file in place could end the process. It is
// reloaded whenever it changes.
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

// Module looks up addresses in MaxMind DB files (.mmdb) and reloads them when they change.
type Module struct {
	// Paths of the databases, at least one. Values missing in the first are taken
	// from the next: list a City (or Country) and an ASN database. Placeholders are replaced.
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

// Provision resolves the paths.
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

// Validate checks that files are configured and can be opened.
func (m *Module) Validate() error {
	if len(m.paths) == 0 {
		return errors.New("geoip mmdb has no files: expected one or more")
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

// Open reads the files, or shares them if this process has them open.
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

// locator is one user's reference to some files.
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

// merge fills the missing fields of a from b. A country keeps its own name and
// never gets another country's coordinates.
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

// UnmarshalCaddyfile parses the module's name and its arguments. Syntax:
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
		return d.Err("geoip mmdb: no file: expected FILE..., one or more")
	}
	if d.NextBlock(d.Nesting()) {
		return d.Errf("geoip mmdb: unknown option %q: expected FILE... and no options", d.Val())
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
