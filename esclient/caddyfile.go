package esclient

import (
	"math"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/dustin/go-humanize"

	"github.com/peba-edge/peba/esclient/index"
)

// option is one option of the block: its usage, which gives the number of
// arguments, and its parser.
type option struct {
	usage string
	set   func(m *Module, d *caddyfile.Dispenser, args []string) error
}

var optionNames = []string{"user", "api_key", "ca", "client_certificate", "shards", "replicas", "timeout", "index", "spool"}

func options() map[string]option {
	return map[string]option{
		"user": {"NAME PASSWORD", func(m *Module, _ *caddyfile.Dispenser, args []string) error {
			m.User, m.Password = args[0], args[1]
			return nil
		}},
		"api_key": {"KEY", func(m *Module, _ *caddyfile.Dispenser, args []string) error {
			m.APIKey = args[0]
			return nil
		}},
		"ca": {"FILE", func(m *Module, d *caddyfile.Dispenser, args []string) error {
			m.CA = args[0]
			return checkFiles(d, "ca", args)
		}},
		"client_certificate": {"CERTIFICATE-FILE KEY-FILE", func(m *Module, d *caddyfile.Dispenser, args []string) error {
			m.ClientCertificate, m.ClientKey = args[0], args[1]
			return checkFiles(d, "client_certificate", args)
		}},
		"shards": {"NUMBER", func(m *Module, d *caddyfile.Dispenser, args []string) (err error) {
			m.Shards, err = number(d, "shards", args[0], 1, maxShards)
			return err
		}},
		"replicas": {"NUMBER", func(m *Module, d *caddyfile.Dispenser, args []string) error {
			n, err := number(d, "replicas", args[0], 0, maxReplicas)
			m.Replicas = &n
			return err
		}},
		"timeout": {"DURATION", func(m *Module, d *caddyfile.Dispenser, args []string) error {
			timeout, err := caddy.ParseDuration(args[0])
			if err != nil || timeout < minTimeout || timeout > maxTimeout {
				return d.Errf("store elasticsearch: timeout: got %q, must be %s", args[0], allowedTimeouts)
			}
			m.Timeout = caddy.Duration(timeout)
			return nil
		}},
		"index": {"KIND NAME", unmarshalIndex},
		"spool": {"PATH", unmarshalSpool},
	}
}

// UnmarshalCaddyfile sets up the module. Syntax:
//
//	elasticsearch <url>... {
//	    user               <name> <password>
//	    api_key            <key>
//	    ca                 <file>
//	    client_certificate <certificate file> <key file>
//	    shards             <number>
//	    replicas           <number>
//	    timeout            <duration>
//	    index              alerts|write_alias|users|cves|payloads|statistics|sensors|feeds <name>
//	    spool <path> {
//	        max_size <size>
//	        reserve  <size>
//	    }
//	}
//
// index may be repeated, once per kind.
func (m *Module) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // the module's name
	m.URLs = d.RemainingArgs()
	if len(m.URLs) == 0 {
		return d.Errf("store elasticsearch has no URLs: expected one or more of %s", allowedURLs)
	}
	for _, text := range m.URLs {
		if isPlaceholder(text) {
			continue
		}
		if _, err := parseURL(text); err != nil {
			return d.WrapErr(err)
		}
	}
	known := options()
	seen := make(map[string]bool)
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		name := d.Val()
		o, ok := known[name]
		if !ok {
			return d.Errf("store elasticsearch: unknown option %q: must be one of %s", name, strings.Join(optionNames, ", "))
		}
		if seen[name] && name != "index" {
			return d.Errf("store elasticsearch: %s is given twice", name)
		}
		seen[name] = true
		args := d.RemainingArgs()
		if len(args) != len(strings.Fields(o.usage)) || slices.Contains(args, "") {
			return d.Errf("store elasticsearch: %s has %d arguments, or an empty one: expected %s %s", name, len(args), name, o.usage)
		}
		if err := o.set(m, d, args); err != nil {
			return err
		}
		if name != "spool" && d.NextBlock(d.Nesting()) {
			return d.Errf("store elasticsearch: %s takes no block: unexpected %q", name, d.Val())
		}
	}
	return nil
}

func unmarshalIndex(m *Module, d *caddyfile.Dispenser, args []string) error {
	i := slices.Index(index.Kinds, args[0])
	if i < 0 {
		return d.Errf("store elasticsearch: unknown kind of index %q: must be one of %s", args[0], strings.Join(index.Kinds, ", "))
	}
	name := m.Index.All()[i]
	if *name != "" {
		return d.Errf("store elasticsearch: index %s is given twice", args[0])
	}
	*name = args[1]
	return nil
}

func unmarshalSpool(m *Module, d *caddyfile.Dispenser, args []string) error {
	m.Spool.Path = args[0]
	if info, err := os.Stat(args[0]); err == nil && !info.IsDir() {
		return d.Errf("spool: %q is a file: must be a folder or not exist yet", args[0])
	}
	seen := make(map[string]bool)
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		name := d.Val()
		if name != "max_size" && name != "reserve" {
			return d.Errf("spool: unknown option %q: must be one of max_size, reserve", name)
		}
		if seen[name] {
			return d.Errf("spool: %s is given twice", name)
		}
		seen[name] = true
		args := d.RemainingArgs()
		if len(args) != 1 {
			return d.Errf("spool: %s has %d arguments: expected %s", name, len(args), allowedSizes)
		}
		size, err := humanize.ParseBytes(args[0])
		if err != nil || size > math.MaxInt64 {
			return d.Errf("spool: %s: got %q, must be %s", name, args[0], allowedSizes)
		}
		bytes := int64(size)
		if name == "max_size" {
			m.Spool.MaxSize = bytes
		} else {
			m.Spool.Reserve = &bytes
		}
		if d.NextBlock(d.Nesting()) {
			return d.Errf("spool: %s takes no block: unexpected %q", name, d.Val())
		}
	}
	return nil
}

// isPlaceholder reports whether the text contains a placeholder, and so cannot be
// checked yet.
func isPlaceholder(text string) bool { return strings.Contains(text, "{") }

// checkFiles returns an error for the first unreadable file.
func checkFiles(d *caddyfile.Dispenser, option string, paths []string) error {
	for _, path := range paths {
		if isPlaceholder(path) {
			continue
		}
		f, err := os.Open(path)
		if err != nil {
			return d.Errf("store elasticsearch: %s: %v", option, err)
		}
		if err := f.Close(); err != nil {
			return d.Errf("store elasticsearch: %s: %v", option, err)
		}
	}
	return nil
}

// number reads a whole number.
func number(d *caddyfile.Dispenser, name, text string, least, most int) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most {
		return 0, d.Errf("store elasticsearch: %s: got %q, must be a whole number from %d to %d", name, text, least, most)
	}
	return n, nil
}
