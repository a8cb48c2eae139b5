package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"strings"

	"github.com/peba-edge/peba/sqlitedb"
)

const (
	// dictionaryWords is the number of ids that a dictionary caches.
	dictionaryWords = 1 << 15
	// dictionaryBytes is the maximum length of a cached key.
	dictionaryBytes = 1 << 10
)

// words are the texts of a row of sensors or places; places use the first four.
type words [8]string

// known is a row of a dictionary table: its id and last_day.
type known struct{ id, lastDay int64 }

// dictionary assigns ids to texts that many alerts share.
type dictionary struct {
	columns              int
	most                 int // ids in memory
	find, insert, extend *sqlitedb.Statement
	ids                  map[words]known
	// unsure are the keys with entries from the open transaction.
	unsure []words
	// latest caches the last alert's texts: alerts of one message have much in
	// common.
	latest   words
	latestID known
}

// newDictionary prepares a dictionary over a table with the given text columns.
func newDictionary(ctx context.Context, c *sqlitedb.Conn, table string, columns ...string) (*dictionary, error) {
	d := &dictionary{columns: len(columns), most: dictionaryWords, ids: make(map[words]known)}
	list, marks := strings.Join(columns, ", "), strings.Repeat("?, ", len(columns))
	var errs [3]error
	d.find, errs[0] = c.Keep(ctx, "SELECT id, last_day FROM "+table+" WHERE "+strings.Join(columns, " = ? AND ")+" = ?")
	d.insert, errs[1] = c.Keep(ctx, "INSERT INTO "+table+" ("+list+", last_day) VALUES ("+marks+"?)")
	d.extend, errs[2] = c.Keep(ctx, "UPDATE "+table+" SET last_day = ? WHERE id = ?")
	return d, errors.Join(errs[:]...)
}

// id returns the id of the texts, for an alert received on that day.
func (d *dictionary) id(key *words, day int64) (int64, error) {
	if d.latestID.id != 0 && d.latestID.lastDay >= day && d.latest == *key {
		return d.latestID.id, nil
	}
	if k, ok := d.ids[*key]; ok && k.lastDay >= day {
		d.latest, d.latestID = *key, k
		return k.id, nil
	}
	k, err := d.ensure(key, day)
	if err != nil {
		return 0, err
	}
	d.remember(key, k)
	return k.id, nil
}

// ensure finds or adds the row, and updates its day.
func (d *dictionary) ensure(key *words, day int64) (known, error) {
	ctx := context.Background()
	values := make([]driver.Value, d.columns, d.columns+1)
	for i := range values {
		values[i] = key[i]
	}
	dest := make([]driver.Value, 2)
	found, err := d.find.Row(ctx, dest, values...)
	if err != nil {
		return known{}, err
	}
	if !found {
		_, id, err := d.insert.Exec(ctx, append(values, day)...)
		return known{id, day}, err
	}
	k := known{dest[0].(int64), dest[1].(int64)}
	if k.lastDay < day {
		k.lastDay = day
		_, _, err = d.extend.Exec(ctx, day, k.id)
	}
	return k, err
}

// remember caches the id. It copies the texts: those of an alert are parts of a
// whole message, which would stay in memory with them.
func (d *dictionary) remember(key *words, k known) {
	size := 0
	for _, word := range key {
		size += len(word)
	}
	if size > dictionaryBytes {
		return
	}
	if len(d.ids) >= d.most {
		clear(d.ids)
	}
	var kept words
	for i, word := range key {
		kept[i] = strings.Clone(word)
	}
	d.ids[kept] = k
	d.unsure = append(d.unsure, kept)
}

// keep is called after a commit. It drops the last alert's texts, which keep a
// whole message in memory.
func (d *dictionary) keep() {
	d.unsure = d.unsure[:0]
	d.latest, d.latestID = words{}, known{}
}

// undo is called after a rollback.
func (d *dictionary) undo() {
	for _, key := range d.unsure {
		delete(d.ids, key)
	}
	d.keep()
}

// forget drops all ids from memory, after rows were deleted.
func (d *dictionary) forget() {
	clear(d.ids)
	d.latest, d.latestID = words{}, known{}
}
