package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"

	"github.com/peba-edge/peba/sensors"
)

const (
	// flushSensorsEvery is how often counters are written to the store.
	flushSensorsEvery = 30 * time.Second
	// learnSensorsEvery is how often the sensors known to other processes are
	// read.
	learnSensorsEvery = time.Hour
	// maxFlushWait is how long stopping waits for the store.
	maxFlushWait = 3 * time.Second
)

// counters are those of this process, by store: after a reload the new
// configuration continues the same records.
var counters = caddy.NewUsagePool()

// pooledCounter can be in a UsagePool.
type pooledCounter struct{ *sensors.Counter }

// Destruct implements caddy.Destructor.
func (pooledCounter) Destruct() error { return nil }

// joinCounter acquires the Counter of this configuration's store; leaveCounter releases
// it.
func (a *App) joinCounter() error {
	shared, _, err := counters.LoadOrNew(a.storeConfig, func() (caddy.Destructor, error) {
		return pooledCounter{sensors.NewCounter()}, nil
	})
	if err != nil {
		return fmt.Errorf("opening the sensor counter of the store: %w", err)
	}
	a.sensors = shared.(pooledCounter).Counter
	return nil
}

// leaveCounter writes what is not written yet, unless another configuration still
// counts and will write it.
func (a *App) leaveCounter() error {
	ctx, cancel := context.WithTimeout(context.Background(), maxFlushWait)
	defer cancel()
	flushErr := a.sensors.Flush(ctx, a.store)
	last, err := counters.Delete(a.storeConfig)
	if last && flushErr != nil {
		a.logger.Error("storing sensor counters failed: the latest counts are lost", zap.Error(flushErr))
	}
	return err
}

// keepSensors periodically writes sensor counters to the store until ctx ends.
// The first of consecutive failures is logged, and the retry writes the current
// numbers.
func (a *App) keepSensors(ctx context.Context) {
	var learned time.Time
	failing := false
	repeat(ctx, flushSensorsEvery, func() {
		now := time.Now()
		err := a.sensors.Flush(ctx, a.store)
		a.sensors.Forget(now, time.Duration(a.Retention))
		if err == nil && now.Sub(learned) >= learnSensorsEvery {
			if err = a.sensors.Learn(ctx, a.store); err == nil {
				learned = now
			}
		}
		if err != nil && !failing && !errors.Is(err, context.Canceled) {
			a.logger.Warn("storing sensor counters failed and will be retried", zap.Error(err))
		}
		failing = err != nil
	})
}
