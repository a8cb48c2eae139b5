package app

import (
	"context"
	"errors"
	"net/url"
	"testing"
	"time"

	"github.com/peba-edge/peba/query"
	"github.com/peba-edge/peba/store"
)

// busyStore counts nothing until it is told to.
type busyStore struct {
	store.Store
	asked, answer chan struct{}
}

func (b busyStore) Group(context.Context, store.Filter, store.Grouping) ([]store.Group, error) {
	b.asked <- struct{}{}
	<-b.answer
	return nil, nil
}

// TestReplaysAtOnce asks for more replays than are computed at once: the others
// wait, until the time of their own.
func TestReplaysAtOnce(t *testing.T) {
	app := startApp(t, community)
	replay, _ := query.Named("replay")
	args, err := replay.Parse(url.Values{"from": {time.Now().UTC().Truncate(5 * time.Minute).Format(time.DateTime)}})
	if err != nil {
		t.Fatal(err)
	}
	// Two answers under way, and what others do meanwhile.
	busy := busyStore{app.store, make(chan struct{}), make(chan struct{})}
	behind := &App{store: busy, sensors: app.sensors, settings: app.settings, slots: newSlots(), encoder: app.encoder}
	compute := behind.fill(replay, args, time.Minute, time.Now().UTC())
	done := make(chan error)
	start := func() { go func() { _, err := compute(t.Context()); done <- err }() }
	for range replay.AtOnce {
		start()
		<-busy.asked
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if _, err := compute(ended); !errors.Is(err, store.ErrUnavailable) || !errors.Is(err, context.Canceled) {
		t.Errorf("one too many: error is %v", err)
	}
	start()
	busy.answer <- struct{}{}
	if err := <-done; err != nil {
		t.Error(err)
	}
	<-busy.asked // the third
	for range replay.AtOnce {
		busy.answer <- struct{}{}
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}
