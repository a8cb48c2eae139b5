package memcached

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"
)

// The metrics of all caches of this process: a reload has two of them for a moment.
var metrics = struct{ forged, failures prometheus.Counter }{
	forged: prometheus.NewCounter(prometheus.CounterOpts{
		Name: "peba_cache_memcached_forged_total",
		Help: "Values from memcached rejected because their signature was missing or invalid.",
	}),
	failures: prometheus.NewCounter(prometheus.CounterOpts{
		Name: "peba_cache_memcached_failures_total",
		Help: "Failed calls to memcached. Calls skipped during a server's cooldown do not count.",
	}),
}

// registerMetrics registers the metrics for one configuration.
func registerMetrics(registry *prometheus.Registry) error {
	for _, c := range []prometheus.Collector{metrics.forged, metrics.failures} {
		var twice prometheus.AlreadyRegisteredError
		if err := registry.Register(c); err != nil && !errors.As(err, &twice) {
			return err
		}
	}
	return nil
}
