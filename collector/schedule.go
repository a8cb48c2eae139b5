package collector

import (
	"context"
	"errors"
	"time"

	"go.uber.org/zap"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
)

// retireEvery is how often old alerts are deleted: often enough that each time
// there are few.
const retireEvery = 10 * time.Minute

// retireAlerts deletes alerts older than the retention, now and then, until ctx
// ends. A failure is told and tried again next time: the alerts do no harm.
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

// mostLoggedText is how many characters of a text that an attacker wrote are logged.
const mostLoggedText = 100

// announceCVE tells the operator of a CVE that was never seen before, in the
// log and as the event "new_cve", which handlers of Caddy's events app may take
// further (contract §1.3).
func (a *App) announceCVE(cve store.CVE) {
	metrics.newCVEs.Inc()
	a.logger.Info("a CVE was seen for the first time",
		zap.String("cve", printed(cve.ID, mostLoggedText)),
		zap.String("peer_type", cve.PeerType),
		zap.String("target_port", printed(cve.TargetPort, mostLoggedText)))
	a.events.Emit(a.ctx, "new_cve", map[string]any{
		"cve":         cve.ID,
		"first_seen":  cve.FirstSeen.Format(alert.TimeLayout),
		"source_ip":   cve.SourceIP,
		"target_port": cve.TargetPort,
		"peer_type":   cve.PeerType,
	})
}
