package app

import (
	"strings"
	"testing"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/geo"
	"github.com/peba-edge/peba/sensors"
	"github.com/peba-edge/peba/store"
)

// described is a look-up in one file of a given age.
type described struct {
	geo.Locator
	built time.Time
}

func (d described) Describe() []geo.Database {
	return []geo.Database{{Path: "/srv/geo/City.mmdb", Type: "GeoLite2-City", Built: d.built}}
}

// findingOf returns what is found of a part.
func findingOf(t *testing.T, app *App, now time.Time, part string) store.Finding {
	t.Helper()
	for _, f := range app.check(t.Context(), now) {
		if f.Part == part {
			return f
		}
	}
	t.Fatalf("nothing is found of %s", part)
	return store.Finding{}
}

func TestCheckTellsWhatToDo(t *testing.T) {
	app := startApp(t, community)
	now := time.Now()
	if f := findingOf(t, app, now, "data"); !f.OK || !strings.HasSuffix(f.Text, "/peba.db") {
		t.Errorf("where the data is: %+v", f)
	}
	for _, part := range []string{"store", "cache", "geo"} {
		if f := findingOf(t, app, now, part); !f.OK || f.Advice != "" {
			t.Errorf("%s of a new server: %+v", part, f)
		}
	}
	if f := findingOf(t, app, now, "honeypots"); !f.OK || !strings.Contains(f.Text, "known") {
		t.Errorf("honeypots of a new server: %+v", f)
	}
	app.sensors.Count(&alert.Message{Origins: []alert.Origin{
		{UUID: "u", Analyzer: "cowrie-1", Accepted: 1}, {UUID: "u", Analyzer: "new\npot", Accepted: 1},
	}}, sensors.Outcome{At: now, Community: true, Stored: true})
	if f := findingOf(t, app, now, "honeypots"); !f.OK || !strings.Contains(f.Text, `Unclassified: "new\npot"`) {
		t.Errorf("a new honeypot: %+v", f)
	}

	locator := app.locator
	defer func() { app.locator = locator }()
	app.locator = described{locator, now.AddDate(0, 0, -1)}
	if f := findingOf(t, app, now, "geo"); !f.OK || !strings.Contains(f.Text, "City.mmdb (GeoLite2-City)") {
		t.Errorf("a file of yesterday: %+v", f)
	}
	app.locator = described{locator, now.AddDate(-1, 0, 0)}
	if f := findingOf(t, app, now, "geo"); f.OK || !strings.Contains(f.Advice, "/srv/geo/City.mmdb") {
		t.Errorf("a file of last year: %+v", f)
	}
}

// TestCheckCommunity looks at log-ins that anybody may know, and at missing ones.
func TestCheckCommunity(t *testing.T) {
	for name, test := range map[string]struct {
		options, text string
		ok            bool
	}{
		"none":        {"", "only users", true},
		"their own":   {community, "set and not public", true},
		"stock":       {`,"community":{"user":"community-01-user","token":"foth{a5maiCee8fineu7"}`, "has the public user and token", false},
		"stock user":  {`,"community":{"user":"community-01-user","token":"our own token"}`, "has the public user of", false},
		"stock token": {`,"community":{"user":"our-sensors","token":"foth{a5maiCee8fineu7"}`, "has the public token of", false},
		"unset":       {`,"community":{"user":"{env.PEBA_TEST_NONE}","token":"{env.PEBA_TEST_NONE}"}`, "empty after replacing placeholders", false},
		"empty":       {`,"community":{}`, "there is no community login", false},
	} {
		t.Run(name, func(t *testing.T) {
			app, err := provision(t, test.options)
			if err != nil {
				t.Fatal(err)
			}
			if f := app.checkCommunity(); f.OK != test.ok || f.OK != (f.Advice == "") || !strings.Contains(f.Text, test.text) {
				t.Errorf("%+v", f)
			}
		})
	}
}
