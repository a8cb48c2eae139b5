package app

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/caddyserver/caddy/v2"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/feed"
	"github.com/peba-edge/peba/store"
)

// Feed is a list of attacking addresses for firewalls, SIEMs and sharing communities.
type Feed struct {
	// Name, which is in the paths: 1 to 32 lower-case letters, digits, - and _.
	Name string `json:"name"`

	// How far back alerts count, by time of receipt: at least 10s, at most the retention.
	// Default: 3d.
	Window caddy.Duration `json:"window,omitempty"`

	// Minimum number of alerts within the window. Default: 3.
	MinAlerts int `json:"min_alerts,omitempty"`

	// Minimum number of distinct sensors within the window. Default: 1.
	MinSensors int `json:"min_sensors,omitempty"`

	// Minimum number of distinct UTC days within the window, 1 to 64. Default: 1.
	MinDays int `json:"min_days,omitempty"`

	// Honeypot types whose alerts count. Default: all.
	Types []string `json:"types,omitempty"`

	// Honeypot types whose alerts do not count. Default: none.
	NotTypes []string `json:"not_types,omitempty"`

	// Whether alerts count whose source may be forged: UDP and ICMP have no handshake.
	// Default: false.
	WithSpoofable bool `json:"with_spoofable,omitempty"`

	// Whose alerts count: "community", "private" or "both". Default: both, but community if
	// private_domain is hidden.
	Domain string `json:"domain,omitempty"`

	// Files with addresses and networks that are never listed: one a line, or a MISP warning
	// list. They are read again when they change. Default: none.
	Exclude []string `json:"exclude,omitempty"`

	// Files of known research scanners and Tor exits, like those of exclude. Default: none.
	ExcludeScanners []string `json:"exclude_scanners,omitempty"`

	// Countries of listed addresses, as ISO 3166-1 alpha-2 codes. Default: all.
	Countries []string `json:"countries,omitempty"`

	// Countries whose addresses are not listed. Default: none.
	NotCountries []string `json:"not_countries,omitempty"`

	// Numbers of the autonomous systems of listed addresses. They need a GeoIP database with
	// such numbers. Default: all.
	ASNs []uint32 `json:"asns,omitempty"`

	// Numbers of autonomous systems whose addresses are not listed. Default: none.
	NotASNs []uint32 `json:"not_asns,omitempty"`

	// Order of the list: "score", "last_seen", "alerts" or "sensors", highest or latest
	// first. Default: score.
	Rank string `json:"rank,omitempty"`

	// Maximum number of addresses, 1 to 150000: those with the highest rank. Default: 50000.
	Limit int `json:"limit,omitempty"`

	// Aggregation of IPv4 addresses to networks in lists. Default: none.
	AggregateV4 *Aggregation `json:"aggregate_v4,omitempty"`

	// Aggregation of IPv6 addresses to networks in lists. Default: none.
	AggregateV6 *Aggregation `json:"aggregate_v6,omitempty"`

	// How long a ban lasts before it is renewed, 10s to 90d. Default: 24h.
	Duration caddy.Duration `json:"duration,omitempty"`

	// Name of who publishes the feed, in STIX and MISP. Identifiers depend on it: consumers
	// of feeds of two installations need it, and get all objects again if it changes.
	// Default: none; the name is PEBA then.
	Publisher string `json:"publisher,omitempty"`

	// Licence for consumers, such as "CC BY 4.0". Default: none.
	Licence string `json:"licence,omitempty"`

	// Who may read the feed: "token" or "public", which is everyone. Default: token.
	Access string `json:"access,omitempty"`
}

// Aggregation lists a network in place of its addresses.
type Aggregation struct {
	// Prefix length of the network in bits: 8 to 31 for IPv4, 32 to 127 for IPv6.
	Bits int `json:"bits"`
	// Minimum number of listed addresses in the network, at least 2.
	Min int `json:"min"`
}

// The values of the option access.
const (
	accessToken  = "token"
	accessPublic = "public"
)

// defaultFeed is the name of the feed of configurations that name none.
const defaultFeed = "blocklist"

// Bounds of the options.
const (
	defaultFeedInterval = time.Minute
	minFeedInterval     = time.Second
	maxFeedInterval     = 5 * time.Minute
	maxFeeds            = 50
	maxLicence          = 200
	maxPublisher        = 100
	maxDays             = 64
)

func checkFeedInterval(interval caddy.Duration) error {
	if i := time.Duration(interval); i < minFeedInterval || i > maxFeedInterval || i%time.Second != 0 {
		return fmt.Errorf("feed_interval: got %v, must be whole seconds from %v to %v", i, minFeedInterval, maxFeedInterval)
	}
	return nil
}

// definitions returns the feeds of the configuration, or an error that names the
// option.
func (a *App) definitions() ([]feed.Definition, error) {
	if len(a.Feeds) == 0 {
		a.Feeds = []*Feed{{Name: defaultFeed}}
	}
	if len(a.Feeds) > maxFeeds {
		return nil, fmt.Errorf("feed: there are %d feeds: must be at most %d", len(a.Feeds), maxFeeds)
	}
	var all []feed.Definition
	for _, f := range a.Feeds {
		if f == nil {
			return nil, errors.New("feed: an entry is null")
		}
		def, err := f.definition(time.Duration(a.Retention), a.PrivateDomain == privateDomainHidden)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(all, func(d feed.Definition) bool { return d.Name == def.Name }) {
			return nil, fmt.Errorf("feed %s: there are two feeds of this name", def.Name)
		}
		all = append(all, def)
	}
	return all, nil
}

// definition fills in the defaults and checks everything.
func (f *Feed) definition(retention time.Duration, hidden bool) (feed.Definition, error) {
	if err := feed.CheckName(f.Name); err != nil {
		return feed.Definition{}, err
	}
	d := feed.Default(f.Name)
	d.Window = min(d.Window, retention)
	if hidden {
		d.Domain = store.Community
	}
	set(&d.Window, time.Duration(f.Window))
	set(&d.MinAlerts, int64(f.MinAlerts))
	set(&d.MinSensors, f.MinSensors)
	set(&d.MinDays, f.MinDays)
	set(&d.Limit, f.Limit)
	set(&d.Duration, time.Duration(f.Duration))
	set(&d.Rank, feed.Rank(f.Rank))
	d.Types, d.NotTypes, d.TCPOnly = f.Types, f.NotTypes, !f.WithSpoofable
	d.Exclude, d.ExcludeScanners = f.Exclude, f.ExcludeScanners
	d.Countries, d.NotCountries, d.ASNs, d.NotASNs = f.Countries, f.NotCountries, f.ASNs, f.NotASNs
	d.Publisher, d.Licence, d.Public = f.Publisher, f.Licence, f.Access == accessPublic
	d.V4, d.V6 = f.AggregateV4.aggregation(), f.AggregateV6.aggregation()
	err := f.setDomain(&d)
	if err == nil {
		err = f.check(&d, retention)
	}
	if err != nil {
		return feed.Definition{}, fmt.Errorf("feed %s: %w", f.Name, err)
	}
	return d, nil
}

// set overwrites a default with a value that is given.
func set[T comparable](to *T, given T) {
	var none T
	if given != none {
		*to = given
	}
}

func (a *Aggregation) aggregation() feed.Aggregation {
	if a == nil {
		return feed.Aggregation{}
	}
	return feed.Aggregation{Bits: a.Bits, Min: a.Min}
}

func (f *Feed) setDomain(d *feed.Definition) error {
	switch f.Domain {
	case "":
	case "community":
		d.Domain = store.Community
	case "private":
		d.Domain = store.Private
	case "both":
		d.Domain = store.Both
	default:
		return fmt.Errorf("domain: got %q, must be community, private or both", f.Domain)
	}
	return nil
}

// check validates a definition.
func (f *Feed) check(d *feed.Definition, retention time.Duration) error {
	switch {
	case d.Window < feed.MinWindow || d.Window > retention:
		return fmt.Errorf("window: got %v, must be at least %v and at most the retention, which is %v", d.Window, feed.MinWindow, retention)
	case d.MinAlerts < 1:
		return fmt.Errorf("min_alerts: got %d, must be at least 1", d.MinAlerts)
	case d.MinSensors < 1:
		return fmt.Errorf("min_sensors: got %d, must be at least 1", d.MinSensors)
	case d.MinDays < 1 || d.MinDays > maxDays:
		return fmt.Errorf("min_days: got %d, must be 1 to %d", d.MinDays, maxDays)
	case len(d.Types) > 0 && len(d.NotTypes) > 0:
		return errors.New("types and not_types are both given: give one of them")
	case !slices.Contains(feed.Ranks(), d.Rank):
		return fmt.Errorf("rank: got %q, must be one of %s", d.Rank, joined(feed.Ranks()))
	case d.Limit < 1 || d.Limit > feed.MaxLimit:
		return fmt.Errorf("limit: got %d, must be 1 to %d", d.Limit, feed.MaxLimit)
	case d.Duration < feed.MinDuration || d.Duration > feed.MaxDuration || d.Duration%time.Second != 0:
		return fmt.Errorf("duration: got %v, must be whole seconds from %v to %v", d.Duration, feed.MinDuration, feed.MaxDuration)
	case len(d.Publisher) > maxPublisher || !utf8.ValidString(d.Publisher):
		return fmt.Errorf("publisher: has %d bytes, must have at most %d, in UTF-8", len(d.Publisher), maxPublisher)
	case len(d.Licence) > maxLicence:
		return fmt.Errorf("licence: has %d bytes, must have at most %d", len(d.Licence), maxLicence)
	case f.Access != "" && f.Access != accessToken && f.Access != accessPublic:
		return fmt.Errorf("access: got %q, must be %s or %s", f.Access, accessToken, accessPublic)
	}
	for _, t := range slices.Concat(d.Types, d.NotTypes) {
		if !slices.Contains(alert.PeerTypes(), t) {
			return fmt.Errorf("types: unknown honeypot type %q: must be one of %s", t, strings.Join(alert.PeerTypes(), ", "))
		}
	}
	for _, c := range slices.Concat(d.Countries, d.NotCountries) {
		if len(c) != 2 || strings.Trim(c, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
			return fmt.Errorf("country: got %q, must be an ISO 3166-1 alpha-2 code such as DE", c)
		}
	}
	return errors.Join(checkAggregation("v4", d.V4, 8, 31), checkAggregation("v6", d.V6, 32, 127))
}

func checkAggregation(family string, a feed.Aggregation, least, most int) error {
	switch {
	case a == feed.Aggregation{}:
		return nil
	case a.Bits < least || a.Bits > most:
		return fmt.Errorf("aggregate %s: prefix length: got %d, must be %d to %d", family, a.Bits, least, most)
	case a.Min < 2:
		return fmt.Errorf("aggregate %s: min: got %d, must be at least 2", family, a.Min)
	}
	return nil
}

func joined(ranks []feed.Rank) string {
	var texts []string
	for _, r := range ranks {
		texts = append(texts, string(r))
	}
	return strings.Join(texts, ", ")
}
