package app

import (
	"context"
	"net/url"
	"testing"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/query"
	"github.com/peba-edge/peba/store"
	"github.com/peba-edge/peba/store/memory"
)

// TestWarmup has answers hold for a minute at most until the oldest alert is two
// hours old.
func TestWarmup(t *testing.T) {
	app := startApp(t, community)
	send(t, app, "", 1)
	tops, _ := query.Named("tops")
	fresh := func(days string) time.Duration {
		t.Helper()
		args, err := tops.Parse(url.Values{"type": {"urls"}, "days": {days}})
		if err != nil {
			t.Fatal(err)
		}
		result, err := app.Answer(t.Context(), tops, args, nil)
		if err != nil {
			t.Fatal(err)
		}
		return result.Fresh
	}
	if got := fresh("1"); got <= 0 || got > warmupTTL {
		t.Errorf("an answer about a cold store holds for %v", got)
	}
	old := alert.Record{Document: alert.Document{ID: "a", RecievedTime: alert.At(time.Now().Add(-warmupAge - time.Minute))}}
	if err := app.store.Put(t.Context(), []alert.Record{old}); err != nil {
		t.Fatal(err)
	}
	app.warmup.watch(t.Context(), app.store, defaultRetention) // ends at the first look
	if got := fresh("7"); got <= time.Hour {
		t.Errorf("an answer about a warm store holds for %v", got)
	}
}

// TestWarmupOfShortRetention has a store become warm whose alerts are deleted after an hour.
func TestWarmupOfShortRetention(t *testing.T) {
	s := memory.New(store.Options{})
	old := alert.Record{Document: alert.Document{ID: "a", RecievedTime: alert.At(time.Now().Add(-minRetention/2 - time.Minute))}}
	if err := s.Put(t.Context(), []alert.Record{old}); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	var w warmup
	w.watch(ctx, s, minRetention)
	if !w.done.Load() {
		t.Error("the store is cold after half its retention time")
	}
}
