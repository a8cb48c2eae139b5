package feed

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/geo"
	"github.com/peba-edge/peba/store"
	"github.com/peba-edge/peba/store/memory"
)

var start = time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)

// world is a store with an engine, and its clock.
type world struct {
	t     *testing.T
	store store.Store
	defs  []Definition
	e     *Engine
	now   time.Time
	n     int
}

// newWorld has one feed, changed by change.
func newWorld(t *testing.T, change func(*Definition)) *world {
	def := Default("test")
	def.Window, def.MinAlerts, def.Duration = time.Hour, 2, time.Hour
	if change != nil {
		change(&def)
	}
	s := memory.New(store.Options{})
	t.Cleanup(func() { _ = s.Close() })
	w := &world{t: t, store: s, defs: []Definition{def}, now: start}
	w.restart()
	return w
}

// restart begins with a new engine.
func (w *world) restart() { w.e = w.newEngine(w.defs) }

func (w *world) newEngine(defs []Definition) *Engine {
	w.t.Helper()
	e, err := NewEngine(Config{
		Store: w.store, Sources: NewSources(), Feeds: defs, Interval: time.Minute, Logger: zap.NewNop(),
		Locate: func(addr netip.Addr) geo.Place {
			if addr.Is4() && addr.As4()[0] == 9 {
				return geo.Place{Country: "US", CountryName: "United States", AS: "AS64500 Example"}
			}
			return geo.Place{Country: "DE", CountryName: "Germany", AS: "AS64501 Beispiel"}
		},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return e
}

// attack stores n alerts of a source, received at a time, each changed by change.
func (w *world) attack(source string, at time.Time, n int, change func(*alert.Document)) {
	w.t.Helper()
	var records []alert.Record
	for range n {
		w.n++
		d := alert.Document{
			ID: fmt.Sprintf("%032x", w.n), PeerIdent: "cowrie-1", PeerType: "SSH/console(cowrie)",
			CreateTime: alert.At(at), RecievedTime: alert.At(at), SourceEntryIP: source, TargetEntryIP: "80.1.1.1", TargetPort: "tcp",
			Hostname: "sensor-1", ExternalIP: "80.1.1.1", AdditionalData: "{}", ClientDomain: true,
		}
		if change != nil {
			change(&d)
		}
		records = append(records, alert.Record{Document: d})
	}
	if err := w.store.Put(w.t.Context(), records); err != nil {
		w.t.Fatal(err)
	}
}

// step moves the clock to a time and computes the feeds.
func (w *world) step(at time.Time) *Snapshot {
	w.t.Helper()
	w.now = at
	if err := w.e.step(w.t.Context(), at); err != nil {
		w.t.Fatal(err)
	}
	s := w.e.Snapshot(w.defs[0].Name)
	if s == nil {
		w.t.Fatalf("no snapshot at %v", at)
	}
	return s
}

// minutes is a time of the grid.
func minutes(n int) time.Time { return start.Add(time.Duration(n) * time.Minute) }

func listed(s *Snapshot) []string {
	var addrs []string
	for _, m := range s.Members {
		addrs = append(addrs, m.Addr.String())
	}
	slices.Sort(addrs)
	return addrs
}

func expect(t *testing.T, s *Snapshot, want ...string) {
	t.Helper()
	if got := listed(s); !slices.Equal(got, want) {
		t.Errorf("at %v: listed %v, want %v", s.At, got, want)
	}
}
