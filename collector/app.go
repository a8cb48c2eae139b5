// Package collector is the app "peba": the state that all handlers share, and
// the two things they do with it, Ingest and Answer. DESIGN.md tells why it is
// built as it is.
package collector

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyevents"
	"go.uber.org/zap"

	"github.com/peba-edge/peba/cache"
	"github.com/peba-edge/peba/geo"
	"github.com/peba-edge/peba/intake"
	"github.com/peba-edge/peba/query"
	"github.com/peba-edge/peba/store"
	"github.com/peba-edge/peba/stream"
)

func init() {
	caddy.RegisterModule(new(App))
}

// Defaults of the options below (contract §3.1; legacy values).
const (
	defaultRetention   = 28 * 24 * time.Hour
	defaultBadIPWindow = 2 * time.Hour
	defaultMaxAlerts   = 1000
	defaultLatitude    = 50.708021
	defaultLongitude   = 7.129191
	defaultMaxStreams  = 10_000
	leastDefaultShare  = 100 // streams of one address
)

// Bounds of the options below.
const (
	leastRetention   = time.Hour
	leastBadIPWindow = time.Minute
	mostMaxAlerts    = 100_000
	mostMaxStreams   = 1_000_000
)

// App collects the alerts of honeypot sensors and answers questions about them.
// Everything is optional: the zero configuration keeps alerts for 28 days in one
// SQLite file below Caddy's data directory.
type App struct {
	// Where alerts are kept. Default: the embedded store, `{"module": "sqlite"}`.
	StoreRaw json.RawMessage `json:"store,omitempty" caddy:"namespace=peba.stores inline_key=module"`

	// Where answers are cached. Default: in this process, `{"module": "memory"}`.
	CacheRaw json.RawMessage `json:"cache,omitempty" caddy:"namespace=peba.caches inline_key=module"`

	// How addresses are turned into places. Default: the built-in country
	// table, `{"module": "builtin"}`.
	GeoIPRaw json.RawMessage `json:"geoip,omitempty" caddy:"namespace=peba.geoip inline_key=module"`

	// How long alerts are kept, by the time they were received. Default: 28d.
	Retention caddy.Duration `json:"retention,omitempty"`

	// Log-in that all community sensors share. Default: none, so that only users of
	// the store may send; a warning says so where both halves are empty once their
	// placeholders are replaced.
	Community *Credentials `json:"community,omitempty"`

	// The place shown for addresses whose coordinates are unknown.
	// Default: 50.708021 7.129191.
	Home *Coordinates `json:"home,omitempty"`

	// How far back retrieveIPs looks. Default: 2h.
	BadIPWindow caddy.Duration `json:"bad_ip_window,omitempty"`

	// How many alerts retrieveAlertsCyber and querySingleIP list at most.
	// Default: 1000.
	MaxAlerts int `json:"max_alerts,omitempty"`

	// Whether private questions about one address also list alerts from addresses that
	// are not globally routable, such as those of a LAN. Default: false.
	ListPrivate bool `json:"list_private,omitempty"`

	// Maximum number of open streams of new alerts; one more gets 503. Default: 10000.
	MaxStreams int `json:"max_streams,omitempty"`

	// Maximum number of them that one client address (of IPv6, one /64 network) may have
	// open; one more gets 429. Behind a proxy that trusted_proxies does not name, all clients
	// have the address of the proxy. Default: a twentieth of max_streams, but at least 100.
	MaxStreamsPerAddress int `json:"max_streams_per_address,omitempty"`

	// Who may ask for alerts of private users, with ci=0 or ci=-1: everybody ("public"), or
	// logged-in users only ("hidden"). Questions about source addresses are for users in
	// any case. Default: public.
	PrivateDomain string `json:"private_domain,omitempty"`

	// Answers that are computed before anybody asks, so that a frontend never
	// waits for them. Default: none.
	Refresh []*Refresh `json:"refresh,omitempty"`

	ctx    caddy.Context
	logger *zap.Logger
	// requests is for what goes wrong with requests.
	requests *zap.Logger
	events   *caddyevents.App

	storeOpener store.Opener
	cacheOpener cache.Opener
	geoOpener   geo.Opener

	store   store.Store
	cache   cache.Cache
	loader  *cache.Loader
	locator geo.Locator
	logins  *logins
	feed    *stream.Feed
	age     age
	health  healthWatch
	roster  *roster
	limited *rateLimited

	intake     *intake.Gate
	rejections *rejections

	// noCommunity is set when the community's log-in was given and turned out empty.
	noCommunity bool

	settings    query.Settings
	storeConfig string
	keyPrefix   string
	counters    map[*query.Question]answerCounters
	// slots hold what is computed of questions that are much work.
	slots map[*query.Question]chan struct{}
	// ready is closed when Start is done: handlers may be asked earlier.
	ready chan struct{}

	// announced are the addresses that other processes are told of.
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

// Provision loads the guest modules and fills in defaults. It touches neither
// disk nor network: `caddy validate` comes this far too.
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

// loadGuest loads the module configured in the named field of app, or the
// default one with its own defaults.
func loadGuest[T any](ctx caddy.Context, app *App, field string, raw json.RawMessage, byDefault string) (T, error) {
	var (
		none   T
		module any
		err    error
	)
	if raw == nil {
		module, err = ctx.LoadModuleByID(byDefault, nil)
	} else {
		module, err = ctx.LoadModule(app, field)
	}
	if err != nil {
		return none, fmt.Errorf("loading %s: %w", strings.ToLower(strings.TrimSuffix(field, "Raw")), err)
	}
	guest, ok := module.(T)
	if !ok {
		return none, fmt.Errorf("loading %s: %T does not implement %T", field, module, (*T)(nil))
	}
	return guest, nil
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
		a.MaxStreamsPerAddress = min(a.MaxStreams, max(a.MaxStreams/20, leastDefaultShare))
	}
	if a.PrivateDomain == "" {
		a.PrivateDomain = privateDomainPublic
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

// Validate checks what the configuration says.
func (a *App) Validate() error {
	if a.Retention < caddy.Duration(leastRetention) {
		return fmt.Errorf("retention is %v: allowed is %v or more", time.Duration(a.Retention), leastRetention)
	}
	if a.BadIPWindow < caddy.Duration(leastBadIPWindow) {
		return fmt.Errorf("bad_ip_window is %v: allowed is %v or more", time.Duration(a.BadIPWindow), leastBadIPWindow)
	}
	if err := checkWindow(a.BadIPWindow, a.Retention); err != nil {
		return err
	}
	if a.MaxAlerts < 1 || a.MaxAlerts > mostMaxAlerts {
		return fmt.Errorf("max_alerts is %d: allowed is 1 to %d", a.MaxAlerts, mostMaxAlerts)
	}
	if a.MaxStreams < 1 || a.MaxStreams > mostMaxStreams {
		return fmt.Errorf("max_streams is %d: allowed is 1 to %d", a.MaxStreams, mostMaxStreams)
	}
	if a.MaxStreamsPerAddress < 1 || a.MaxStreamsPerAddress > a.MaxStreams {
		return fmt.Errorf("max_streams_per_address is %d: must be 1 to max_streams, which is %d", a.MaxStreamsPerAddress, a.MaxStreams)
	}
	if err := checkPrivateDomain(a.PrivateDomain); err != nil {
		return err
	}
	if a.Home.Latitude < -90 || a.Home.Latitude > 90 {
		return fmt.Errorf("home latitude is %v: allowed is -90 to 90", a.Home.Latitude)
	}
	if a.Home.Longitude < -180 || a.Home.Longitude > 180 {
		return fmt.Errorf("home longitude is %v: allowed is -180 to 180", a.Home.Longitude)
	}
	return a.Community.check()
}

var (
	_ caddy.Provisioner = (*App)(nil)
	_ caddy.Validator   = (*App)(nil)
)
