package app

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"

	"github.com/peba-edge/peba/content"
	"github.com/peba-edge/peba/feed"
)

// ErrUnknownFeed is returned for a feed that is not configured, or that a client may not
// read. Its text may be shown to clients.
var ErrUnknownFeed = errors.New("there is no feed of this name, or the token does not admit to it")

// ErrFeedStarting is returned for a feed that was never computed. Its text may be shown to
// clients.
var ErrFeedStarting = errors.New("the feed is being computed for the first time")

// flushClientsEvery is how often the clients of feeds are written to the store.
const flushClientsEvery = 5 * time.Second

// feedSources are those of this process, by store: after a reload the new configuration
// continues with what was read.
var feedSources = caddy.NewUsagePool()

// pooledFeeds can be in a UsagePool.
type pooledFeeds struct {
	sources *feed.Sources
	clients *feed.Clients
}

// Destruct implements caddy.Destructor.
func (pooledFeeds) Destruct() error { return nil }

// feeds is the part of the app that serves feeds.
type feeds struct {
	engine  *feed.Engine
	tokens  *feed.Tokens
	clients *feed.Clients
	encoder *content.Encoder
	// anyone is the pass of clients without a token.
	anyone *feed.Pass

	mu   sync.Mutex
	open map[string]*OpenFeed
}

// openFeeds prepares the feeds; it does not read the store.
func (a *App) openFeeds() error {
	shared, _, err := feedSources.LoadOrNew(a.storeConfig, func() (caddy.Destructor, error) {
		return pooledFeeds{feed.NewSources(), feed.NewClients()}, nil
	})
	if err != nil {
		return fmt.Errorf("preparing the feeds: %w", err)
	}
	pooled := shared.(pooledFeeds)
	engine, err := feed.NewEngine(feed.Config{
		Store: a.store, Locate: a.locator.Locate, Sources: pooled.sources, Feeds: a.feedDefinitions,
		Interval: time.Duration(a.FeedInterval), Computed: a.countFeeds, CloseDay: closeDay, Logger: a.logger.Named("feeds"),
	})
	if err != nil {
		_, _ = feedSources.Delete(a.storeConfig) // Destruct has no error
		return err
	}
	a.feeds = &feeds{engine: engine, tokens: feed.NewTokens(a.store), clients: pooled.clients, encoder: a.encoder, anyone: feed.Anyone(), open: make(map[string]*OpenFeed)}
	return nil
}

// closeFeeds writes what clients did since the last time.
func (a *App) closeFeeds() error {
	ctx, cancel := context.WithTimeout(context.Background(), maxFlushWait)
	defer cancel()
	if err := a.feeds.clients.Flush(ctx, a.store, time.Now()); err != nil {
		a.logger.Warn("what the clients of feeds received last is not stored: they receive it again", zap.Error(err))
	}
	_, err := feedSources.Delete(a.storeConfig)
	return err
}

// keepFeedClients reads the clients of feeds, and writes changes, until ctx ends.
func (a *App) keepFeedClients(ctx context.Context) {
	failing := false
	repeat(ctx, flushClientsEvery, func() {
		err := a.feeds.clients.Load(ctx, a.store)
		if err == nil {
			err = a.feeds.clients.Flush(ctx, a.store, time.Now())
		}
		if err != nil && !failing && !errors.Is(err, context.Canceled) {
			a.logger.Warn("storing the clients of feeds failed and will be retried", zap.Error(err))
		}
		failing = err != nil
	})
}

// AdmitToFeeds returns the pass of a client: of its token, or for public feeds if token is
// empty. The error is or wraps feed.ErrToken for an unknown token.
func (a *App) AdmitToFeeds(ctx context.Context, token string) (*feed.Pass, error) {
	if err := a.wait(ctx); err != nil {
		return nil, err
	}
	if token == "" {
		return a.feeds.anyone, nil
	}
	pass, err := a.feeds.tokens.Admit(ctx, token)
	if err != nil {
		return nil, err
	}
	a.feeds.clients.Used(pass.Name, time.Now())
	return pass, nil
}

// FeedsFor returns the definitions of the feeds that a client may read.
func (a *App) FeedsFor(pass *feed.Pass) []feed.Definition {
	var readable []feed.Definition
	for i := range a.feedDefinitions {
		if pass.Reads(&a.feedDefinitions[i]) {
			readable = append(readable, a.feedDefinitions[i])
		}
	}
	return readable
}

// Feed returns the latest snapshot of a feed for a client. The error is ErrUnknownFeed, or
// ErrFeedStarting if there is no snapshot yet.
func (a *App) Feed(ctx context.Context, pass *feed.Pass, name string) (*OpenFeed, error) {
	if err := a.wait(ctx); err != nil {
		return nil, err
	}
	for i := range a.feedDefinitions {
		if d := &a.feedDefinitions[i]; d.Name == name && pass.Reads(d) {
			return a.feeds.current(name)
		}
	}
	return nil, ErrUnknownFeed
}

// current returns the latest snapshot of a feed, with the bodies that were made of it.
func (f *feeds) current(name string) (*OpenFeed, error) {
	snapshot := f.engine.Snapshot(name)
	if snapshot == nil {
		return nil, ErrFeedStarting
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	open := f.open[name]
	if open == nil || open.Snapshot != snapshot {
		open = newOpenFeed(snapshot, f.encoder)
		f.open[name] = open
	}
	return open, nil
}

// snapshots returns the latest snapshots of all feeds that were computed.
func (a *App) snapshots() []*feed.Snapshot {
	var all []*feed.Snapshot
	for i := range a.feedDefinitions {
		if s := a.feeds.engine.Snapshot(a.feedDefinitions[i].Name); s != nil {
			all = append(all, s)
		}
	}
	return all
}

// FeedCursor returns how far a client of a feed has come. It is false if that is unknown.
func (a *App) FeedCursor(key, feedName string) (time.Time, bool) {
	return a.feeds.clients.Cursor(key, feedName)
}

// SetFeedCursor notes how far a client of a feed has come, after it received everything
// up to there.
func (a *App) SetFeedCursor(key, feedName string, at time.Time) {
	a.feeds.clients.SetCursor(key, feedName, at, time.Now())
}
