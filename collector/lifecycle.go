package collector

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"

	"github.com/peba-edge/peba/cache"
	"github.com/peba-edge/peba/routes"
	"github.com/peba-edge/peba/store"
)

// linger is how long the parts of an old configuration stay open after a reload:
// as long as sensors wait for an answer.
const linger = time.Minute

// Start opens store, cache and geo look-up and starts the background work.
func (a *App) Start() error {
	ctx, stop := context.WithCancel(a.ctx)
	a.stop = stop
	// A field is set only when there is something to close in it: an interface
	// with a nil pointer inside is not nil.
	locator, err := a.geoOpener.Open(ctx)
	if err != nil {
		return fmt.Errorf("opening the geo look-up: %w", err)
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
	a.loader = cache.NewLoader(a.cache)
	if a.logins, err = newLogins(a.store, a.Community, a.storeConfig); err != nil {
		return fmt.Errorf("preparing log-ins: %w", err)
	}
	a.feed = a.newFeed()
	if a.roster, err = a.joinRoster(); err != nil {
		return err
	}
	a.background.Go(func() { a.retireAlerts(ctx) })
	a.background.Go(func() { a.writeStatistics(ctx) })
	a.background.Go(func() { a.age.watch(ctx, a.store, time.Duration(a.Retention)) })
	a.background.Go(func() { a.keepRoster(ctx) })
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

// greet tells the operator where PEBA listens, where its data is, and what to do next.
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
		zap.Duration("retention", time.Duration(a.Retention)),
		zap.String("sensors_post_to", routes.IngestPath),
		zap.String("next", "`caddy peba user add NAME` makes a user for the private endpoints; "+
			"`caddy peba simulate URL` plays sensors"))
	for _, f := range []store.Finding{a.checkCommunity(), checkProxies(servers), checkPorts()} {
		if !f.OK {
			a.logger.Warn(f.Text, zap.String("advice", f.Advice))
		}
	}
}

// wait returns when the app has started, or with ctx's error.
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

// Stop ends the background work, and the streams, for which the HTTP server
// waits when it stops. What other requests use stays open: that server may stop
// after this app does, and so what is counted of them is written when it closes.
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
// On a reload Caddy does not wait for the requests that the old configuration
// still has: what they use is closed when the last of them must be over.
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
			a.logger.Error("closing what the last configuration used", zap.Error(err))
		}
	})
	return nil
}

// started tells whether Start is done.
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
		errs = append(errs, a.logins.close())
	}
	if a.started() {
		errs = append(errs, a.leaveRoster())
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
