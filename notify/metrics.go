package notify

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"
)

// Values of the label outcome.
const (
	sent    = "sent"
	failed  = "failed"
	dropped = "dropped"
)

// metrics count over all configurations of the process.
var metrics = struct{ events *prometheus.CounterVec }{
	events: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "peba_notify_events_total",
		Help: "Events for peba_notify, by outcome: sent, failed after all attempts, or dropped because too many were waiting or the server stopped.",
	}, []string{"outcome"}),
}

// registerMetrics puts the metrics into the registry of one configuration.
func registerMetrics(registry *prometheus.Registry) error {
	for _, outcome := range []string{sent, failed, dropped} {
		metrics.events.WithLabelValues(outcome)
	}
	var twice prometheus.AlreadyRegisteredError
	if err := registry.Register(metrics.events); err != nil && !errors.As(err, &twice) {
		return err
	}
	return nil
}
