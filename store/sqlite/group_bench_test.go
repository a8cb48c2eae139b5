package sqlite

import (
	"testing"
	"time"

	"github.com/peba-edge/peba/store"
	"github.com/peba-edge/peba/store/storetest"
)

// feedGrouping is what the feeds group the alerts of a window by.
var feedGrouping = store.Grouping{Times: true, By: []store.Dimension{
	store.SourceIP, store.PeerType, store.SourceDoubt, store.SensorUUID, store.Hostname, store.ExternalIP, store.Interaction,
}}

// BenchmarkGroupFeeds groups a million alerts of three days as the feeds do: those of a new file, and the
// same as alerts from before schema version 3.
func BenchmarkGroupFeeds(b *testing.B) {
	const alerts = 1_000_000
	s := openTest(b, emptyPath(b), store.Options{})
	h, start := storetest.NewHistory(1), historyEnd.Add(-72*time.Hour)
	for sent := 0; sent < alerts; sent += messageSize {
		at := start.Add(time.Duration(float64(72*time.Hour) * float64(sent) / alerts))
		must(b, s.Put(b.Context(), h.Message(at, messageSize)))
	}
	f := store.Filter{Domain: store.Both, From: start, To: historyEnd}
	for _, file := range []string{"version=3", "version=2"} {
		b.Run(file, func(b *testing.B) {
			for b.Loop() {
				groups, err := s.Group(b.Context(), f, feedGrouping)
				must(b, err)
				b.ReportMetric(float64(len(groups)), "groups")
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/alerts/1000, "µs/alert")
		})
		_, err := s.db.write(b.Context(), "UPDATE sensors SET transport = NULL, interaction = NULL")
		must(b, err)
	}
}
