package app

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"

	"github.com/peba-edge/peba/feed"
	"github.com/peba-edge/peba/geo"
	"github.com/peba-edge/peba/store"
	"github.com/peba-edge/peba/store/memory"
)

// TestCheckFeeds: a feed of the past and one of the future are out of order. The latter stands
// still until the clock has caught up.
func TestCheckFeeds(t *testing.T) {
	s := memory.New(store.Options{})
	defer s.Close()
	at := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	defs := []feed.Definition{feed.Default("test")}
	engine, err := feed.NewEngine(feed.Config{
		Store: s, Sources: feed.NewSources(), Feeds: defs, Interval: time.Minute, Logger: zap.NewNop(),
		Locate: func(netip.Addr) geo.Place { return geo.Place{} },
	})
	if err != nil {
		t.Fatal(err)
	}
	a := &App{FeedInterval: caddy.Duration(time.Minute), feedDefinitions: defs, feeds: &feeds{engine: engine}}
	for now, want := range map[time.Time]string{
		at.Add(time.Minute): "lists 0 addresses", at.Add(time.Hour): "out of date", at.Add(-time.Hour): "stands still until",
	} {
		engine.Step(t.Context(), at)
		if f := a.checkFeeds(now); !strings.Contains(f.Text, want) || f.OK != strings.HasPrefix(want, "lists") || f.OK != (f.Advice == "") {
			t.Errorf("at %v: got %+v, want %q", now, f, want)
		}
	}
}
