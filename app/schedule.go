package app

import (
	"context"
	"errors"
	"time"

	"go.uber.org/zap"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
)

// retireEvery is how often expired alerts are deleted: often enough that there
// are few each time.
const retireEvery = 10 * time.Minute

// retireAlerts periodically deletes alerts older than the retention, until ctx
// ends. Failures are logged and retried at the next interval: old alerts do no
// harm.
func (a *App) retireAlerts(ctx context.Context) {
	repeat(ctx, retireEvery, func() {
		before := time.Now().Add(-time.Duration(a.Retention))
		if err := a.store.Retire(ctx, before); err != nil && !errors.Is(err, context.Canceled) {
			a.logger.Error("deleting alerts past the retention", zap.Error(err))
		}
	})
}

// repeat calls work now and at every interval from then on, until ctx ends.
func repeat(ctx context.Context, every time.Duration, work func()) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		work()
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

// maxLoggedText is the maximum number of characters logged of an attacker's text.
const maxLoggedText = 100

// announceCVE reports a CVE seen for the first time, in the log and as the event
// "new_cve" for handlers of Caddy's events app (docs/CONTRACT.md §1.3).
func (a *App) announceCVE(cve store.CVE) {
	metrics.newCVEs.Inc()
	a.logger.Info("a CVE was seen for the first time",
		zap.String("cve", alert.Printable(cve.ID, maxLoggedText)),
		zap.String("peer_type", cve.PeerType),
		zap.String("target_port", alert.Printable(cve.TargetPort, maxLoggedText)))
	a.events.Emit(a.ctx, "new_cve", map[string]any{
		"cve":         cve.ID,
		"first_seen":  cve.FirstSeen.Format(alert.TimeLayout),
		"source_ip":   cve.SourceIP,
		"target_port": cve.TargetPort,
		"peer_type":   cve.PeerType,
	})
}
