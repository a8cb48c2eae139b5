package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"

	"github.com/peba-edge/peba/cache"
	"github.com/peba-edge/peba/content"
	"github.com/peba-edge/peba/routes"
	"github.com/peba-edge/peba/store"
)

// linger is how long the parts of an old configuration stay open after a reload:
// as long as sensors wait for an answer.
const linger = time.Minute

// Start opens store, cache and GeoIP lookup, and starts the background work.
func (a *App) Start() error {
	ctx, stop := context.WithCancel(a.ctx)
	a.stop = stop
	// Sets fields only on success: an interface with a nil pointer is not nil.
	locator, err := a.geoOpener.Open(ctx)
	if err != nil {
		return fmt.Errorf("opening the GeoIP lookup: %w", err)
	}
	a.locator = locator
	answers, err := a.cacheOpener.Open(ctx)
	if err != nil {
		return fmt.Errorf("opening the cache: %w", err)
	}
	a.cache = answers
	alerts, err := a.storeOpener.Open(ctx, store.Options{NewCVE: a.announceCVE, Counted: countStored})
	if err != nil {
		return fmt.Errorf("opening the store: %w", err)
	}
	a.store = alerts
	a.loader, a.encoder = cache.NewLoader(a.cache), content.NewEncoder()
	if err := a.openLogins(); err != nil {
		return err
	}
	a.feed = a.newFeed()
	if err := a.openFeeds(); err != nil {
		return err
	}
	if err := a.joinCounter(); err != nil {
		return err
	}
	a.background.Go(func() { a.feeds.engine.Run(ctx) })
	a.background.Go(func() { a.keepFeedClients(ctx) })
	a.background.Go(func() { a.retireAlerts(ctx) })
	a.background.Go(func() { a.writeStatistics(ctx) })
	a.background.Go(func() { a.warmup.watch(ctx, a.store, time.Duration(a.Retention)) })
	a.background.Go(func() { a.keepSensors(ctx) })
	a.background.Go(func() { a.rejections.keepLogging(ctx) })
	a.background.Go(func() { repeat(ctx, limitedEvery, func() { a.limited.report(a.logger) }) })
	for _, r := range a.Refresh {
		a.background.Go(func() { a.refresh(ctx, r) })
	}
	a.announcePorts()
	close(a.ready)
	a.greet()
	return nil
}

// greet logs where PEBA listens, where its data is, and what to do next.
func (a *App) greet() {
	var listen []string
	servers := a.servers()
	for _, server := range servers {
		listen = append(listen, server.Listen...)
	}
	a.logger.Info("PEBA is ready",
		zap.Strings("listen", listen),
		zap.String("data", a.location()),
		zap.Bool("community_login", a.Community != nil),
		zap.String("retention", time.Duration(a.Retention).String()),
		zap.Strings("feeds", a.feedNames()),
		zap.String("sensors_post_to", "<URL of the site>"+routes.IngestPath),
		zap.String("next", "`caddy peba user add NAME` adds a user for the private endpoints; "+
			"`caddy peba simulate URL` simulates sensors"))
	for _, f := range []store.Finding{a.checkCommunity(), checkProxies(servers), checkPorts()} {
		if !f.OK {
			a.logger.Warn(f.Text, zap.String("advice", f.Advice))
		}
	}
}

// wait waits until the app has started, or returns ctx's error.
func (a *App) wait(ctx context.Context) error {
	if a.started() {
		return nil
	}
	select {
	case <-a.ready:
		return nil
	case <-a.ctx.Done():
		return fmt.Errorf("this configuration did not start: %w", store.ErrUnavailable)
	case <-ctx.Done():
		return fmt.Errorf("waiting for start: %w", ctx.Err())
	}
}

// Stop ends the background work, and the streams, which the HTTP server waits
// for when it stops. Everything other requests use stays open, since that server
// may stop after this app. Their counts are therefore written in Cleanup.
func (a *App) Stop() error {
	a.endStreams()
	a.stop()
	a.background.Wait()
	a.limited.report(a.logger)
	if outbox, ok := a.store.(store.Outbox); ok {
		outbox.Yield()
	}
	return nil
}

// Cleanup closes what Start opened. It also runs when Provision or Start failed.
//
// On a reload Caddy does not wait for the old configuration's requests:
// everything they use is closed once the last of them must have ended.
func (a *App) Cleanup() error {
	a.endStreams()
	if a.stop != nil {
		a.stop()
		a.background.Wait()
	}
	if !a.started() || caddy.Exiting() {
		return a.close()
	}
	time.AfterFunc(linger, func() {
		if err := a.close(); err != nil {
			a.logger.Error("closing the previous configuration's resources", zap.Error(err))
		}
	})
	return nil
}

// started reports whether Start is done.
func (a *App) started() bool {
	select {
	case <-a.ready:
		return true
	default:
		return false
	}
}

func (a *App) close() error {
	a.rejections.log() // those that came after Stop
	errs := []error{a.withdrawPorts()}
	if a.logins != nil {
		errs = append(errs, a.closeLogins())
	}
	if a.started() {
		errs = append(errs, a.leaveCounter(), a.closeFeeds())
	}
	if a.store != nil {
		errs = append(errs, a.store.Close())
	}
	if a.cache != nil {
		errs = append(errs, a.cache.Close())
	}
	if a.locator != nil {
		errs = append(errs, a.locator.Close())
	}
	return errors.Join(errs...)
}

var (
	_ caddy.App          = (*App)(nil)
	_ caddy.CleanerUpper = (*App)(nil)
)
