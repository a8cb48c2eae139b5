package collector

import (
	"context"
	"net/url"
	"testing"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/query"
	"github.com/peba-edge/peba/store"
	"github.com/peba-edge/peba/store/storetest"
)

// TestYoungStore has answers hold for a minute at most until the oldest alert is two
// hours old.
func TestYoungStore(t *testing.T) {
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
	if got := fresh("1"); got <= 0 || got > youngTTL {
		t.Errorf("an answer about a young store holds for %v", got)
	}
	old := alert.Record{Document: alert.Document{ID: "a", RecievedTime: alert.At(time.Now().Add(-grownAfter - time.Minute))}}
	if err := app.store.Put(t.Context(), []alert.Record{old}); err != nil {
		t.Fatal(err)
	}
	app.age.watch(t.Context(), app.store, defaultRetention) // ends at the first look
	if got := fresh("7"); got <= time.Hour {
		t.Errorf("an answer about a store that has grown up holds for %v", got)
	}
}

// TestYoungStoreKeepsLittle has a store grow up whose alerts go after an hour.
func TestYoungStoreKeepsLittle(t *testing.T) {
	s := storetest.NewModel(store.Options{})
	old := alert.Record{Document: alert.Document{ID: "a", RecievedTime: alert.At(time.Now().Add(-leastRetention/2 - time.Minute))}}
	if err := s.Put(t.Context(), []alert.Record{old}); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	var a age
	a.watch(ctx, s, leastRetention)
	if !a.grown.Load() {
		t.Error("the store is young after half its retention time")
	}
}
