package collector

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/cache"
	"github.com/peba-edge/peba/query"
)

// The metrics of all apps of this process: a reload has two of them for a
// moment, and both count. No label holds anything that a client can choose.
var metrics = struct {
	messages, badPayloads, droppedPayloads, cut, newCVEs prometheus.Counter
	streams                                              prometheus.Gauge
	slowStreams                                          prometheus.Counter
	alerts, refused, answers, limited                    *prometheus.CounterVec
	build                                                *prometheus.GaugeVec
}{
	messages: prometheus.NewCounter(prometheus.CounterOpts{
		Name: "peba_ingest_messages_total",
		Help: "Messages of sensors that were answered OK.",
	}),
	alerts: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "peba_ingest_alerts_total",
		Help: "Alerts in messages that were answered OK, by outcome: stored, duplicate (stored before), else the reason for which they were skipped. With Elasticsearch the first two count once the cluster has answered.",
	}, []string{"outcome"}),
	badPayloads: prometheus.NewCounter(prometheus.CounterOpts{
		Name: "peba_ingest_bad_payloads_total",
		Help: "Payloads that could not be decoded and were left out of alerts that were stored.",
	}),
	droppedPayloads: prometheus.NewCounter(prometheus.CounterOpts{
		Name: "peba_ingest_dropped_payloads_total",
		Help: "Payloads that were too large, for themselves or with the others of their message, and were left out of alerts that were stored.",
	}),
	cut: prometheus.NewCounter(prometheus.CounterOpts{
		Name: "peba_ingest_cut_alerts_total",
		Help: "Alerts of which something was too long, or too much, to be stored whole.",
	}),
	newCVEs: prometheus.NewCounter(prometheus.CounterOpts{
		Name: "peba_ingest_new_cves_total",
		Help: "CVEs seen for the first time.",
	}),
	refused: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "peba_ingest_refused_total",
		Help: "Messages of sensors that were refused, by the HTTP status they were answered with.",
	}, []string{"status"}),
	answers: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "peba_query_answers_total",
		Help: "Answers to questions, by where they came from: hit, miss, stale, bypass, or error for none.",
	}, []string{"question", "source"}),
	build: prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "peba_build_info",
		Help: "1, with the version of PEBA as its label.",
	}, []string{"version"}),
	limited: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "peba_rate_limited_total",
		Help: "Requests that rate limits rejected, by the limit's zone.",
	}, []string{"zone"}),
	streams: prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "peba_stream_open",
		Help: "Open streams of new alerts.",
	}),
	slowStreams: prometheus.NewCounter(prometheus.CounterOpts{
		Name: "peba_stream_dropped_total",
		Help: "Streams that were ended because their client took less than it was sent.",
	}),
}

// answerSources are the values of the label source of peba_query_answers_total.
var answerSources = []string{
	cache.Hit.String(), cache.Miss.String(), cache.Stale.String(), cache.Bypass.String(), noAnswer,
}

// noAnswer is the source of an answer that could not be given.
const noAnswer = "error"

// registerMetrics puts the metrics into the registry of one configuration.
func registerMetrics(registry *prometheus.Registry) error {
	metrics.build.WithLabelValues(Version()).Set(1)
	for _, c := range []prometheus.Collector{
		metrics.messages, metrics.alerts, metrics.badPayloads, metrics.droppedPayloads, metrics.cut, metrics.newCVEs, metrics.refused, metrics.answers,
		metrics.streams, metrics.slowStreams, metrics.limited, metrics.build,
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

// countStored counts alerts of which a store knows that they are new, or that it had
// them.
func countStored(stored, duplicate int) {
	metrics.alerts.WithLabelValues("stored").Add(float64(stored))
	metrics.alerts.WithLabelValues("duplicate").Add(float64(duplicate))
}

// CountRefused counts a message that was answered with an HTTP error status.
func CountRefused(status string) { metrics.refused.WithLabelValues(status).Inc() }

// answerCounters are the counters of one question, by where its answers came
// from. They are looked up once: a cached answer takes less time than that.
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
