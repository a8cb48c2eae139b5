package collector

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/peba-edge/peba/routes"
)

// The words of the global option, as errors list them.
var appOptions = []string{"store", "retention", "cache", "geoip", "community", "home", "bad_ip_window", "max_alerts", "max_streams", "list_private", "private_domain", "refresh"}

// UnmarshalCaddyfile sets up the app from the global option. Syntax:
//
//	peba {
//	    store         <module> ...
//	    retention     <duration>
//	    cache         <module> ...
//	    geoip         <module> ...
//	    community     <user> <token>
//	    home          <latitude> <longitude>
//	    bad_ip_window <duration>
//	    max_alerts    <number>
//	    max_streams   <number> [<per_address>]
//	    list_private  on|off
//	    private_domain public|hidden
//	    refresh       <interval> <question>[?<parameters>]...
//	}
//
// refresh may be given several times.
func (a *App) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // the option's name
	if d.NextArg() {
		return d.Errf("peba takes no argument here, but a block: unexpected %q", d.Val())
	}
	seen := map[string]bool{}
	var window caddyfile.Dispenser // where bad_ip_window is
	for d.NextBlock(0) {
		option := d.Val()
		if seen[option] && option != "refresh" {
			return d.Errf("peba: %s is given twice", option)
		}
		seen[option] = true
		if option == "bad_ip_window" {
			window = *d
		}
		if err := a.unmarshalOption(option, d); err != nil {
			return err
		}
	}
	retention := a.Retention
	if retention == 0 {
		retention = caddy.Duration(defaultRetention)
	}
	if err := checkWindow(a.BadIPWindow, retention); err != nil {
		return window.WrapErr(err)
	}
	return nil
}

// checkWindow reports a window for bad addresses from which alerts are deleted.
func checkWindow(window, retention caddy.Duration) error {
	if window > retention {
		return fmt.Errorf("bad_ip_window: must not be longer than retention: got %v, retention is %v", time.Duration(window), time.Duration(retention))
	}
	return nil
}

func (a *App) unmarshalOption(option string, d *caddyfile.Dispenser) error {
	var err error
	switch option {
	case "store":
		a.StoreRaw, err = unmarshalGuest(d, "peba.stores")
	case "cache":
		a.CacheRaw, err = unmarshalGuest(d, "peba.caches")
	case "geoip":
		a.GeoIPRaw, err = unmarshalGuest(d, "peba.geoip")
	case "retention":
		a.Retention, err = unmarshalDuration(d, leastRetention)
	case "bad_ip_window":
		a.BadIPWindow, err = unmarshalDuration(d, leastBadIPWindow)
	case "max_alerts":
		a.MaxAlerts, err = unmarshalNumber(d, mostMaxAlerts)
	case "max_streams":
		err = a.unmarshalStreams(d)
	case "list_private":
		a.ListPrivate, err = unmarshalSwitch(d)
	case "private_domain":
		var args []string
		if args, err = exactly(d, "public|hidden"); err != nil {
			return err
		}
		if a.PrivateDomain = args[0]; checkPrivateDomain(args[0]) != nil {
			return d.WrapErr(checkPrivateDomain(args[0]))
		}
	case "community":
		var args []string
		if args, err = exactly(d, "<user> <token>"); err != nil {
			return err
		}
		if args[0] == "" || args[1] == "" {
			return d.Errf("community has an empty user or token: leave community out to have no community log-in")
		}
		if !strings.Contains(args[1], "{") { // no placeholder
			if err := checkCommunityToken(args[1]); err != nil {
				return d.WrapErr(err)
			}
		}
		a.Community = &Credentials{User: args[0], Token: args[1]}
	case "refresh":
		err = a.unmarshalRefresh(d)
	case "home":
		a.Home, err = unmarshalCoordinates(d)
	default:
		if slices.Contains(routes.DirectiveOptions(), option) {
			return d.Errf("peba: unknown option %q: it is an option of the directive: write it in the site block, example.org { peba { %s … } }", option, option)
		}
		return d.Errf("peba: unknown option %q: must be one of %s", option, strings.Join(appOptions, ", "))
	}
	return err
}

// UnknownOption is the error for the present word in the block of a directive, which
// has the options allowed. It says where a global option belongs.
func UnknownOption(d *caddyfile.Dispenser, directive string, allowed ...string) error {
	option := d.Val()
	if slices.Contains(appOptions, option) {
		return d.Errf("%s: unknown option %q: it is a global option: write it at the top of the Caddyfile, { peba { %s … } }", directive, option, option)
	}
	return d.Errf("%s: unknown option %q: must be one of %s", directive, option, strings.Join(allowed, ", "))
}

// unmarshalGuest reads the configuration of a guest module, whose name is the
// first argument.
func unmarshalGuest(d *caddyfile.Dispenser, namespace string) (json.RawMessage, error) {
	option := d.Val()
	if !d.NextArg() {
		return nil, d.Errf("%s needs a module: allowed are %s", option, strings.Join(guests(namespace), ", "))
	}
	name := d.Val()
	id := namespace + "." + name
	if _, err := caddy.GetModule(id); err != nil {
		return nil, d.Errf("%s: unknown module %q: allowed are %s", option, name, strings.Join(guests(namespace), ", "))
	}
	module, err := caddyfile.UnmarshalModule(d, id)
	if err != nil {
		return nil, err
	}
	return caddyconfig.JSONModuleObject(module, "module", name, nil), nil
}

// guests lists the names of the modules in a namespace.
func guests(namespace string) []string {
	var names []string
	for _, m := range caddy.GetModules(namespace) {
		names = append(names, m.ID.Name())
	}
	return names
}

func unmarshalDuration(d *caddyfile.Dispenser, least time.Duration) (caddy.Duration, error) {
	option := d.Val()
	args, err := exactly(d, "<duration>")
	if err != nil {
		return 0, err
	}
	parsed, err := caddy.ParseDuration(args[0])
	if err != nil || parsed < least {
		return 0, d.Errf("%s is %q: allowed is a time span of %v or more, such as 2h or 28d", option, args[0], least)
	}
	return caddy.Duration(parsed), nil
}

func unmarshalNumber(d *caddyfile.Dispenser, most int) (int, error) {
	option := d.Val()
	args, err := exactly(d, "<number>")
	if err != nil {
		return 0, err
	}
	return parseNumber(d, option, args[0], most)
}

func parseNumber(d *caddyfile.Dispenser, option, text string, most int) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > most {
		return 0, d.Errf("%s is %q: allowed is a whole number from 1 to %d", option, text, most)
	}
	return n, nil
}

func unmarshalSwitch(d *caddyfile.Dispenser) (bool, error) {
	option := d.Val()
	args, err := exactly(d, "on|off")
	if err != nil {
		return false, err
	}
	if args[0] != "on" && args[0] != "off" {
		return false, d.Errf("%s: invalid value: got %q, must be on or off", option, args[0])
	}
	return args[0] == "on", nil
}

func (a *App) unmarshalRefresh(d *caddyfile.Dispenser) error {
	args := d.RemainingArgs()
	if len(args) < 2 {
		return d.Errf("refresh has %d arguments: allowed is refresh <interval> <question>...", len(args))
	}
	every, err := caddy.ParseDuration(args[0])
	if err != nil || every < time.Second {
		return d.Errf("refresh interval is %q: allowed is a time span of 1s or more", args[0])
	}
	for _, question := range args[1:] {
		parsed, err := parseRefreshed(question)
		if err == nil {
			err = parsed.checkEvery(every)
		}
		if err != nil {
			return d.WrapErr(err)
		}
	}
	a.Refresh = append(a.Refresh, &Refresh{Every: caddy.Duration(every), Questions: args[1:]})
	return nil
}

// unmarshalStreams reads how many streams may be open, and how many of one address.
func (a *App) unmarshalStreams(d *caddyfile.Dispenser) error {
	args := d.RemainingArgs()
	if len(args) != 1 && len(args) != 2 {
		return d.Errf("max_streams has %d arguments: must be max_streams <number> [<per_address>]", len(args))
	}
	var err error
	if a.MaxStreams, err = parseNumber(d, "max_streams", args[0], mostMaxStreams); err == nil && len(args) == 2 {
		a.MaxStreamsPerAddress, err = parseNumber(d, "max_streams per address", args[1], a.MaxStreams)
	}
	return err
}

func unmarshalCoordinates(d *caddyfile.Dispenser) (*Coordinates, error) {
	args, err := exactly(d, "<latitude> <longitude>")
	if err != nil {
		return nil, err
	}
	latitude, err := strconv.ParseFloat(args[0], 64)
	if err != nil || !(latitude >= -90 && latitude <= 90) {
		return nil, d.Errf("home latitude is %q: allowed are degrees from -90 to 90", args[0])
	}
	longitude, err := strconv.ParseFloat(args[1], 64)
	if err != nil || !(longitude >= -180 && longitude <= 180) {
		return nil, d.Errf("home longitude is %q: allowed are degrees from -180 to 180", args[1])
	}
	return &Coordinates{Latitude: latitude, Longitude: longitude}, nil
}

// exactly returns the arguments of the present option, of which there must be
// as many as words in usage, and no block.
func exactly(d *caddyfile.Dispenser, usage string) ([]string, error) {
	option := d.Val()
	args := d.RemainingArgs()
	if len(args) != len(strings.Fields(usage)) {
		return nil, d.Errf("%s has %d arguments: allowed is %s %s", option, len(args), option, usage)
	}
	return args, nil
}

var _ caddyfile.Unmarshaler = (*App)(nil)
