package integration

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/peba-edge/peba/integration/edgetest"
	"github.com/peba-edge/peba/simulate"
)

// BenchmarkFeed polls a feed of 100,000 addresses. Its metrics are the server's time on the
// processor for a 304 and for the whole text, and how long the first text of its kind takes
// after a computation. The goals are 1, 50 and 50 ms.
func BenchmarkFeed(b *testing.B) {
	const members, batch = 100_000, 1000
	s := startServer(b, `
		feed_interval 5s
		feed blocklist {
			min_alerts 1
			limit 100000
			access public
		}`, "")
	client := benchClient(1)
	for at := 0; at < members; at += batch {
		var alerts strings.Builder
		for i := range batch {
			n := at + i
			alerts.WriteString(edgetest.AlertXML(fmt.Sprintf("11.%d.%d.%d", n>>16, n>>8&255, n&255), 1))
		}
		if !postOK(b, client, s.URL, []byte(edgetest.MessageXML(edgetest.CommunityUser, edgetest.CommunityToken, alerts.String()))) {
			return
		}
	}
	get := func(header ...string) edgetest.Answer {
		return s.Request(http.MethodGet, "/feeds/blocklist.txt", "", header...)
	}
	var whole edgetest.Answer
	edgetest.Eventually(b, "the feed lists all", func() bool {
		whole = get()
		return strings.Count(whole.Body, "\n") >= members
	})
	tag := whole.Header.Get("ETag")
	for b.Loop() {
		const polls, texts = 2000, 100
		start := s.cpuTime()
		for range polls {
			if got := get("If-None-Match", tag); got.Status != http.StatusNotModified {
				b.Fatalf("%d, want 304", got.Status)
			}
		}
		between := s.cpuTime()
		for range texts {
			get()
		}
		b.ReportMetric(float64((between-start).Microseconds())/1000/polls, "ms-304")
		b.ReportMetric(float64((s.cpuTime()-between).Microseconds())/1000/texts, "ms-text")
		began := time.Now()
		s.Request(http.MethodGet, "/feeds/blocklist.txt?licence=off", "") // which nobody asked for yet
		b.ReportMetric(float64(time.Since(began).Microseconds())/1000, "ms-first")
	}
	b.ReportMetric(float64(len(whole.Body)), "B-text")
	b.ReportMetric(float64(s.ResidentMemory())/(1<<20), "MB-resident")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkFeedIngest sends as many alerts as 500 a second to a server that computes a feed of
// them every minute, the default, and to one that hardly ever does, in turns. Its metric is
// the ratio of the servers' times on the processor for an alert. The goal is at most 1.1.
func BenchmarkFeedIngest(b *testing.B) {
	const messages, batch, rounds = 325, 100, 3
	const turn = 65 * time.Second // with a computation in it
	often, rarely := startServer(b, "feed_interval 1m", ""), startServer(b, "feed_interval 5m", "")
	client := benchClient(4)
	for b.Loop() {
		var spent [2]time.Duration
		for round := range rounds {
			for i, s := range []*server{often, rarely} {
				fleet := simulate.NewFleet(uint64(round), 50)
				start, began := s.cpuTime(), time.Now()
				for range messages {
					if !postOK(b, client, s.URL, fleet.Message(time.Now(), edgetest.CommunityUser, edgetest.CommunityToken, batch)) {
						return
					}
				}
				time.Sleep(max(0, turn-time.Since(began)))
				spent[i] += s.cpuTime() - start
			}
		}
		b.ReportMetric(float64(spent[0])/float64(spent[1]), "x-without-feeds")
		b.ReportMetric(float64(spent[0].Microseconds())/(rounds*messages*batch), "µs/alert")
	}
	b.ReportMetric(0, "ns/op")
}
