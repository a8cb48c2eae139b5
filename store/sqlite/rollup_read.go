package sqlite

import (
	"context"
	"database/sql"
	"time"

	"github.com/peba-edge/peba/store"
)

// rolledUp answers a question from the roll-ups of a kind, with what is left of
// its window at the ends counted from the alerts.
func rolledUp(ctx context.Context, tx *sql.Tx, keys *keyTexts, i int, f store.Filter, g store.Grouping) ([]keyed, error) {
	domain, err := communities(f.Domain)
	if err != nil {
		return nil, err
	}
	r := rollupReader{
		ctx: ctx, tx: tx, number: i, kind: &kinds[i], filter: f, grouping: g,
		bucket: int64(g.Bucket / (slotSeconds * time.Second)), texts: keys, lists: make(map[int64][][]byte),
	}
	for _, community := range domain {
		if err := r.read(community); err != nil {
			return nil, err
		}
	}
	return r.groups()
}

// rollupReader collects the counts of one question.
type rollupReader struct {
	ctx      context.Context
	tx       *sql.Tx
	number   int
	kind     *kind
	filter   store.Filter
	grouping store.Grouping
	bucket   int64 // in slots, or 0
	texts    *keyTexts

	// lists are packed counts by the start of their bucket in slots.
	lists map[int64][][]byte
	// strange are the keys, by ids below zero, that are in no roll-up any more.
	strange [][]string
}

// start is the start of the bucket of a slot.
func (r *rollupReader) start(slot int64) int64 {
	if r.bucket == 0 {
		return 0
	}
	return floorTo(slot, r.bucket)
}

// read collects what one community has.
func (r *rollupReader) read(community string) error {
	w, err := r.window(community)
	if err != nil || w.nothing {
		return err
	}
	from, to, edges := w.whole()
	for _, edge := range edges {
		if err := r.readEdge(community, edge); err != nil {
			return err
		}
	}
	if from >= to {
		return nil
	}
	for _, p := range cover(from, to, r.bucket, widths) {
		if err := r.readFolded(community, p); err != nil {
			return err
		}
	}
	return r.readNews(community, from, to)
}

// window returns the time that is asked for. By the time of receipt, an open
// start is that of the alerts that are stored, for roll-ups reach back behind
// it; and an end after the last alert is as good as open.
func (r *rollupReader) window(community string) (window, error) {
	f := r.filter
	w := window{from: secondsFrom(f.From), to: secondsFrom(f.To), openFrom: f.From.IsZero(), openTo: f.To.IsZero()}
	if f.Time != store.Received {
		return w, nil
	}
	var oldest, newest sql.NullInt64
	err := r.tx.QueryRowContext(r.ctx, "SELECT (SELECT min(received) FROM alerts INDEXED BY alerts_received WHERE community = "+community+
		"), (SELECT max(received) FROM alerts INDEXED BY alerts_received WHERE community = "+community+")").Scan(&oldest, &newest)
	if err != nil {
		return w, err
	}
	if w.openFrom {
		w.openFrom, w.from, w.torn, w.nothing = false, oldest.Int64, true, !oldest.Valid
	}
	w.openTo = w.openTo || newest.Valid && newest.Int64 < w.to && w.from <= newest.Int64
	return w, nil
}

// readEdge counts the alerts of a span.
func (r *rollupReader) readEdge(community string, w window) error {
	f := r.filter
	f.From, f.To = time.Time{}, time.Time{}
	if !w.openFrom {
		f.From = decodeTime(w.from)
	}
	if !w.openTo {
		f.To = decodeTime(w.to)
	}
	f.Domain = store.Private
	if community == "1" {
		f.Domain = store.Community
	}
	by := r.kind.by
	if r.onlyTotals() {
		by = nil // an index alone counts them
	}
	found, err := groupAlerts(r.ctx, r.tx, f, store.Grouping{By: by, Bucket: r.grouping.Bucket})
	if err != nil {
		return err
	}
	ids := make([]int64, len(found)) // totals look at none
	if by != nil {
		ids, err = r.idsOf(found)
	}
	if err != nil {
		return err
	}
	counts := make(map[int64][]entry)
	for i, k := range found {
		start := int64(0)
		if r.bucket > 0 {
			start = slotOf(k.Start.Unix())
		}
		counts[start] = append(counts[start], entry{ids[i], k.Count})
	}
	for start, entries := range counts {
		r.lists[start] = append(r.lists[start], pack(inOrder(entries)))
	}
	return nil
}

// idsOf returns the ids of the keys of groups.
func (r *rollupReader) idsOf(found []keyed) ([]int64, error) {
	ids := make([]int64, len(found))
	for i, k := range found {
		if id, ok := r.kind.directKey(k.Key[0], k.Key[len(k.Key)-1]); ok {
			ids[i] = id
			continue
		}
		var key []byte
		for at, text := range k.Key {
			if r.kind.inKey(at, text) {
				key = appendPart(key, text)
			}
		}
		id, err := r.texts.id(r.ctx, r.tx, r.number, key)
		if err != nil {
			return nil, err
		}
		if id == 0 {
			r.strange = append(r.strange, k.Key)
			id = -int64(len(r.strange))
		}
		ids[i] = id
	}
	return ids, nil
}

// readFolded reads roll-ups of one width.
func (r *rollupReader) readFolded(community string, p part) error {
	return r.readPacked("SELECT start, counts FROM rollups WHERE kind = ? AND community = "+community+
		" AND width = ? AND start >= ? AND start < ?", r.number, p.width, p.from, p.to)
}

// readNews reads what is not yet in the roll-ups.
func (r *rollupReader) readNews(community string, from, to int64) error {
	return r.readPacked("SELECT slot, counts FROM rollup_news WHERE kind = ? AND community = "+community+
		" AND slot >= ? AND slot < ?", r.number, from, to)
}

// readPacked reads the start and the counts of spans.
func (r *rollupReader) readPacked(query string, values ...any) error {
	return eachRow(r.ctx, r.tx, query, values, func(rows *sql.Rows) error {
		var start int64
		var packed []byte
		err := rows.Scan(&start, &packed)
		start = r.start(start)
		r.lists[start] = append(r.lists[start], packed)
		return err
	})
}
