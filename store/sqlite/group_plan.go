package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
)

// plan is how a portion of the alerts is grouped: SQLite counts them by columns of alerts,
// and the texts of dictionaries are put to those counts afterwards. Reading a value costs more
// than counting an alert, so a row has as few of them as possible.
type plan struct {
	store.Grouping
	dims   []dimension // of Grouping.By
	hidden []*hidden
	// columns are all that are counted by, each once: those of dims that are not derived,
	// and those of hidden, whose places dimAt and hiddenAt are.
	columns         []dimension
	dimAt, hiddenAt []int
	// read are the columns of alerts that columns come from, each once; readAt are their places.
	read   []string
	readAt []int
	// texts are the columns of dictionaries, by place in read; textAt are their places there.
	texts  [][]string
	textAt []int
}

func newPlan(g store.Grouping, before bool) (*plan, error) {
	p := &plan{Grouping: g}
	for _, by := range g.By {
		dim, ok := dimensions[by]
		if !ok {
			return nil, fmt.Errorf("unknown dimension %d to group by", by)
		}
		if other, ok := older[by]; ok && before {
			dim = other
		}
		p.dims = append(p.dims, dim)
		at := -1
		if dim.derived == nil {
			at = p.place(dim)
		}
		p.dimAt = append(p.dimAt, at)
		for _, h := range dim.hidden {
			if !slices.Contains(p.hidden, h) {
				p.hidden = append(p.hidden, h)
				p.hiddenAt = append(p.hiddenAt, p.place(h.dimension))
			}
		}
	}
	return p, nil
}

// place returns the index of a column in p.columns, to which it may be added.
func (p *plan) place(c dimension) int {
	at := slices.IndexFunc(p.columns, func(other dimension) bool { return other.column == c.column && other.text == c.text })
	if at >= 0 {
		return at
	}
	from := slices.Index(p.read, c.column)
	if from < 0 {
		from = len(p.read)
		p.read, p.texts = append(p.read, c.column), append(p.texts, nil)
	}
	p.columns, p.readAt, p.textAt = append(p.columns, c), append(p.readAt, from), append(p.textAt, len(p.texts[from]))
	if c.dictionary != "" {
		p.texts[from] = append(p.texts[from], c.text)
	}
	return len(p.columns) - 1
}

// merges reports whether several rows of the query may be of one group.
func (p *plan) merges() bool {
	return len(p.hidden) > 0 || slices.ContainsFunc(p.columns, func(c dimension) bool { return c.dictionary != "" })
}

// query returns a query for the columns to read, the start of the bucket if there are any, the
// count, and the first and last time if they are asked for. where are more terms of its WHERE
// clause.
func (p *plan) query(f store.Filter, where string) (query string, values []any, err error) {
	table, values, err := from(f)
	if err != nil {
		return "", nil, err
	}
	columns := slices.Clone(p.read)
	bucket, err := bucketOf(f, p.Grouping)
	if err != nil {
		return "", nil, err
	}
	if bucket != "" {
		columns = append(columns, bucket)
	}
	grouped := groupBy(len(columns))
	columns = append(columns, "count(*)")
	if p.Times {
		column, _ := timeColumn(f.Time) // bucketOf has validated it
		columns = append(columns, "min("+column+")", "max("+column+")")
	}
	return "SELECT " + strings.Join(columns, ", ") + " FROM " + table + where + grouped, values, nil
}

// groupBy groups by the first n columns.
func groupBy(n int) string {
	if n == 0 {
		return ""
	}
	numbers := make([]string, n)
	for i := range numbers {
		numbers[i] = fmt.Sprint(i + 1)
	}
	return " GROUP BY " + strings.Join(numbers, ", ")
}

// row is a row of a plan's query.
type row struct {
	values              []any
	start, count        int64
	firstSeen, lastSeen sql.NullInt64 // NULL without alerts
}

// rows reads all rows of the query.
func (p *plan) rows(ctx context.Context, tx *sql.Tx, f store.Filter, where string) ([]row, error) {
	query, values, err := p.query(f, where)
	if err != nil {
		return nil, err
	}
	var all []row
	dest := make([]any, len(p.read), len(p.read)+4)
	err = eachRow(ctx, tx, query, values, func(rows *sql.Rows) error {
		r := row{values: make([]any, len(p.read))}
		for i := range r.values {
			dest[i] = &r.values[i]
		}
		to := dest
		if p.Bucket != 0 {
			to = append(to, &r.start)
		}
		to = append(to, &r.count)
		if p.Times {
			to = append(to, &r.firstSeen, &r.lastSeen)
		}
		if err := rows.Scan(to...); err != nil {
			return err
		}
		if r.count > 0 { // without GROUP BY there is a row for nothing too
			all = append(all, r)
		}
		return nil
	})
	return all, err
}

// wordRows has texts of rows of a dictionary by id.
type wordRows map[int64][]any

// words reads what the rows need of dictionaries: for each column to read the rows of its
// dictionary, with p.texts; nil where there is none.
func (p *plan) words(ctx context.Context, tx *sql.Tx, rows []row) ([]wordRows, error) {
	all := make([]wordRows, len(p.read))
	for i, c := range p.columns {
		at := p.readAt[i]
		if c.dictionary == "" || all[at] != nil {
			continue
		}
		all[at] = make(wordRows)
		if err := readWords(ctx, tx, c.dictionary, p.texts[at], idsAt(rows, at), all[at]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// idsAt returns the distinct ids in one column.
func idsAt(rows []row, at int) []int64 {
	known := make(map[int64]bool)
	var ids []int64
	for i := range rows {
		if id, _ := rows[i].values[at].(int64); !known[id] {
			known[id] = true
			ids = append(ids, id)
		}
	}
	return ids
}

// readWords adds the texts of these ids to rows. If a row of the dictionary were missing, only
// its texts would be lost.
func readWords(ctx context.Context, tx *sql.Tx, dictionary string, texts []string, ids []int64, rows wordRows) error {
	list, err := json.Marshal(ids)
	if err != nil {
		return err
	}
	query := "SELECT id, " + strings.Join(texts, ", ") + " FROM " + dictionary + " WHERE id IN (SELECT value FROM json_each(?))"
	err = eachRow(ctx, tx, query, []any{string(list)}, func(found *sql.Rows) error {
		var id int64
		values := make([]any, len(texts))
		dest := append(make([]any, 0, 1+len(texts)), &id)
		for i := range values {
			dest = append(dest, &values[i])
		}
		err := found.Scan(dest...)
		rows[id] = values
		return err
	})
	if err != nil {
		return fmt.Errorf("reading %s: %w", dictionary, err)
	}
	return nil
}

// grouper turns rows of a plan's query into groups.
type grouper struct {
	*plan
	words  []wordRows
	values []any // of p.columns, of the last row
}

// group returns the group of a row.
func (g *grouper) group(r *row) (keyed, error) {
	for i, c := range g.columns {
		v := r.values[g.readAt[i]]
		if c.dictionary != "" {
			id, _ := v.(int64)
			texts := g.words[g.readAt[i]][id]
			if v = nil; texts != nil {
				v = texts[g.textAt[i]]
			}
		}
		g.values[i] = v
	}
	k := keyed{Group: store.Group{Key: make([]string, len(g.By)), Count: r.count}, addrs: make([]netip.Addr, len(g.By))}
	var d alert.Document
	for i, h := range g.hidden {
		if err := h.set(&d, g.values[g.hiddenAt[i]]); err != nil {
			return k, err
		}
	}
	for i, dim := range g.dims {
		if dim.derived != nil {
			k.Key[i] = dim.derived(&d)
			continue
		}
		k.Key[i], k.addrs[i] = textOf(g.By[i], g.values[g.dimAt[i]])
	}
	if g.Bucket != 0 {
		k.Start = decodeTime(r.start)
	}
	if g.Times {
		k.First, k.Last = decodeTime(r.firstSeen.Int64), decodeTime(r.lastSeen.Int64)
	}
	return k, nil
}
