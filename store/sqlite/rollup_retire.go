package sqlite

import (
	"context"
	"database/sql/driver"
	"strconv"
	"strings"
	"time"
)

// How long roll-ups outlive the alerts that they count: days for questions
// about months, the rest for one about four weeks.
const (
	keepMonths = 13
	keepSlots  = 28 * daySlots
)

// retireRollups deletes roll-ups and their keys, for alerts deleted before the
// limit. Alerts do not leave the roll-ups when they are deleted.
func (d *database) retireRollups(ctx context.Context, limit int64) error {
	fine := floorTo(slotOf(limit)-keepSlots, daySlots)
	coarse := floorTo(slotOf(time.Unix(limit, 0).UTC().AddDate(0, -keepMonths, 0).Unix()), daySlots)
	coarse = min(coarse, fine)
	for done := false; !done; {
		err := d.do(ctx, &job{rows: retireRows, work: func(w *writer) (err error) {
			done, err = w.retireRollups(fine, coarse)
			return err
		}})
		if err != nil {
			return err
		}
	}
	return nil
}

// retireRollups deletes some of them, and tells whether these were the last. Shorter spans and briefly kept kinds go
// before the slot fine, days before the slot coarse; both are starts of days.
func (w *writer) retireRollups(fine, coarse int64) (done bool, err error) {
	// What the transaction has counted so far may refer to the keys.
	if err := w.insert.tally.flush(); err != nil {
		return false, err
	}
	var brief []string
	for i, k := range kinds {
		if k.brief {
			brief = append(brief, strconv.Itoa(i))
		}
	}
	list := strings.Join(brief, ", ")
	for _, s := range []struct {
		sql    string
		values []driver.Value
	}{
		{`DELETE FROM rollup_news WHERE slot < CASE WHEN kind IN (` + list + `) THEN ?1 ELSE ?2 END`,
			[]driver.Value{fine, coarse}},
		{`DELETE FROM rollups WHERE rowid IN (SELECT rowid FROM rollups
			WHERE start + width <= CASE WHEN width < ?1 OR kind IN (` + list + `) THEN ?2 ELSE ?3 END LIMIT ?4)`,
			[]driver.Value{int64(daySlots), fine, coarse, int64(retireRows)}},
		// Nothing refers to these any more: periods are whole days too.
		{`DELETE FROM rollup_keys WHERE id IN (SELECT id FROM rollup_keys
			WHERE (period + 1) * ?1 <= CASE WHEN kind IN (` + list + `) THEN ?2 ELSE ?3 END LIMIT ?4)`,
			[]driver.Value{int64(keyPeriod), fine, coarse, int64(retireRows)}},
	} {
		var n int64
		if n, err = w.change(s.sql, s.values...); err != nil {
			return false, err
		}
		if done = n < retireRows; !done {
			break // the next ones when these are gone
		}
	}
	w.insert.tally.forget()
	w.keysGone(true)
	return done, nil
}

// keysGone makes readers forget keys, twice: when a transaction deletes some,
// and after its commit. A reader that finds at its end that nothing was
// forgotten meanwhile has so not taken a key from before the commit for the
// same one from after it.
func (w *writer) keysGone(deleting bool) {
	if deleting || w.noKeys {
		w.keys.Store(newKeyTexts())
	}
	w.noKeys = deleting
}
