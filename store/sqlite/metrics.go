package sqlite

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/peba-edge/peba/sqlitedb"
)

// failures reports the failed commits of all databases of this process: during a
// reload two configurations share one.
type failures struct{ desc *prometheus.Desc }

var metrics = failures{prometheus.NewDesc("peba_store_failed_commits_total",
	"Commits of the embedded store that failed, by cause.", []string{"cause"}, nil)}

// Describe implements prometheus.Collector.
func (f failures) Describe(descs chan<- *prometheus.Desc) { descs <- f.desc }

// Collect implements prometheus.Collector.
func (f failures) Collect(values chan<- prometheus.Metric) {
	counts := make(map[string]int64)
	databases.Range(func(_, value any) bool {
		for cause, n := range value.(*database).writer.queue.Failures() {
			counts[cause] += n
		}
		return true
	})
	for _, cause := range sqlitedb.Causes() {
		values <- prometheus.MustNewConstMetric(f.desc, prometheus.CounterValue, float64(counts[cause]), cause)
	}
}

// registerMetrics registers the metrics for one configuration.
func registerMetrics(registry *prometheus.Registry) error {
	var twice prometheus.AlreadyRegisteredError
	if err := registry.Register(metrics); err != nil && !errors.As(err, &twice) {
		return err
	}
	return nil
}
