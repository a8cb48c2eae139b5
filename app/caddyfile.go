package app

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

// The options of the global option, for errors.
var appOptions = []string{"store", "retention", "cache", "geoip", "community", "home", "bad_ip_window", "max_alerts", "max_streams", "list_private", "private_domain", "refresh", "feed", "feed_interval"}

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
//	    feed_interval <duration>
//	    feed          <name> {
//	        window           <duration>
//	        min_alerts       <number>
//	        min_sensors      <number>
//	        min_days         <number>
//	        types            <type>...
//	        not_types        <type>...
//	        tcp_only         on|off
//	        domain           community|private|both
//	        exclude          <file>...
//	        exclude_scanners <file>...
//	        country          <code>...
//	        not_country      <code>...
//	        asn              <number>...
//	        not_asn          <number>...
//	        rank             score|last_seen|alerts|sensors
//	        limit            <number>
//	        aggregate        off
//	        aggregate        v4|v6 <bits> min <number>
//	        duration         <duration>
//	        publisher        <name>
//	        licence          <text>
//	        access           token|public
//	    }
//	}
//
// refresh and feed may be repeated, and within a feed exclude, exclude_scanners and
// aggregate.
func (a *App) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // the option's name
	if d.NextArg() {
		return d.Errf("peba takes no argument here, but a block: unexpected %q", d.Val())
	}
	seen := map[string]bool{}
	var window caddyfile.Dispenser  // position of bad_ip_window
	var feeds []caddyfile.Dispenser // positions of the feeds
	for d.NextBlock(0) {
		option := d.Val()
		if seen[option] && option != "refresh" && option != "feed" {
			return d.Errf("peba: %s is given twice", option)
		}
		seen[option] = true
		switch option {
		case "bad_ip_window":
			window = *d
		case "feed":
			feeds = append(feeds, *d)
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
	for i, f := range a.Feeds {
		if _, err := f.definition(time.Duration(retention), false); err != nil {
			return feeds[i].WrapErr(err)
		}
	}
	return nil
}

// checkWindow rejects a bad_ip_window longer than the retention.
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
		a.Retention, err = unmarshalDuration(d, minRetention)
	case "bad_ip_window":
		a.BadIPWindow, err = unmarshalDuration(d, minBadIPWindow)
	case "max_alerts":
		a.MaxAlerts, err = unmarshalNumber(d, maxMaxAlerts)
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
			return d.Errf("community has an empty user or token: omit community for no community login")
		}
		if !strings.Contains(args[1], "{") { // no placeholder
			if err := checkCommunityToken(args[1]); err != nil {
				return d.WrapErr(err)
			}
		}
		a.Community = &Credentials{User: args[0], Token: args[1]}
	case "refresh":
		err = a.unmarshalRefresh(d)
	case "feed":
		err = a.unmarshalFeed(d)
	case "feed_interval":
		a.FeedInterval, err = unmarshalDuration(d, minFeedInterval)
		if err == nil && checkFeedInterval(a.FeedInterval) != nil {
			return d.WrapErr(checkFeedInterval(a.FeedInterval))
		}
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

// UnknownOption returns the error for the current word in the block of a directive,
// whose options are allowed. If the word is a global option, the error says where it
// belongs.
func UnknownOption(d *caddyfile.Dispenser, directive string, allowed ...string) error {
	option := d.Val()
	if slices.Contains(appOptions, option) {
		return d.Errf("%s: unknown option %q: it is a global option: write it at the top of the Caddyfile, { peba { %s … } }", directive, option, option)
	}
	return d.Errf("%s: unknown option %q: must be one of %s", directive, option, strings.Join(allowed, ", "))
}

// unmarshalGuest parses the configuration of a guest module, named by the first
// argument.
func unmarshalGuest(d *caddyfile.Dispenser, namespace string) (json.RawMessage, error) {
	option := d.Val()
	if !d.NextArg() {
		return nil, d.Errf("%s needs a module: must be one of %s", option, strings.Join(guests(namespace), ", "))
	}
	name := d.Val()
	id := namespace + "." + name
	if _, err := caddy.GetModule(id); err != nil {
		return nil, d.Errf("%s: unknown module %q: must be one of %s", option, name, strings.Join(guests(namespace), ", "))
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
		return 0, d.Errf("%s: got %q, must be a time span of at least %v, such as 2h or 28d", option, args[0], least)
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
		return 0, d.Errf("%s: got %q, must be a whole number from 1 to %d", option, text, most)
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
		return d.Errf("refresh has %d arguments: expected refresh <interval> <question>...", len(args))
	}
	every, err := caddy.ParseDuration(args[0])
	if err != nil || every < time.Second {
		return d.Errf("refresh interval: got %q, must be a time span of at least 1s", args[0])
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

// unmarshalStreams parses the maximum numbers of open streams, in total and per
// address.
func (a *App) unmarshalStreams(d *caddyfile.Dispenser) error {
	args := d.RemainingArgs()
	if len(args) != 1 && len(args) != 2 {
		return d.Errf("max_streams has %d arguments: expected max_streams <number> [<per_address>]", len(args))
	}
	var err error
	if a.MaxStreams, err = parseNumber(d, "max_streams", args[0], maxMaxStreams); err == nil && len(args) == 2 {
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
		return nil, d.Errf("home latitude: got %q, must be degrees from -90 to 90", args[0])
	}
	longitude, err := strconv.ParseFloat(args[1], 64)
	if err != nil || !(longitude >= -180 && longitude <= 180) {
		return nil, d.Errf("home longitude: got %q, must be degrees from -180 to 180", args[1])
	}
	return &Coordinates{Latitude: latitude, Longitude: longitude}, nil
}

// exactly returns the arguments of the current option. Their number must match
// the words in usage, without a block.
func exactly(d *caddyfile.Dispenser, usage string) ([]string, error) {
	option := d.Val()
	args := d.RemainingArgs()
	if len(args) != len(strings.Fields(usage)) {
		return nil, d.Errf("%s has %d arguments: expected %s %s", option, len(args), option, usage)
	}
	return args, nil
}

var _ caddyfile.Unmarshaler = (*App)(nil)
