package esclient

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/peba-edge/peba/esclient/sender"
	"github.com/peba-edge/peba/spool"
	"github.com/peba-edge/peba/sqlitedb"
)

// The metrics of all stores of this process: during a reload there are two,
// which share a spool.
var metrics = struct {
	sent  *prometheus.CounterVec
	spool spoolMetrics
}{
	sent: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "peba_elasticsearch_alerts_total",
		Help: "Alerts sent to Elasticsearch, by outcome: stored, duplicate, dead (became dead letters), retried.",
	}, []string{"outcome"}),
	spool: spoolMetrics{
		frames: prometheus.NewDesc("peba_spool_messages", "Messages of sensors queued in the spool.", nil, nil),
		bytes:  prometheus.NewDesc("peba_spool_waiting_bytes", "Bytes of the messages queued in the spool.", nil, nil),
		disk:   prometheus.NewDesc("peba_spool_disk_bytes", "Size of the spool's files in bytes.", nil, nil),
		unreadable: prometheus.NewDesc("peba_spool_unreadable_messages",
			"Messages in the spool that are currently unreadable and will be retried.", nil, nil),
		files: prometheus.NewDesc("peba_spool_damaged_files",
			"Damaged files of the spool that were set aside and not yet salvaged.", nil, nil),
		filesBytes: prometheus.NewDesc("peba_spool_damaged_bytes",
			"Bytes of the damaged files that were set aside and not yet salvaged.", nil, nil),
		lost: prometheus.NewDesc("peba_spool_lost_messages_total",
			"Messages lost because of a damaged or deleted file of the spool.", nil, nil),
		recovered: prometheus.NewDesc("peba_spool_recovered_messages_total",
			"Messages recovered from damaged files of the spool and queued again.", nil, nil),
		failed: prometheus.NewDesc("peba_spool_failed_commits_total",
			"Commits to the spool that failed, by cause. Sensors got 503 for the messages in them.", []string{"cause"}, nil),
		age: prometheus.NewDesc("peba_spool_oldest_seconds", "Age of the oldest message in the spool in seconds.", nil, nil),
	},
}

// countSent counts outcomes of alerts.
func countSent(what sender.Counted, n int) {
	metrics.sent.WithLabelValues(what.String()).Add(float64(n))
}

// spoolMetrics collects the metrics of the spools on demand.
type spoolMetrics struct {
	frames, bytes, disk, age, unreadable *prometheus.Desc
	files, filesBytes                    *prometheus.Desc
	lost, recovered, failed              *prometheus.Desc
}

// Describe implements prometheus.Collector.
func (m spoolMetrics) Describe(descs chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{m.frames, m.bytes, m.disk, m.age, m.unreadable,
		m.files, m.filesBytes, m.lost, m.recovered, m.failed} {
		descs <- d
	}
}

// Collect implements prometheus.Collector.
func (m spoolMetrics) Collect(values chan<- prometheus.Metric) {
	var all spool.Stats
	var files, fileBytes int64
	var age time.Duration
	failed := map[string]int64{}
	spools.Range(func(_, value any) bool {
		s := value.(*outgoing).spool
		stats := s.Stats()
		all.Frames += stats.Frames
		all.Bytes += stats.Bytes
		all.Disk += stats.Disk
		all.Unreadable += stats.Unreadable
		all.Lost += stats.Lost
		all.Recovered += stats.Recovered
		if !stats.Oldest.IsZero() {
			age = max(age, time.Since(stats.Oldest))
		}
		aside, _ := s.SetAside() // `peba check` shows an error
		for _, f := range aside {
			files++
			fileBytes += f.Size
		}
		for cause, n := range s.FailedCommits() {
			failed[cause] += n
		}
		return true
	})
	for desc, value := range map[*prometheus.Desc]float64{
		m.frames: float64(all.Frames), m.bytes: float64(all.Bytes), m.disk: float64(all.Disk), m.age: age.Seconds(),
		m.unreadable: float64(all.Unreadable), m.files: float64(files), m.filesBytes: float64(fileBytes),
	} {
		values <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value)
	}
	values <- prometheus.MustNewConstMetric(m.lost, prometheus.CounterValue, float64(all.Lost))
	values <- prometheus.MustNewConstMetric(m.recovered, prometheus.CounterValue, float64(all.Recovered))
	for _, cause := range sqlitedb.Causes() {
		values <- prometheus.MustNewConstMetric(m.failed, prometheus.CounterValue, float64(failed[cause]), cause)
	}
}

// registerMetrics registers the metrics for one configuration.
func registerMetrics(registry *prometheus.Registry) error {
	for _, c := range []prometheus.Collector{metrics.sent, metrics.spool} {
		var twice prometheus.AlreadyRegisteredError
		if err := registry.Register(c); err != nil && !errors.As(err, &twice) {
			return err
		}
	}
	return nil
}
