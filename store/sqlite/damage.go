package sqlite

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/peba-edge/peba/sqlitedb"
)

// proveEvery is the minimum interval of checks of a file that seems damaged.
// Checks take at most a tenth of the time.
const proveEvery = time.Minute

// suspect records that something could not be read. A temporary disk error looks
// the same, so the whole file is read in the background, on separate connections,
// until it is intact.
func (d *database) suspect(err error) {
	d.health.mu.Lock()
	defer d.health.mu.Unlock()
	if d.health.damage == nil {
		d.health.damage = err
		d.logger.Error("the store seems damaged and is being checked", zap.Error(err))
	}
	if !d.health.proving {
		d.health.proving = true
		d.background.Go(d.prove)
	}
}

// prove reads the whole file repeatedly until it is intact.
func (d *database) prove() {
	for {
		started := time.Now()
		err := d.quickCheck(d.ctx)
		d.health.mu.Lock()
		if err == nil {
			d.health.damage, d.health.proving = nil, false
			d.health.mu.Unlock()
			d.logger.Info("the store was checked and is intact")
			return
		}
		if sqlitedb.IsDamage(err) {
			d.health.damage = err
			d.logger.Error("the store is damaged", zap.Error(err))
		}
		d.health.mu.Unlock()
		select {
		case <-d.ctx.Done():
			return
		case <-time.After(max(proveEvery, 10*time.Since(started))):
		}
	}
}

// quickCheck reads the whole file and returns an error if it is malformed or unreadable.
func (d *database) quickCheck(ctx context.Context) error {
	c, err := sqlitedb.ConnectReadOnly(ctx, d.path, "query_only(1)", "cache_size(-8192)")
	if err != nil {
		return err
	}
	result, err := c.Value(ctx, "PRAGMA quick_check(1)")
	if err = errors.Join(err, c.Close()); err != nil {
		return err
	}
	if text := fmt.Sprint(result); text != "ok" {
		return fmt.Errorf("%w: %s", sqlitedb.ErrDamaged, strings.ReplaceAll(text, "\n", " "))
	}
	return nil
}

// repairText describes the repair of the log when the file was opened.
func repairText(r *sqlitedb.LogRepair) string {
	var said []string
	say := func(n int, format string) {
		if n > 0 {
			said = append(said, fmt.Sprintf(format, n))
		}
	}
	if r.Repaired {
		said = append(said, fmt.Sprintf("it was repaired, which saved %d commits", r.Commits))
	}
	say(r.Rewritten, "%d damaged pages were overwritten by later commits, without loss")
	if len(r.Damaged) > 0 {
		said = append(said, fmt.Sprintf("the content of pages %v may be wrong", r.Damaged))
	}
	say(r.Unknown, "%d unknown pages are lost")
	say(r.Discarded, "%d incomplete commits at its end were discarded: a power failure leaves one that was not acknowledged")
	return strings.Join(said, "; ")
}
