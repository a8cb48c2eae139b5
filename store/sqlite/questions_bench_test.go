package sqlite

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/query"
	"github.com/peba-edge/peba/store"
	"github.com/peba-edge/peba/store/storetest"
)

const (
	// historyDays is how long the stores of BenchmarkQuestions reach back.
	historyDays = 28
	// benchAlerts is the environment variable with the alerts in the larger of
	// the two stores; the smaller has a tenth.
	benchAlerts = "PEBA_BENCH_ALERTS"
	// benchFolder is the one with a folder in which filled stores are kept.
	benchFolder = "PEBA_BENCH_FOLDER"
	// burst is how many alerts go into one transaction.
	burst = 1600
)

// historyEnd is when the last alert of a new store comes, and questions are asked:
// in the middle of an hour.
var historyEnd = time.Date(2026, 11, 24, 15, 37, 41, 0, time.UTC)

// asked are the questions, with the parameters that make them slowest.
var asked = []struct{ name, values string }{
	{"retrieveIPs", ""}, {"retrieveIPs", "out=json"}, {"retrieveIPs15m", ""}, {"retrieveIPs", "all=1"},
	{"retrieveAlertsCyber", ""},
	{"querySingleIP", "ip=BUSY"}, {"querySingleIP", "ip=QUIET"}, {"querySingleIP", "ip=BUSY&out=json"}, {"enrichment", "ip=QUIET"},
	{"retrieveAlertsCount", "time=day"}, {"retrieveAlertsCount", "time=1440"}, {"retrieveAlertsCount", "time=40320"},
	{"retrieveAlertsCountWithType", "time=1440"}, {"retrieveAlertsCountWithType", "time=40320"},
	{"retrieveAlertsCountWithType", "time=99999999999"},
	{"retrieveAlertsJson", "topx=1000"},
	{"datasetAlertsPerMonth", ""}, {"datasetAlertsPerMonth", "days=9999"},
	{"datasetAlertTypesPerMonth", ""}, {"datasetAlertTypesPerMonth", "days=9999"}, {"datasetAlertTypesPerMonth", "clock=arrival"},
	{"retrieveAlertStats", ""}, {"retrieveAlertStats", "until=second"},
	{"topCountriesAttacks", ""}, {"topCountriesAttacks", "monthOffset=1"},
	{"retrieveLatLonAttacks", "topx=10000"}, {"retrieveLatLonAttacks", "topx=10000&direction=dst"},
	{"retrieveLatLonAttacks", "topx=10000&offset=1"},
	{"TpotStats", ""}, {"TpotStats", "day=20261123"},
	{"getStats", ""},
	{"tops", "type=urls&topx=30"}, {"tops", "type=urls&topx=30&days=7"}, {"tops", "type=urls&topx=30&days=28"},
	{"tops", "type=destports&topx=30"}, {"tops", "type=destports&topx=30&days=7"}, {"tops", "type=destports&topx=30&days=28"},
	{"topCountriesAttacks", "days=28"},
	{"replayDay", "day=20261123"}, {"replayPlaces", "to=2026-11-23 23:00:00"}, {"replay", "from=2026-11-23 14:05:00"},
}

// BenchmarkQuestions fills a store with four weeks of alerts, and one with a
// tenth as many, and puts all questions to both, with nothing cached. Then it
// puts more alerts, in turn with plain inserts of the same.
func BenchmarkQuestions(b *testing.B) {
	alerts := 1_000_000
	if text := os.Getenv(benchAlerts); text != "" {
		var err error
		if alerts, err = strconv.Atoi(text); err != nil || alerts < 100*burst {
			b.Fatalf("%s is %q: allowed are numbers from %d", benchAlerts, text, 100*burst)
		}
	}
	small, large := fillHistory(b, alerts/10), fillHistory(b, alerts)
	var worst [2]string
	slowest := make(map[string][2]time.Duration)
	for i, s := range []*handle{small, large} {
		for _, a := range asked {
			for _, ci := range []string{"-1"} { // the more
				name := a.name + "?" + a.values + "&ci=" + ci
				times := askOften(b, s, a.name, a.values+"&ci="+ci)
				both := slowest[name]
				both[i] = times[len(times)*99/100-1]
				slowest[name] = both
				if worst[i] == "" || both[i] > slowest[worst[i]][i] {
					worst[i] = name
				}
				if i == 1 {
					b.Logf("%-55s p50 %6.2f ms, p99 %6.2f ms (a tenth of the alerts: %6.2f ms)",
						name, milliseconds(times[len(times)/2]), milliseconds(both[1]), milliseconds(both[0]))
				}
			}
		}
	}
	largest, tenth := slowest[worst[1]][1], slowest[worst[1]][0]
	b.Logf("the slowest is %s", worst[1])
	b.ReportMetric(milliseconds(largest), "ms-slowest-p99")
	b.ReportMetric(float64(largest)/float64(tenth), "×tenth")
	b.ReportMetric(float64(storeSize(b, large))/float64(countAlerts(b, large)), "B/alert")
	benchmarkIngest(b, large)
	b.ReportMetric(0, "ns/op") // an operation is all of this
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// fillHistory returns a store with so many alerts.
func fillHistory(b *testing.B, alerts int) *handle {
	folder := os.Getenv(benchFolder)
	if folder == "" {
		folder = b.TempDir()
	}
	s := openTest(b, filepath.Join(folder, fmt.Sprint("history-", alerts, ".db")), store.Options{})
	if countAlerts(b, s) > 0 {
		return s
	}
	start := time.Now()
	span := historyDays * 24 * time.Hour
	h := storetest.NewHistory(uint64(alerts))
	records := make([]alert.Record, 0, burst)
	for sent := 0; sent < alerts; {
		records = records[:0]
		for len(records) < burst && sent < alerts {
			n := min(messageSize, alerts-sent)
			at := historyEnd.Add(-span + time.Duration(float64(span)*float64(sent)/float64(alerts)))
			records = append(records, h.Message(at, n)...)
			sent += n
		}
		must(b, s.Put(b.Context(), records))
	}
	b.Logf("%d alerts put in %v", alerts, time.Since(start).Round(time.Second))
	return s
}

func countAlerts(b *testing.B, s *handle) (n int64) {
	must(b, s.db.readers.QueryRow("SELECT coalesce(max(seq), 0) FROM alerts").Scan(&n))
	return n
}

// storeSize returns the size of the database file, with what is in the log.
func storeSize(b *testing.B, s *handle) (bytes int64) {
	must(b, s.db.readers.QueryRow("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size").Scan(&bytes))
	return bytes
}

// askOften returns how long a question took each time, shortest first.
func askOften(b *testing.B, s *handle, name, values string) []time.Duration {
	busy, quiet := storetest.NewHistory(1).Source(1), storetest.NewHistory(1).Source(59_000)
	values = strings.NewReplacer("BUSY", busy, "QUIET", quiet).Replace(values)
	q, ok := query.Named(name)
	if !ok {
		b.Fatalf("no question %s", name)
	}
	parsed, err := url.ParseQuery(values)
	must(b, err)
	args, err := q.Parse(parsed)
	must(b, err)
	in := query.Input{Reader: s, Now: newestReceived(b, s), Args: args,
		Settings: query.Settings{BadIPWindow: 2 * time.Hour, Retention: 28 * 24 * time.Hour, MaxAlerts: 1000}}
	var times []time.Duration
	for range 200 {
		start := time.Now()
		if _, err := q.Ask(context.Background(), in); err != nil {
			b.Fatal(err)
		}
		times = append(times, time.Since(start))
	}
	slices.Sort(times)
	return times
}

// newestReceived is when the last alert came.
func newestReceived(b *testing.B, s *handle) time.Time {
	newest, err := s.Newest(b.Context(), store.Filter{Domain: store.Both}, 1)
	must(b, err)
	return newest[0].RecievedTime.Time
}

// benchmarkIngest puts more alerts into the store and as many plainly into a
// table, in turn and in transactions of the same size.
func benchmarkIngest(b *testing.B, s *handle) {
	const rounds, bursts = 10, 20
	p := newPlain(b)
	h := storetest.NewHistory(uint64(time.Now().UnixNano()))
	var stored, plain time.Duration
	rate := time.Duration(float64(historyDays*24*time.Hour) / float64(countAlerts(b, s)))
	at := newestReceived(b, s) // not historyEnd: a store that is kept would get ever more alerts there
	for range rounds {
		var messages [][]alert.Record
		for range bursts {
			var records []alert.Record
			for len(records) < burst {
				records = append(records, h.Message(at, messageSize)...)
				at = at.Add(messageSize * rate)
			}
			messages = append(messages, records)
		}
		start := time.Now()
		for _, m := range messages {
			must(b, s.Put(b.Context(), m))
		}
		stored += time.Since(start)
		start = time.Now()
		for _, m := range messages {
			p.put(b, m)
		}
		plain += time.Since(start)
	}
	b.ReportMetric(100*float64(plain)/float64(stored), "%ingest-of-plain")
	b.ReportMetric(float64(rounds*bursts*burst)/stored.Seconds(), "alerts/s")
}
