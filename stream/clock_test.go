package stream

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
	"github.com/peba-edge/peba/store/memory"
)

// broken is a store that cannot be read while err is set.
type broken struct {
	store.Store
	err error
}

func (b *broken) Group(ctx context.Context, f store.Filter, g store.Grouping) ([]store.Group, error) {
	if b.err != nil {
		return nil, b.err
	}
	return b.Store.Group(ctx, f, g)
}

// TestClockSetBack goes on finding alerts, by the new time, when the clock of the server is
// set back, however far.
func TestClockSetBack(t *testing.T) {
	start := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for _, back := range []time.Duration{3 * time.Second, time.Minute, time.Hour, 10 * 365 * 24 * time.Hour} {
		s := &broken{Store: memory.New(store.Options{})}
		now, put := start, 0
		r := newReader(Options{
			Reader: s,
			Encode: func(d *alert.Document) ([]byte, error) { return []byte(d.ID), nil },
		}, now)
		// second lets one pass, at whose end an alert arrives, and returns what is sent.
		second := func() string {
			t.Helper()
			now = now.Add(time.Second)
			put++
			err := s.Put(t.Context(), []alert.Record{{Document: alert.Document{
				ID: strings.Repeat("x", put), RecievedTime: alert.At(now), CreateTime: alert.At(now), ClientDomain: true,
			}}})
			if err != nil {
				t.Fatal(err)
			}
			if err := r.round(t.Context(), now.Add(settle)); err != nil {
				t.Fatal(err)
			}
			return string(r.channels[store.Community].chunk(r.frontier))
		}
		for range 20 {
			second()
		}
		now = now.Add(-back)
		s.err = errors.New("away")
		if err := r.round(t.Context(), now.Add(settle)); !errors.Is(err, s.err) {
			t.Fatal(err)
		}
		if sent := r.channels[store.Community].chunk(r.frontier); strings.Contains(string(sent), "event: count") {
			t.Errorf("set back by %v, and the store cannot be read: %s", back, sent)
		}
		s.err = nil
		var sent strings.Builder
		for range 10 {
			sent.WriteString(second())
		}
		if n := strings.Count(sent.String(), "event: alert"); n < 8 {
			t.Errorf("set back by %v, 8 alerts or more are to be sent, got %d: %s", back, n, sent.String())
		}
		if n := strings.Count(sent.String(), "event: count"); n < 8 {
			t.Errorf("set back by %v, 8 counts or more are to be sent, got %d: %s", back, n, sent.String())
		}
		if want := now.Unix(); back > time.Minute && r.channels[store.Community].arrivals.told != want {
			t.Errorf("set back by %v: told up to %d, want %d", back, r.channels[store.Community].arrivals.told, want)
		}
	}
}
