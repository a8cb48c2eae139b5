package app

import (
	"slices"
	"strconv"
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/peba-edge/peba/feed"
)

// feedOptions are the options of a feed, for errors.
var feedOptions = []string{
	"window", "min_alerts", "min_sensors", "min_days", "types", "not_types", "tcp_only", "domain", "exclude", "exclude_scanners",
	"country", "not_country", "asn", "not_asn", "rank", "limit", "aggregate", "duration", "publisher", "licence", "access",
}

// unmarshalFeed parses a feed; UnmarshalCaddyfile has the syntax.
func (a *App) unmarshalFeed(d *caddyfile.Dispenser) error {
	args := d.RemainingArgs()
	if len(args) != 1 {
		return d.Errf("feed has %d arguments: expected feed <name>", len(args))
	}
	f := &Feed{Name: args[0]}
	if err := feed.CheckName(f.Name); err != nil {
		return d.WrapErr(err)
	}
	if slices.ContainsFunc(a.Feeds, func(other *Feed) bool { return other.Name == f.Name }) {
		return d.Errf("feed %s is given twice", f.Name)
	}
	seen := map[string]bool{}
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		option := d.Val()
		if seen[option] && !slices.Contains([]string{"exclude", "exclude_scanners", "aggregate"}, option) {
			return d.Errf("feed %s: %s is given twice", f.Name, option)
		}
		seen[option] = true
		if err := f.unmarshalOption(option, d); err != nil {
			return err
		}
	}
	a.Feeds = append(a.Feeds, f)
	return nil
}

func (f *Feed) unmarshalOption(option string, d *caddyfile.Dispenser) (err error) {
	switch option {
	case "window":
		f.Window, err = unmarshalDuration(d, feed.MinWindow)
	case "duration":
		f.Duration, err = unmarshalDuration(d, feed.MinDuration)
	case "min_alerts":
		f.MinAlerts, err = unmarshalNumber(d, maxMaxAlerts)
	case "min_sensors":
		f.MinSensors, err = unmarshalNumber(d, maxMaxAlerts)
	case "min_days":
		f.MinDays, err = unmarshalNumber(d, maxDays)
	case "limit":
		f.Limit, err = unmarshalNumber(d, feed.MaxLimit)
	case "tcp_only":
		var only bool
		only, err = unmarshalSwitch(d)
		f.WithSpoofable = !only
	case "types":
		f.Types, err = unmarshalWords(d, "<type>...")
	case "not_types":
		f.NotTypes, err = unmarshalWords(d, "<type>...")
	case "exclude":
		err = appendWords(&f.Exclude, d, "<file>...")
	case "exclude_scanners":
		err = appendWords(&f.ExcludeScanners, d, "<file>...")
	case "country":
		f.Countries, err = unmarshalWords(d, "<code>...")
	case "not_country":
		f.NotCountries, err = unmarshalWords(d, "<code>...")
	case "asn":
		f.ASNs, err = unmarshalASNs(d)
	case "not_asn":
		f.NotASNs, err = unmarshalASNs(d)
	case "rank":
		f.Rank, err = unmarshalWord(d, "score|last_seen|alerts|sensors")
	case "domain":
		f.Domain, err = unmarshalWord(d, "community|private|both")
	case "access":
		f.Access, err = unmarshalWord(d, "token|public")
	case "publisher":
		f.Publisher, err = unmarshalWord(d, "<name>")
	case "licence":
		f.Licence, err = unmarshalWord(d, "<text>")
	case "aggregate":
		err = f.unmarshalAggregate(d)
	default:
		return d.Errf("feed %s: unknown option %q: must be one of %s", f.Name, option, strings.Join(feedOptions, ", "))
	}
	return err
}

func unmarshalWord(d *caddyfile.Dispenser, usage string) (string, error) {
	args, err := exactly(d, usage)
	if err != nil {
		return "", err
	}
	return args[0], nil
}

func unmarshalWords(d *caddyfile.Dispenser, usage string) ([]string, error) {
	option := d.Val()
	args := d.RemainingArgs()
	if len(args) == 0 {
		return nil, d.Errf("%s has no arguments: expected %s %s", option, option, usage)
	}
	return args, nil
}

func appendWords(to *[]string, d *caddyfile.Dispenser, usage string) error {
	words, err := unmarshalWords(d, usage)
	*to = append(*to, words...)
	return err
}

func unmarshalASNs(d *caddyfile.Dispenser) ([]uint32, error) {
	option := d.Val()
	words, err := unmarshalWords(d, "<number>...")
	if err != nil {
		return nil, err
	}
	var numbers []uint32
	for _, word := range words {
		n, err := strconv.ParseUint(strings.TrimPrefix(strings.ToUpper(word), "AS"), 10, 32)
		if err != nil || n == 0 {
			return nil, d.Errf("%s: got %q, must be the number of an autonomous system, such as 64500", option, word)
		}
		numbers = append(numbers, uint32(n))
	}
	return numbers, nil
}

// unmarshalAggregate parses off, or any of "v4 <bits> min <number>" and the same for v6.
func (f *Feed) unmarshalAggregate(d *caddyfile.Dispenser) error {
	const usage = "aggregate off, or aggregate v4 <bits> min <number>, or aggregate v6 <bits> min <number>"
	args := d.RemainingArgs()
	if len(args) == 1 && args[0] == "off" {
		f.AggregateV4, f.AggregateV6 = nil, nil
		return nil
	}
	if len(args) != 4 || args[0] != "v4" && args[0] != "v6" || args[2] != "min" {
		return d.Errf("aggregate: got %q, expected %s", strings.Join(args, " "), usage)
	}
	bits, bitsErr := strconv.Atoi(args[1])
	number, numberErr := strconv.Atoi(args[3])
	if bitsErr != nil || numberErr != nil {
		return d.Errf("aggregate: got %q, expected %s", strings.Join(args, " "), usage)
	}
	a := &Aggregation{Bits: bits, Min: number}
	if args[0] == "v4" {
		f.AggregateV4 = a
		return nil
	}
	f.AggregateV6 = a
	return nil
}
