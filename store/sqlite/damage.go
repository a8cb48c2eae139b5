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

// proveEvery is how often a file that seems damaged is read again, at most. It
// takes no more than a tenth of the time.
const proveEvery = time.Minute

// suspect notes that something could not be read. A disk that fails for a moment
// looks the same: the whole file is read in the background, on connections of its
// own, until it is sound.
func (d *database) suspect(err error) {
	d.health.mu.Lock()
	defer d.health.mu.Unlock()
	if d.health.damage == nil {
		d.health.damage = err
		d.logger.Error("the store seems damaged, and is being checked", zap.Error(err))
	}
	if !d.health.proving {
		d.health.proving = true
		d.background.Go(d.prove)
	}
}

// prove reads the whole file until nothing is wrong with it.
func (d *database) prove() {
	for {
		started := time.Now()
		err := d.quickCheck(d.ctx)
		d.health.mu.Lock()
		if err == nil {
			d.health.damage, d.health.proving = nil, false
			d.health.mu.Unlock()
			d.logger.Info("the store was checked and is sound")
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

// quickCheck returns an error when the file is not well-formed or cannot be read. It reads all
// of it.
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

// repairText says what was done to the log when the file was opened.
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
	say(r.Rewritten, "%d damaged pages were written again by later commits: nothing is lost with them")
	if len(r.Damaged) > 0 {
		said = append(said, fmt.Sprintf("what is on the pages %v may be wrong", r.Damaged))
	}
	say(r.Unknown, "%d pages are lost, and it is not known which")
	say(r.Discarded, "%d commits at its end were incomplete and are discarded: a power failure leaves one that was not acknowledged yet")
	return strings.Join(said, "; ")
}
