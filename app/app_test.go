package app

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/peba-edge/peba/alert"
	_ "github.com/peba-edge/peba/cache/memory"
	_ "github.com/peba-edge/peba/geo/builtin"
	"github.com/peba-edge/peba/query"
	"github.com/peba-edge/peba/store"
	_ "github.com/peba-edge/peba/store/sqlite"
)

// startApp starts an app with further options, on a database of its own.
func startApp(t *testing.T, options string) *App {
	t.Helper()
	app, err := provision(t, options)
	if err != nil {
		t.Fatal(err)
	}
	if err := app.Start(); err != nil {
		t.Fatal(err)
	}
	return app
}

func provision(t *testing.T, options string) (*App, error) {
	t.Helper()
	return provisionAt(t, filepath.Join(t.TempDir(), "peba.db"), options)
}

// provisionAt provisions one on a database that others have too.
func provisionAt(t *testing.T, path, options string) (*App, error) {
	t.Helper()
	config := fmt.Sprintf(`{"store":{"module":"sqlite","path":%q}%s}`, path, options)
	ctx, err := caddy.ProvisionContext(&caddy.Config{AppsRaw: caddy.ModuleMap{"peba": json.RawMessage(config)}})
	if err != nil {
		return nil, err
	}
	loaded, err := ctx.App("peba")
	if err != nil {
		return nil, err
	}
	app := loaded.(*App)
	t.Cleanup(func() {
		if app.stop != nil {
			if err := app.Stop(); err != nil {
				t.Error(err)
			}
		}
		if err := app.close(); err != nil {
			t.Error(err)
		}
	})
	return app, nil
}

func TestWrongConfig(t *testing.T) {
	for options, want := range map[string]string{
		`,"retention":"1s"`:                                                 "retention: got 1s",
		`,"home":{"latitude":91,"longitude":0}`:                             "home latitude: got 91",
		`,"home":{"latitude":0,"longitude":-181}`:                           "home longitude: got -181",
		`,"max_alerts":-1`:                                                  "max_alerts: got -1",
		`,"max_streams":-1`:                                                 "max_streams: got -1",
		`,"max_streams":5,"max_streams_per_address":6`:                      "must be 1 to max_streams, which is 5",
		`,"bad_ip_window":"1s"`:                                             "bad_ip_window: got 1s",
		`,"bad_ip_window":"3h","retention":"2h"`:                            "must not be longer than retention: got 3h0m0s, retention is 2h0m0s",
		`,"bad_ip_window":"29d"`:                                            "retention is 672h0m0s",
		`,"community":{"user":"u","token":""}`:                              "user or token is empty",
		`,"community":{"user":"u","token":"{env.NONE}"}`:                    "user or token is empty",
		`,"community":{"user":"{env.NONE}","token":"long enough"}`:          "user or token is empty",
		`,"community":{"user":"u","token":"a{env.NONE}b"}`:                  "too short: got 2 characters, must be at least 8",
		`,"refresh":[{"every":"26s","questions":["retrieveAlertsJson"]}]`:   "got 26s, must be at most 25s",
		`,"refresh":[{"every":"5s","questions":["TpotStats"]}]`:             "the answer to TpotStats is not cached",
		`,"refresh":[{"every":"1ms","questions":["tops?type=urls"]}]`:       "every: got 1ms",
		`,"refresh":[{"every":"5s","questions":["top"]}]`:                   `unknown question "top"`,
		`,"refresh":[{"every":"5s","questions":["tops?days=3&type=urls"]}]`: `parameter "days": got "3"`,
		`,"refresh":[null]`:                                                 "names no questions",
		`,"refresh":[{"every":"5s","questions":["tops?type=urls&day=7"]}]`:  `no parameter "day"`,
		`,"private_domain":"secret"`:                                        `got "secret", must be one of public, hidden`,
		`,"retain":"1h"`:                                                    "retain",
		`,"cache":{"module":"floppy"}`:                                      "floppy",
	} {
		if _, err := provision(t, options); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want one that says %q", options, err, want)
		}
	}
}

// TestBracesInTokens keeps braces that are no placeholder: real tokens have some.
func TestBracesInTokens(t *testing.T) {
	t.Setenv("PEBA_TEST_TOKEN", "from the environment")
	for given, want := range map[string]string{
		"foth{a5mai":               "foth{a5mai",
		"a{b}c 1234":               "a{b}c 1234",
		"{env.PEBA_TEST_TOKEN}":    "from the environment",
		"x{env.PEBA_TEST_TOKEN}{y": "xfrom the environment{y",
	} {
		app, err := provision(t, fmt.Sprintf(`,"community":{"user":"u","token":%q}`, given))
		if err != nil {
			t.Fatal(err)
		}
		if app.Community.Token != want {
			t.Errorf("token %q became %q", given, app.Community.Token)
		}
	}
}

// TestShortRetention has a default window that fits it.
func TestShortRetention(t *testing.T) {
	app, err := provision(t, `,"retention":"1h"`)
	if err != nil {
		t.Fatal(err)
	}
	if window := app.settings.BadIPWindow; window != time.Hour {
		t.Errorf("the window for bad addresses is %v", window)
	}
}

// send stores alerts of the community by their ports, as one message; they name
// a CVE unless that is empty.
func send(t *testing.T, app *App, cve string, ports ...int) {
	t.Helper()
	var b strings.Builder
	named := ""
	if cve != "" {
		named = `<AdditionalData meaning="cve_id">` + cve + `</AdditionalData>`
	}
	for _, port := range ports {
		fmt.Fprintf(&b, `<Alert><Analyzer id="suricata-01"/><CreateTime tz="+0000">2026-11-23 10:00:00</CreateTime>`+
			`<Source port="%d" protocol="tcp">9.9.9.9</Source><Target port="22" protocol="tcp">8.8.8.8</Target>`+
			`%s</Alert>`, port, named)
	}
	m, err := alert.Decode(strings.NewReader(`<m><Authentication><username>u</username><token>the token</token></Authentication>`+b.String()+`</m>`),
		alert.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	sender, err := app.LogInSender(t.Context(), m.Username, m.Token, netip.MustParseAddr("127.0.0.1"))
	if err != nil {
		t.Fatal(err)
	}
	if err := app.Ingest(t.Context(), m, sender, ""); err != nil {
		t.Fatal(err)
	}
}

const community = `,"community":{"user":"u","token":"the token"}`

// TestRefresh computes answers before anybody asks.
func TestRefresh(t *testing.T) {
	app := startApp(t, community+`,"refresh":[{"every":"1h","questions":["datasetAlertTypesPerMonth?ci=-1"]}]`)
	q, _ := query.Named("datasetAlertTypesPerMonth")
	args, err := q.Parse(map[string][]string{"ci": {"-1"}})
	if err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(10 * time.Second)
	for {
		_, found, err := app.cache.Get(t.Context(), app.cacheKey(q, args))
		if err != nil {
			t.Fatal(err)
		}
		if found {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the answer was never computed")
		}
		time.Sleep(time.Millisecond)
	}
	result, err := app.Answer(t.Context(), q, args, nil)
	if err != nil || result.Status.String() != "hit" {
		t.Errorf("the first who asks: %v, %v", result.Status, err)
	}
}

// TestStatisticsAfterDowntime writes the hours that are missing, once each.
func TestStatisticsAfterDowntime(t *testing.T) {
	app := startApp(t, community)
	send(t, app, "", 1, 2, 3)
	now := time.Now().UTC()
	hour := now.Truncate(time.Hour)
	later := hour.Add(3*time.Hour + statisticsSettle)
	for range 2 { // a second node does the same
		if err := app.fillStatistics(t.Context(), later); err != nil {
			t.Fatal(err)
		}
	}
	series, err := store.List[store.Statistic](t.Context(), app.store, store.Listing{From: hour.Add(-time.Hour), To: later})
	if err != nil {
		t.Fatal(err)
	}
	var counts []float64
	for _, s := range series {
		counts = append(counts, s.Values["comm_totalNumberAlerts"])
	}
	if fmt.Sprint(counts) != "[3 0 0]" {
		t.Errorf("the series counts %v, want three hours: [3 0 0]", counts)
	}
	if err := app.fillStatistics(t.Context(), hour.Add(4*time.Hour+statisticsSettle-time.Second)); err != nil {
		t.Fatal(err)
	}
	if series, err = store.List[store.Statistic](t.Context(), app.store, store.Listing{From: hour, To: later}); err != nil || len(series) != 3 {
		t.Errorf("an hour was written before it had settled: %v, %v", len(series), err)
	}

	// Alerts of the fourth hour wait somewhere: a record without them would stay wrong.
	behind := outbox{app.store, hour.Add(3*time.Hour + 30*time.Minute)}
	app.stop() // nothing else may use the store while it is replaced
	app.background.Wait()
	app.store = behind
	muchLater := hour.Add(6*time.Hour + statisticsSettle)
	if err := app.fillStatistics(t.Context(), muchLater); err != nil {
		t.Fatal(err)
	}
	if series, err = store.List[store.Statistic](t.Context(), app.store, store.Listing{From: hour, To: muchLater}); err != nil || len(series) != 3 {
		t.Errorf("an hour was written of which alerts wait: %v, %v", len(series), err)
	}
	app.store = outbox{behind.Store, muchLater}
	if err := app.fillStatistics(t.Context(), muchLater); err != nil {
		t.Fatal(err)
	}
	if series, err = store.List[store.Statistic](t.Context(), app.store, store.Listing{From: hour, To: muchLater}); err != nil || len(series) != 6 {
		t.Errorf("when nothing waits any more: %v hours, %v, want 6", len(series), err)
	}
}

// outbox is a store in which alerts wait.
type outbox struct {
	store.Store
	oldest time.Time
}

func (o outbox) Settle(context.Context) (time.Time, error) { return o.oldest, nil }
func (o outbox) Yield()                                    {}

var _ store.Outbox = outbox{}

// TestNewCVE tells of a CVE when it is seen for the first time, and only then.
func TestNewCVE(t *testing.T) {
	app := startApp(t, community)
	before := counterValue(t, metrics.newCVEs)
	send(t, app, "CVE-2017-0144", 1, 2)
	send(t, app, "CVE-2017-0144", 2, 3)
	send(t, app, "CVE-2017-5638", 4)
	if n := counterValue(t, metrics.newCVEs) - before; n != 2 {
		t.Errorf("%v CVEs were announced, want 2", n)
	}
	cves, err := store.List[store.CVE](t.Context(), app.store, store.Listing{})
	if err != nil || len(cves) != 2 {
		t.Errorf("CVEs %v, %v", cves, err)
	}
}

func counterValue(t *testing.T, c prometheus.Counter) float64 {
	t.Helper()
	var m dto.Metric
	if err := c.Write(&m); err != nil {
		t.Fatal(err)
	}
	return m.GetCounter().GetValue()
}

// TestStoredAndDuplicate counts alerts that are sent again apart from new ones, and
// equal alerts of one message as the events that they are.
func TestStoredAndDuplicate(t *testing.T) {
	app := startApp(t, community)
	stored, duplicate := metrics.alerts.WithLabelValues("stored"), metrics.alerts.WithLabelValues("duplicate")
	for _, step := range []struct {
		ports             []int
		stored, duplicate float64
	}{
		{[]int{1, 1, 1, 2}, 4, 0},
		{[]int{1, 1, 1, 2}, 0, 4},
		{[]int{1, 1, 1, 1}, 1, 3},
	} {
		haveStored, haveDuplicate := counterValue(t, stored), counterValue(t, duplicate)
		send(t, app, "", step.ports...)
		if s, d := counterValue(t, stored)-haveStored, counterValue(t, duplicate)-haveDuplicate; s != step.stored || d != step.duplicate {
			t.Errorf("ports %v: %v stored and %v duplicate, want %+v", step.ports, s, d, step)
		}
	}
}
