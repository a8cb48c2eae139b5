package app

import (
	"context"
	"sync"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyevents"
	"go.uber.org/zap"
)

// limitedEvery is how often rejections by rate limits are logged.
const limitedEvery = time.Minute

// rateLimited counts the requests rejected by rate limits, by zone. It handles the event
// rate_limit_exceeded of caddy-ratelimit, whose own logger writes a line for each.
type rateLimited struct {
	mu    sync.Mutex
	zones map[string]*limitedZone
}

type limitedZone struct {
	requests int64
	// remote is the address of the last one.
	remote string
}

// Handle handles the event.
func (l *rateLimited) Handle(_ context.Context, e caddy.Event) error {
	name, _ := e.Data["zone"].(string)
	remote, _ := e.Data["remote_ip"].(string)
	metrics.limited.WithLabelValues(name).Inc() // the operator named it
	l.mu.Lock()
	defer l.mu.Unlock()
	zone, known := l.zones[name]
	if !known {
		zone = new(limitedZone)
		l.zones[name] = zone
	}
	zone.requests++
	zone.remote = remote
	return nil
}

// report logs a line for each zone that rejected requests since the last report.
func (l *rateLimited) report(logger *zap.Logger) {
	l.mu.Lock()
	zones := l.zones
	l.zones = make(map[string]*limitedZone)
	l.mu.Unlock()
	for name, zone := range zones {
		logger.Warn("requests over a rate limit were rejected", zap.String("zone", name),
			zap.Int64("requests", zone.requests), zap.String("last_remote_ip", zone.remote))
	}
}

var _ caddyevents.Handler = (*rateLimited)(nil)
