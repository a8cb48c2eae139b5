package app

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"github.com/peba-edge/peba/geo"
	"github.com/peba-edge/peba/store"
)

// CheckPath is the path of the check: GET returns the findings on all parts, a
// []store.Finding.
const CheckPath = "/peba/check"

const (
	// checkTimeout limits the check of the store, and quickTimeout one question.
	checkTimeout = 20 * time.Second
	quickTimeout = 5 * time.Second
	// oldGeo is the maximum age of a GeoIP database: vendors publish new ones
	// every few weeks, and addresses move.
	oldGeo = 90 * 24 * time.Hour
)

// serveCheck returns a []store.Finding as JSON.
func (api *AdminAPI) serveCheck(w http.ResponseWriter, r *http.Request) error {
	app, err := api.running(r)
	if err != nil {
		return err
	}
	if r.Method != http.MethodGet {
		return methodNotAllowed(r, "GET")
	}
	return writeJSON(w, app.check(r.Context(), time.Now()))
}

// check checks every part. Parts that depend on other servers are checked
// concurrently, so that an operator waits only for the slowest one.
func (a *App) check(ctx context.Context, now time.Time) []store.Finding {
	var kept []store.Finding
	var cached, analyzers store.Finding
	var asked sync.WaitGroup
	asked.Go(func() { kept = a.checkStore(ctx) })
	asked.Go(func() { cached = a.checkCache(ctx) })
	asked.Go(func() { analyzers = a.checkAnalyzers(ctx) })
	asked.Wait()
	findings := append([]store.Finding{{Part: "data", OK: true, Text: a.location()}}, kept...)
	findings = append(findings, cached)
	findings = append(findings, a.checkGeo(now)...)
	servers := a.servers()
	return append(findings, a.checkFeeds(now), a.checkCommunity(), analyzers, checkProxies(servers), checkOtherHosts(servers), checkPorts())
}

func (a *App) checkStore(ctx context.Context) []store.Finding {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	if c, ok := a.store.(store.Checker); ok {
		return checkInTime(ctx, c)
	}
	if err := a.store.Ping(ctx); err != nil {
		return []store.Finding{{Part: "store", Text: err.Error(), Advice: "Make sure that its disk has free space and that PEBA may write there."}}
	}
	return []store.Finding{{Part: "store", OK: true, Text: "accepts alerts and answers questions"}}
}

// location describes where the data is.
func (a *App) location() string {
	if l, ok := a.store.(store.Located); ok {
		return l.Location()
	}
	return "in a store of unknown location"
}

// checkInTime returns the store's findings, or that it did not answer in time: on a
// hanging disk no call returns, whatever its context.
func checkInTime(ctx context.Context, c store.Checker) []store.Finding {
	found := make(chan []store.Finding, 1)
	go func() { found <- c.Check(ctx) }()
	select {
	case findings := <-found:
		return findings
	case <-time.After(checkTimeout + healthGrace):
		return []store.Finding{{Part: "store", Text: fmt.Sprintf("no answer within %v", checkTimeout),
			Advice: "Check the store's disk (dmesg): it hangs or is very slow."}}
	}
}

func (a *App) checkCache(ctx context.Context) store.Finding {
	ctx, cancel := context.WithTimeout(ctx, quickTimeout)
	defer cancel()
	if err := a.cache.Ping(ctx); err != nil {
		return store.Finding{Part: "cache", Text: err.Error(),
			Advice: "Make sure that the servers of the option cache run and are reachable. Until then every answer is computed."}
	}
	return store.Finding{Part: "cache", OK: true, Text: "answers"}
}

func (a *App) checkGeo(now time.Time) []store.Finding {
	d, ok := a.locator.(geo.Describer)
	if !ok {
		return []store.Finding{{Part: "geo", OK: true, Text: "using the built-in table of countries"}}
	}
	var findings []store.Finding
	for _, file := range d.Describe() {
		f := store.Finding{Part: "geo", OK: true, Text: fmt.Sprintf("%s (%s) was built on %s",
			filepath.Base(file.Path), file.Type, file.Built.Format(time.DateOnly))}
		if now.Sub(file.Built) > oldGeo {
			f.OK, f.Advice = false, fmt.Sprintf("Replace %s with a newer file: PEBA reloads it while running.", file.Path)
		}
		findings = append(findings, f)
	}
	return findings
}
