package sqlite

import (
	"bytes"
	"context"
	"database/sql/driver"
	"errors"
	"slices"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/sqlitedb"
	"github.com/peba-edge/peba/store"
)

const (
	// tallyKeys is how many key ids the writer remembers; longer keys than
	// dictionaryBytes are looked up each time.
	tallyKeys = 1 << 16
	// foldRows is how many rows of rollup_news make a fold due. Readers read
	// them all; a fold costs as much as some dozens of transactions.
	foldRows = 4000
	// keyPeriod is the unit in which keys have their last use, in slots. It is
	// long, so that a key in steady use is seldom written to.
	keyPeriod = 28 * daySlots
)

// span names a row of rollups, or with a width of one those of
// rollup_news.
type span struct{ kind, community, width, start int64 }

// tally counts the new alerts of a transaction for the roll-ups. They are added
// up in memory and written once, before the commit, in a few rows: an alert
// costs some look-ups in memory, no statement.
type tally struct {
	find, insert, extend  *sqlitedb.Statement
	add, news, remove     *sqlitedb.Statement
	load, save            *sqlitedb.Statement
	arrivals              arrivals
	keys                  map[string]known // by the kind's number and the key
	unsure                []string         // whose entries come from the open transaction
	latest                [][]byte         // for each kind the key of the last alert, whose id is
	latestKeys            []known          // here: alerts of one message have much in common
	counts                map[span]*[]entry
	latestCounts          []spanCounts // for each kind what the last alert was counted in
	scratch               []byte
	turn, rows, committed int64 // the last turn; rows of rollup_news, and those without the open transaction
}

type spanCounts struct {
	span
	entries *[]entry
}

func newTally(ctx context.Context, c *sqlitedb.Conn) (*tally, error) {
	t := &tally{keys: make(map[string]known), latestCounts: make([]spanCounts, len(kinds))}
	t.forget()
	t.keep()
	var errs []error
	for _, s := range []struct {
		statement **sqlitedb.Statement
		sql       string
	}{
		{&t.find, "SELECT id, period FROM rollup_keys WHERE digest = ?"},
		{&t.insert, "INSERT INTO rollup_keys (kind, digest, key, period) VALUES (?, ?, ?, ?)"},
		{&t.extend, "UPDATE rollup_keys SET period = ? WHERE id = ?"},
		{&t.add, "INSERT INTO rollup_news (kind, community, slot, turn, counts) VALUES (?, ?, ?, ?, ?)"},
		{&t.news, "SELECT kind, community, slot, counts FROM rollup_news"},
		{&t.remove, "DELETE FROM rollup_news"},
		{&t.load, "SELECT counts FROM rollups WHERE kind = ? AND community = ? AND width = ? AND start = ?"},
		{&t.save, `INSERT INTO rollups (kind, community, width, start, counts) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT DO UPDATE SET counts = excluded.counts`},
	} {
		var err error
		*s.statement, err = c.Keep(ctx, s.sql)
		errs = append(errs, err)
	}
	var err error
	t.arrivals, err = newArrivals(ctx, c)
	errs = append(errs, err)
	t.turn, err = c.Number(ctx, "SELECT coalesce(max(turn), 0) FROM rollup_news")
	errs = append(errs, err)
	t.committed, err = c.Number(ctx, "SELECT count(*) FROM rollup_news")
	t.rows = t.committed
	return t, errors.Join(append(errs, err)...)
}

// count notes a new alert.
func (t *tally) count(d *alert.Document) error {
	received, created := slotOf(d.RecievedTime.Unix()), slotOf(d.CreateTime.Unix())
	community, web := encodeBool(d.ClientDomain), alert.IsWeb(d.PeerType)
	t.arrivals.count(community, d.RecievedTime.Unix())
	for i := range kinds {
		k := &kinds[i]
		if k.web && !web {
			continue
		}
		slot := received
		if k.time == store.Created {
			slot = created
		}
		id, ok := k.directKey(valueOf(d, k.by[0]), valueOf(d, k.by[len(k.by)-1]))
		if !ok {
			var err error
			if id, err = t.key(i, d, slot); err != nil {
				return err
			}
		}
		t.countIn(i, span{int64(i), community, 1, slot}, id)
	}
	return nil
}

// countIn counts one alert of a kind.
func (t *tally) countIn(i int, s span, key int64) {
	last := &t.latestCounts[i]
	if last.entries == nil || last.span != s {
		entries := t.counts[s]
		if entries == nil {
			entries = new([]entry)
			t.counts[s] = entries
		}
		*last = spanCounts{s, entries}
	}
	if n := len(*last.entries); n > 0 && (*last.entries)[n-1].key == key {
		(*last.entries)[n-1].n++
		return
	}
	*last.entries = append(*last.entries, entry{key, 1})
}

// key returns the id of the document's key of a kind.
func (t *tally) key(i int, d *alert.Document, slot int64) (int64, error) {
	t.scratch = append(t.scratch[:0], byte(i))
	for at, by := range kinds[i].by {
		if text := valueOf(d, by); kinds[i].inKey(at, text) {
			t.scratch = appendPart(t.scratch, text)
		}
	}
	period := floorTo(slot, keyPeriod) / keyPeriod
	k, ok := t.latestKeys[i], bytes.Equal(t.scratch, t.latest[i])
	if !ok {
		k, ok = t.keys[string(t.scratch)]
	}
	if !ok || k.lastDay < period {
		var err error
		if k, err = t.ensureKey(i, t.scratch[1:], period); err != nil {
			return 0, err
		}
		t.remember(string(t.scratch), k)
	}
	t.latest[i], t.latestKeys[i] = append(t.latest[i][:0], t.scratch...), k
	return k.id, nil
}

// remember keeps a key that the open transaction has read or written.
func (t *tally) remember(name string, k known) {
	if len(name) > dictionaryBytes {
		return
	}
	if len(t.keys) >= tallyKeys {
		clear(t.keys)
	}
	t.keys[name] = k
	t.unsure = append(t.unsure, name)
}

// ensureKey finds or adds the key's row, and notes the period in it.
func (t *tally) ensureKey(kind int, key []byte, period int64) (known, error) {
	ctx := context.Background()
	digest := digestOf(kind, key)
	dest := make([]driver.Value, 2)
	found, err := t.find.Row(ctx, dest, digest)
	if err != nil {
		return known{}, err
	}
	if !found {
		_, id, err := t.insert.Exec(ctx, int64(kind), digest, slices.Clone(key), period)
		return known{id, period}, err
	}
	k := known{dest[0].(int64), dest[1].(int64)}
	if k.lastDay < period {
		k.lastDay = period
		_, _, err = t.extend.Exec(ctx, period, k.id)
	}
	return k, err
}

// flush writes what was counted, as the last work of a transaction.
func (t *tally) flush() error {
	if len(t.counts) == 0 {
		return nil
	}
	if err := t.arrivals.flush(); err != nil {
		return err
	}
	t.turn++
	for s, entries := range t.counts {
		_, _, err := t.add.Exec(context.Background(), s.kind, s.community, s.start, t.turn, pack(inOrder(*entries)))
		if err != nil {
			return err
		}
	}
	t.rows += int64(len(t.counts))
	t.clear()
	if t.rows < foldRows {
		return nil
	}
	return t.fold()
}

// fold adds the news to the roll-ups.
func (t *tally) fold() error {
	ctx := context.Background()
	slots := make(map[span][][]entry)
	var damaged error
	err := t.news.Each(ctx, 4, func(row []driver.Value) {
		packed, _ := row[3].([]byte)
		entries, err := unpack(packed)
		damaged = errors.Join(damaged, err)
		s := span{row[0].(int64), row[1].(int64), 1, row[2].(int64)}
		slots[s] = append(slots[s], entries)
	})
	if err = errors.Join(err, damaged); err != nil {
		return err
	}
	// Each width is added up from the one below it, whose keys are fewer than all.
	for i := len(widths) - 1; len(slots) > 0; i-- {
		wider := make(map[span][][]entry)
		for s, lists := range slots {
			sum := merge(lists)
			if err := t.foldInto(s, sum); err != nil {
				return err
			}
			if i > 0 {
				s.width, s.start = widths[i-1], floorTo(s.start, widths[i-1])
				wider[s] = append(wider[s], sum)
			}
		}
		slots = wider
	}
	t.rows = 0
	_, _, err = t.remove.Exec(ctx)
	return err
}

func (t *tally) foldInto(s span, entries []entry) error {
	ctx := context.Background()
	dest := make([]driver.Value, 1)
	found, err := t.load.Row(ctx, dest, s.kind, s.community, s.width, s.start)
	if err != nil {
		return err
	}
	if found {
		packed, _ := dest[0].([]byte)
		old, err := unpack(packed)
		if err != nil {
			return err
		}
		entries = merge([][]entry{old, entries})
	}
	_, _, err = t.save.Exec(ctx, s.kind, s.community, s.width, s.start, pack(entries))
	return err
}

// clear starts counting anew.
func (t *tally) clear() {
	clear(t.arrivals.counts)
	t.counts = make(map[span]*[]entry)
	clear(t.latestCounts)
}

// keep is called when the transaction is committed.
func (t *tally) keep() {
	t.clear()
	t.unsure = t.unsure[:0]
	t.committed = t.rows
}

// undo is called when it is rolled back.
func (t *tally) undo() {
	for _, name := range t.unsure {
		delete(t.keys, name)
	}
	t.forgetLatest()
	t.rows = t.committed
	t.keep()
}

// forget drops all key ids from memory, after rows were deleted.
func (t *tally) forget() {
	clear(t.keys)
	t.forgetLatest()
}

func (t *tally) forgetLatest() {
	t.latest, t.latestKeys = make([][]byte, len(kinds)), make([]known, len(kinds))
}
