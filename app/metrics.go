package app

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/cache"
	"github.com/peba-edge/peba/query"
)

// The metrics of all apps of this process: during a reload there are two, and
// both count. No label contains anything a client can choose.
var metrics = struct {
	messages, badPayloads, droppedPayloads, cut, newCVEs prometheus.Counter
	streams                                              prometheus.Gauge
	slowStreams                                          prometheus.Counter
	alerts, refused, answers, limited                    *prometheus.CounterVec
	build, feedSize, feedTime                            *prometheus.GaugeVec
	feedSeconds                                          prometheus.Counter
}{
	messages: prometheus.NewCounter(prometheus.CounterOpts{
		Name: "peba_ingest_messages_total",
		Help: "Messages of sensors answered OK.",
	}),
	alerts: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "peba_ingest_alerts_total",
		Help: "Alerts in messages answered OK, by outcome: stored, duplicate (stored before), or the reason why they were skipped. With Elasticsearch the first two count once the cluster has answered.",
	}, []string{"outcome"}),
	badPayloads: prometheus.NewCounter(prometheus.CounterOpts{
		Name: "peba_ingest_bad_payloads_total",
		Help: "Payloads that could not be decoded and were dropped; their alerts were stored.",
	}),
	droppedPayloads: prometheus.NewCounter(prometheus.CounterOpts{
		Name: "peba_ingest_dropped_payloads_total",
		Help: "Payloads dropped because they were too large, alone or with others of their message; their alerts were stored.",
	}),
	cut: prometheus.NewCounter(prometheus.CounterOpts{
		Name: "peba_ingest_cut_alerts_total",
		Help: "Alerts stored with truncated texts.",
	}),
	newCVEs: prometheus.NewCounter(prometheus.CounterOpts{
		Name: "peba_ingest_new_cves_total",
		Help: "CVEs seen for the first time.",
	}),
	refused: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "peba_ingest_refused_total",
		Help: "Messages of sensors that were rejected, by HTTP status.",
	}, []string{"status"}),
	answers: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "peba_query_answers_total",
		Help: "Answers to questions, by source: hit, miss, stale, bypass, or error.",
	}, []string{"question", "source"}),
	build: prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "peba_build_info",
		Help: "1, with the version of PEBA as its label.",
	}, []string{"version"}),
	feedSize: prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "peba_feed_addresses",
		Help: "Addresses that a feed lists.",
	}, []string{"feed"}),
	feedTime: prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "peba_feed_timestamp_seconds",
		Help: "Time up to which alerts count in a feed, in seconds since the Unix epoch.",
	}, []string{"feed"}),
	feedSeconds: prometheus.NewCounter(prometheus.CounterOpts{
		Name: "peba_feed_computing_seconds_total",
		Help: "Time spent on computing feeds, in seconds, including reading the alerts.",
	}),
	limited: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "peba_rate_limited_total",
		Help: "Requests rejected by rate limits, by zone.",
	}, []string{"zone"}),
	streams: prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "peba_stream_open",
		Help: "Open streams of new alerts.",
	}),
	slowStreams: prometheus.NewCounter(prometheus.CounterOpts{
		Name: "peba_stream_dropped_total",
		Help: "Streams ended because the client read too slowly.",
	}),
}

// answerSources are the values of the label source of peba_query_answers_total.
var answerSources = []string{
	cache.Hit.String(), cache.Miss.String(), cache.Stale.String(), cache.Bypass.String(), noAnswer,
}

// noAnswer is the source of a failed answer.
const noAnswer = "error"

// registerMetrics registers the metrics for one configuration.
func registerMetrics(registry *prometheus.Registry) error {
	metrics.build.WithLabelValues(Version()).Set(1)
	for _, c := range []prometheus.Collector{
		metrics.messages, metrics.alerts, metrics.badPayloads, metrics.droppedPayloads, metrics.cut, metrics.newCVEs, metrics.refused, metrics.answers,
		metrics.streams, metrics.slowStreams, metrics.limited, metrics.build, metrics.feedSize, metrics.feedTime, metrics.feedSeconds,
	} {
		var twice prometheus.AlreadyRegisteredError
		if err := registry.Register(c); err != nil && !errors.As(err, &twice) {
			return err
		}
	}
	return nil
}

func countIngested(m *alert.Message) {
	metrics.messages.Inc()
	for reason, n := range m.Skipped {
		metrics.alerts.WithLabelValues(string(reason)).Add(float64(n))
	}
	metrics.badPayloads.Add(float64(m.BadPayloads))
	metrics.droppedPayloads.Add(float64(m.DroppedPayloads))
	metrics.cut.Add(float64(m.Cut))
}

// countStored counts alerts that a store reports as new or duplicate.
func countStored(stored, duplicate int) {
	metrics.alerts.WithLabelValues("stored").Add(float64(stored))
	metrics.alerts.WithLabelValues("duplicate").Add(float64(duplicate))
}

// countFeeds reports the sizes of the feeds after they were computed.
func (a *App) countFeeds(took time.Duration) {
	metrics.feedSeconds.Add(took.Seconds())
	for _, s := range a.snapshots() {
		metrics.feedSize.WithLabelValues(s.Feed.Name).Set(float64(len(s.Members)))
		metrics.feedTime.WithLabelValues(s.Feed.Name).Set(float64(s.At.Unix()))
	}
}

// CountRefused counts a message answered with an HTTP error status.
func CountRefused(status string) { metrics.refused.WithLabelValues(status).Inc() }

// answerCounters are the counters of one question, by source of the answer.
// They are looked up once: the lookup would take longer than a cached answer.
type answerCounters map[string]prometheus.Counter

func newAnswerCounters() map[*query.Question]answerCounters {
	all := make(map[*query.Question]answerCounters)
	for _, q := range query.All() {
		all[q] = make(answerCounters)
		for _, source := range answerSources {
			all[q][source] = metrics.answers.WithLabelValues(q.Name, source)
		}
	}
	return all
}
