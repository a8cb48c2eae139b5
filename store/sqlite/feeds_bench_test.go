package sqlite

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/feed"
	"github.com/peba-edge/peba/geo"
	"github.com/peba-edge/peba/store"
	"github.com/peba-edge/peba/store/storetest"
)

// BenchmarkFeeds reads three days of alerts from SQLite for the first time, and then what
// arrived in a minute. benchAlerts is the number of alerts, by default 300,000, and
// benchFolder keeps the store. Its metrics are the time for an alert in
// both, and the memory that the first leaves.
func BenchmarkFeeds(b *testing.B) {
	alerts := 300_000
	if text := os.Getenv(benchAlerts); text != "" {
		var err error
		if alerts, err = strconv.Atoi(text); err != nil {
			b.Fatalf("%s: got %q, must be a number", benchAlerts, text)
		}
	}
	folder := os.Getenv(benchFolder)
	if folder == "" {
		folder = b.TempDir()
	}
	s := openTest(b, filepath.Join(folder, fmt.Sprint("feeds-", alerts, ".db")), store.Options{})
	end := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	fillSpan(b, s, alerts, end.Add(-72*time.Hour), end)
	const minute = 30_000
	fillSpan(b, s, minute, end, end.Add(time.Minute))
	for b.Loop() {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		sources := feed.NewSources()
		def := feed.Default("bench")
		engine, err := feed.NewEngine(feed.Config{
			Store: s, Sources: sources, Feeds: []feed.Definition{def}, Interval: time.Minute, Logger: zap.NewNop(),
			Locate: func(netip.Addr) geo.Place { return geo.Place{} },
		})
		if err != nil {
			b.Fatal(err)
		}
		began := time.Now()
		for behind := true; behind; {
			var err error
			if behind, err = sources.Update(b.Context(), s, end, def.Window, time.Hour, time.Minute); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(time.Since(began).Microseconds())/float64(alerts), "µs/alert-first")
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/(1<<20), "MB")
		began = time.Now()
		engine.Step(b.Context(), end.Add(time.Minute))
		b.ReportMetric(time.Since(began).Seconds()*1000, "ms-step")
	}
	b.ReportMetric(0, "ns/op")
}

// fillSpan stores alerts evenly received within a span, if the store has none there.
func fillSpan(b *testing.B, s store.Store, alerts int, from, to time.Time) {
	known, err := s.Count(b.Context(), store.Filter{Domain: store.Both, From: from, To: to})
	if err != nil || known > 0 {
		if err != nil {
			b.Fatal(err)
		}
		return
	}
	h := storetest.NewHistory(uint64(alerts))
	for sent := 0; sent < alerts; {
		var records []alert.Record
		for len(records) < burst && sent < alerts {
			n := min(messageSize, alerts-sent)
			records = append(records, h.Message(from.Add(time.Duration(float64(to.Sub(from))*float64(sent)/float64(alerts))), n)...)
			sent += n
		}
		if err := s.Put(b.Context(), records); err != nil {
			b.Fatal(err)
		}
	}
}
