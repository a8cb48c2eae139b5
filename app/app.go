// Package app is the Caddy app "peba": the state shared by all handlers, and
// their two operations, Ingest and Answer. DESIGN.md has the reasons.
package app

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyevents"
	"go.uber.org/zap"

	"github.com/peba-edge/peba/cache"
	"github.com/peba-edge/peba/content"
	"github.com/peba-edge/peba/feed"
	"github.com/peba-edge/peba/geo"
	"github.com/peba-edge/peba/intake"
	"github.com/peba-edge/peba/login"
	"github.com/peba-edge/peba/query"
	"github.com/peba-edge/peba/sensors"
	"github.com/peba-edge/peba/store"
	"github.com/peba-edge/peba/stream"
)

func init() {
	caddy.RegisterModule(new(App))
}

// Defaults of the options below (docs/CONTRACT.md §3.1; legacy values).
const (
	defaultRetention   = 28 * 24 * time.Hour
	defaultBadIPWindow = 2 * time.Hour
	defaultMaxAlerts   = 1000
	defaultLatitude    = 50.708021
	defaultLongitude   = 7.129191
	defaultMaxStreams  = 10_000
	minDefaultShare    = 100 // streams of one address
)

// Bounds of the options below.
const (
	minRetention   = time.Hour
	minBadIPWindow = time.Minute
	maxMaxAlerts   = 100_000
	maxMaxStreams  = 1_000_000
)

// App collects the alerts of honeypot sensors and answers questions about them.
// Everything is optional: the zero configuration keeps alerts for 28 days in one
// SQLite file below Caddy's data directory.
type App struct {
	// Store of the alerts. Default: the embedded store, `{"module": "sqlite"}`.
	StoreRaw json.RawMessage `json:"store,omitempty" caddy:"namespace=peba.stores inline_key=module"`

	// Cache of the answers. Default: in this process, `{"module": "memory"}`.
	CacheRaw json.RawMessage `json:"cache,omitempty" caddy:"namespace=peba.caches inline_key=module"`

	// GeoIP database, which finds the place of an address. Default: the built-in country
	// table, `{"module": "builtin"}`.
	GeoIPRaw json.RawMessage `json:"geoip,omitempty" caddy:"namespace=peba.geoip inline_key=module"`

	// How long alerts are kept after they were received, at least 1h. Default: 28d.
	Retention caddy.Duration `json:"retention,omitempty"`

	// Login that all sensors of the community share. If user and token are both empty once
	// their placeholders are replaced, a warning is logged and there is no such login.
	// Default: none, so that only users of the store can send.
	Community *Credentials `json:"community,omitempty"`

	// Place shown for addresses whose coordinates are unknown.
	// Default: 50.708021 7.129191.
	Home *Coordinates `json:"home,omitempty"`

	// How far back retrieveIPs looks: at least 1m, at most the retention. Default: 2h.
	BadIPWindow caddy.Duration `json:"bad_ip_window,omitempty"`

	// Maximum number of alerts that retrieveAlertsCyber and querySingleIP list, 1 to
	// 100000. Default: 1000.
	MaxAlerts int `json:"max_alerts,omitempty"`

	// Whether private questions about one address also list alerts from addresses that
	// are not globally routable, such as those of a LAN. Default: false.
	ListPrivate bool `json:"list_private,omitempty"`

	// Maximum number of open streams of new alerts, 1 to 1000000; beyond it clients
	// get 503. Default: 10000.
	MaxStreams int `json:"max_streams,omitempty"`

	// Maximum number of open streams per client address (for IPv6, per /64 network); beyond
	// it clients get 429. Behind a proxy that trusted_proxies does not name, all clients have
	// the address of the proxy. Default: a twentieth of max_streams, but at least 100.
	MaxStreamsPerAddress int `json:"max_streams_per_address,omitempty"`

	// Who can ask about alerts of private users, with ci=0 or ci=-1: everyone ("public") or
	// only users who log in ("hidden"). Questions about source addresses are for users in
	// either case. Default: public.
	PrivateDomain string `json:"private_domain,omitempty"`

	// Questions whose answers are computed before they expire, so that clients never wait
	// for them. Default: none.
	Refresh []*Refresh `json:"refresh,omitempty"`

	// Lists of attacking addresses for firewalls, SIEMs and sharing communities. Default: one
	// feed, "blocklist", with the defaults of all its options.
	Feeds []*Feed `json:"feeds,omitempty"`

	// How often feeds are computed, 1s to 5m. Default: 1m.
	FeedInterval caddy.Duration `json:"feed_interval,omitempty"`

	ctx    caddy.Context
	logger *zap.Logger
	// requests logs errors of requests.
	requests *zap.Logger
	events   *caddyevents.App

	storeOpener store.Opener
	cacheOpener cache.Opener
	geoOpener   geo.Opener

	store   store.Store
	cache   cache.Cache
	loader  *cache.Loader
	encoder *content.Encoder // of answers
	locator geo.Locator
	logins  *login.Logins
	feed    *stream.Feed
	warmup  warmup
	health  healthWatch
	sensors *sensors.Counter
	limited *rateLimited

	feedDefinitions []feed.Definition
	feeds           *feeds

	intake     *intake.Gate
	rejections *rejections

	// noCommunity is set if the community's login was configured but is empty.
	noCommunity bool

	settings    query.Settings
	storeConfig string
	keyPrefix   string
	counters    map[*query.Question]answerCounters
	// slots limit concurrent computations of expensive questions.
	slots map[*query.Question]chan struct{}
	// ready is closed when Start is done: requests may arrive earlier.
	ready chan struct{}

	// announced are the addresses announced to other processes.
	announced []string

	// stop ends the background work, which background waits for.
	stop       context.CancelFunc
	background sync.WaitGroup
}

// Coordinates are a place on Earth, in degrees.
type Coordinates struct {
	// Degrees north, from -90 to 90.
	Latitude float64 `json:"latitude"`
	// Degrees east, from -180 to 180.
	Longitude float64 `json:"longitude"`
}

// CaddyModule returns the Caddy module information.
func (*App) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "peba",
		New: func() caddy.Module { return new(App) },
	}
}

// Provision loads the guest modules and fills in defaults. It uses neither disk
// nor network: `caddy validate` runs it too.
func (a *App) Provision(ctx caddy.Context) error {
	a.ctx = ctx
	a.logger = ctx.Logger()
	a.requests = RequestLogger(ctx)
	a.rejections = newRejections(a.logger)
	a.intake = intake.NewGate()
	a.ready = make(chan struct{})
	a.storeConfig = string(a.StoreRaw) // loading the module empties it
	if err := registerMetrics(ctx.GetMetricsRegistry()); err != nil {
		return fmt.Errorf("registering metrics: %w", err)
	}
	a.counters = newAnswerCounters()
	a.slots = newSlots()
	events, err := ctx.App("events")
	if err != nil {
		return fmt.Errorf("loading the events app: %w", err)
	}
	a.events = events.(*caddyevents.App)
	if err := a.events.On("stopping", stopping{a}); err != nil {
		return fmt.Errorf("subscribing to the event stopping: %w", err)
	}
	a.limited = &rateLimited{zones: make(map[string]*limitedZone)}
	if err := a.events.On("rate_limit_exceeded", a.limited); err != nil {
		return fmt.Errorf("subscribing to the event rate_limit_exceeded: %w", err)
	}

	if a.storeOpener, err = loadGuest[store.Opener](ctx, a, "StoreRaw", a.StoreRaw, "peba.stores.sqlite"); err != nil {
		return err
	}
	if a.cacheOpener, err = loadGuest[cache.Opener](ctx, a, "CacheRaw", a.CacheRaw, "peba.caches.memory"); err != nil {
		return err
	}
	if a.geoOpener, err = loadGuest[geo.Opener](ctx, a, "GeoIPRaw", a.GeoIPRaw, "peba.geoip.builtin"); err != nil {
		return err
	}
	for _, r := range a.Refresh {
		if err := r.parse(); err != nil {
			return err
		}
	}
	a.replaceCommunity()
	a.setDefaults()
	a.keyPrefix = newKeyPrefix(a.storeConfig, a.settings)
	return nil
}

func (a *App) setDefaults() {
	if a.Retention == 0 {
		a.Retention = caddy.Duration(defaultRetention)
	}
	if a.BadIPWindow == 0 {
		a.BadIPWindow = min(caddy.Duration(defaultBadIPWindow), a.Retention)
	}
	if a.MaxAlerts == 0 {
		a.MaxAlerts = defaultMaxAlerts
	}
	if a.MaxStreams == 0 {
		a.MaxStreams = defaultMaxStreams
	}
	if a.MaxStreamsPerAddress == 0 {
		a.MaxStreamsPerAddress = min(a.MaxStreams, max(a.MaxStreams/20, minDefaultShare))
	}
	if a.PrivateDomain == "" {
		a.PrivateDomain = privateDomainPublic
	}
	if a.FeedInterval == 0 {
		a.FeedInterval = caddy.Duration(defaultFeedInterval)
	}
	if a.Home == nil {
		a.Home = &Coordinates{Latitude: defaultLatitude, Longitude: defaultLongitude}
	}
	a.settings = query.Settings{
		BadIPWindow:   time.Duration(a.BadIPWindow),
		MaxAlerts:     a.MaxAlerts,
		ListPrivate:   a.ListPrivate,
		Retention:     time.Duration(a.Retention),
		HomeLatitude:  a.Home.Latitude,
		HomeLongitude: a.Home.Longitude,
	}
}

// Validate checks the configuration.
func (a *App) Validate() error {
	if a.Retention < caddy.Duration(minRetention) {
		return fmt.Errorf("retention: got %v, must be at least %v", time.Duration(a.Retention), minRetention)
	}
	if a.BadIPWindow < caddy.Duration(minBadIPWindow) {
		return fmt.Errorf("bad_ip_window: got %v, must be at least %v", time.Duration(a.BadIPWindow), minBadIPWindow)
	}
	if err := checkWindow(a.BadIPWindow, a.Retention); err != nil {
		return err
	}
	if a.MaxAlerts < 1 || a.MaxAlerts > maxMaxAlerts {
		return fmt.Errorf("max_alerts: got %d, must be 1 to %d", a.MaxAlerts, maxMaxAlerts)
	}
	if a.MaxStreams < 1 || a.MaxStreams > maxMaxStreams {
		return fmt.Errorf("max_streams: got %d, must be 1 to %d", a.MaxStreams, maxMaxStreams)
	}
	if a.MaxStreamsPerAddress < 1 || a.MaxStreamsPerAddress > a.MaxStreams {
		return fmt.Errorf("max_streams_per_address: got %d, must be 1 to max_streams, which is %d", a.MaxStreamsPerAddress, a.MaxStreams)
	}
	if err := checkPrivateDomain(a.PrivateDomain); err != nil {
		return err
	}
	if err := checkFeedInterval(a.FeedInterval); err != nil {
		return err
	}
	if a.Home.Latitude < -90 || a.Home.Latitude > 90 {
		return fmt.Errorf("home latitude: got %v, must be -90 to 90", a.Home.Latitude)
	}
	if a.Home.Longitude < -180 || a.Home.Longitude > 180 {
		return fmt.Errorf("home longitude: got %v, must be -180 to 180", a.Home.Longitude)
	}
	if err := a.Community.check(); err != nil {
		return err
	}
	var err error
	a.feedDefinitions, err = a.definitions() // which depend on the options checked above
	return err
}

var (
	_ caddy.Provisioner = (*App)(nil)
	_ caddy.Validator   = (*App)(nil)
)
