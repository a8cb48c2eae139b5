package esclient

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// The metrics of all stores of this process: a reload has two of them for a
// moment, which share a spool.
var metrics = struct {
	sent  *prometheus.CounterVec
	spool spoolMetrics
}{
	sent: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "peba_elasticsearch_alerts_total",
		Help: "What became of alerts sent to Elasticsearch: stored, duplicate (it had them), dead (in the dead letters), retried (to be sent again).",
	}, []string{"outcome"}),
	spool: spoolMetrics{
		frames: prometheus.NewDesc("peba_spool_messages", "Messages of sensors that wait in the spool.", nil, nil),
		bytes:  prometheus.NewDesc("peba_spool_waiting_bytes", "Bytes of the messages that wait in the spool.", nil, nil),
		disk:   prometheus.NewDesc("peba_spool_disk_bytes", "Bytes that the files of the spool take.", nil, nil),
		age:    prometheus.NewDesc("peba_spool_oldest_seconds", "How long the oldest message has been waiting in the spool.", nil, nil),
	},
}

// countSent counts what became of alerts.
func countSent(what counted, n int) {
	metrics.sent.WithLabelValues(what.String()).Add(float64(n))
}

// spoolMetrics tells of the spools when it is asked.
type spoolMetrics struct{ frames, bytes, disk, age *prometheus.Desc }

// Describe implements prometheus.Collector.
func (m spoolMetrics) Describe(descs chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{m.frames, m.bytes, m.disk, m.age} {
		descs <- d
	}
}

// Collect implements prometheus.Collector.
func (m spoolMetrics) Collect(values chan<- prometheus.Metric) {
	var frames, bytes, disk int64
	var age time.Duration
	spools.Range(func(_, value any) bool {
		stats := value.(*outgoing).spool.Stats()
		frames, bytes, disk = frames+stats.Frames, bytes+stats.Bytes, disk+stats.Disk
		if !stats.Oldest.IsZero() {
			age = max(age, time.Since(stats.Oldest))
		}
		return true
	})
	for desc, value := range map[*prometheus.Desc]float64{
		m.frames: float64(frames), m.bytes: float64(bytes), m.disk: float64(disk), m.age: age.Seconds(),
	} {
		values <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value)
	}
}

// registerMetrics puts the metrics into the registry of one configuration.
func registerMetrics(registry *prometheus.Registry) error {
	for _, c := range []prometheus.Collector{metrics.sent, metrics.spool} {
		var twice prometheus.AlreadyRegisteredError
		if err := registry.Register(c); err != nil && !errors.As(err, &twice) {
			return err
		}
	}
	return nil
}
