package memcached

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"
)

// The metrics of all caches of this process: a reload has two of them for a moment.
var metrics = struct{ forged, failures prometheus.Counter }{
	forged: prometheus.NewCounter(prometheus.CounterOpts{
		Name: "peba_cache_memcached_forged_total",
		Help: "Values in memcached that were not used, for want of a valid signature.",
	}),
	failures: prometheus.NewCounter(prometheus.CounterOpts{
		Name: "peba_cache_memcached_failures_total",
		Help: "Calls of memcached that failed; calls not made to a server that is left alone do not count.",
	}),
}

// registerMetrics puts the metrics into the registry of one configuration.
func registerMetrics(registry *prometheus.Registry) error {
	for _, c := range []prometheus.Collector{metrics.forged, metrics.failures} {
		var twice prometheus.AlreadyRegisteredError
		if err := registry.Register(c); err != nil && !errors.As(err, &twice) {
			return err
		}
	}
	return nil
}
