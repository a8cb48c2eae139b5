package sqlite

import (
	"context"
	"database/sql"
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
)

// group answers from roll-ups or the counts of arrivals if possible, otherwise
// from the alerts.
func (d *database) group(ctx context.Context, f store.Filter, g store.Grouping) ([]store.Group, error) {
	for {
		var found []keyed
		keys := d.writer.keys.Load()
		err := d.snapshot(ctx, func(tx *sql.Tx) (err error) {
			switch i, rolled := rollupFor(f, g); {
			case rolled:
				found, err = rolledUp(ctx, tx, keys, i, f, g)
			case byArrival(f, g):
				found, err = arrived(ctx, tx, f, g)
			default:
				found, err = groupAlerts(ctx, tx, f, g)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		if d.writer.keys.Load() == keys { // otherwise some were deleted
			return ranked(found, g), nil
		}
	}
}

// groupAlerts counts by ids first, and then by their texts, when few rows are
// left.
func groupAlerts(ctx context.Context, tx *sql.Tx, f store.Filter, g store.Grouping) ([]keyed, error) {
	parts, err := portions(ctx, tx, g)
	if err != nil {
		return nil, err
	}
	var all sum
	for _, part := range parts {
		p, err := newPlan(g, part.older)
		if err != nil {
			return nil, err
		}
		query, values, err := p.query(f, part.where)
		if err != nil {
			return nil, err
		}
		add := all.append
		if len(p.hidden) > 0 || len(parts) > 1 { // several rows may be of one group
			add = all.add
		}
		err = eachRow(ctx, tx, query, values, func(rows *sql.Rows) error {
			k, err := p.scan(rows)
			if err == nil && k.Count > 0 { // without GROUP BY there is a row for nothing too
				add(k)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return all.found, nil
}

// sum merges groups with the same key and bucket.
type sum struct {
	found []keyed
	known map[string]int // places in found
	name  []byte
}

// append adds a group that is not there yet.
func (s *sum) append(k keyed) { s.found = append(s.found, k) }

// add merges a group with the one of its key and bucket, if that is there.
func (s *sum) add(k keyed) {
	s.name = binary.AppendVarint(s.name[:0], k.Start.Unix())
	for _, text := range k.Key {
		s.name = appendPart(s.name, text)
	}
	at, there := s.known[string(s.name)]
	if !there {
		if s.known == nil {
			s.known = make(map[string]int)
		}
		s.known[string(s.name)] = len(s.found)
		s.found = append(s.found, k)
		return
	}
	known := &s.found[at]
	known.Count += k.Count
	if k.First.Before(known.First) {
		known.First = k.First
	}
	if k.Last.After(known.Last) {
		known.Last = k.Last
	}
}

// ranked keeps the groups of the top keys and sorts them.
func ranked(found []keyed, g store.Grouping) []store.Group {
	groups := make([]store.Group, len(found))
	addresses := make([][]netip.Addr, len(g.By))
	for k, by := range g.By {
		if by.IsAddress() {
			addresses[k] = make([]netip.Addr, len(found))
		}
	}
	for i := range found {
		groups[i] = found[i].Group
		for k := range addresses {
			if addresses[k] != nil {
				addresses[k][i] = found[i].addrs[k]
			}
		}
	}
	return store.Rank(groups, g, addresses)
}

// query returns a query for the columns of a plan, the bucket (seconds since the epoch, or
// 0), the count, and the first and last time. where are more terms of its WHERE clause.
func (p *plan) query(f store.Filter, where string) (query string, values []any, err error) {
	table, values, err := from(f)
	if err != nil {
		return "", nil, err
	}
	table += where
	bucket, err := bucketOf(f, p.Grouping)
	if err != nil {
		return "", nil, err
	}
	var counted, shown, joins []string
	for _, c := range p.columns {
		counted = appendNew(counted, c.column)
		if c.from == "" {
			shown = append(shown, "g."+c.column)
			continue
		}
		shown = append(shown, c.text)
		joins = appendNew(joins, " LEFT JOIN "+c.from)
	}
	first, last := "0", "0"
	if p.Times {
		column, _ := timeColumn(f.Time) // bucketOf has validated it
		first, last = "min("+column+")", "max("+column+")"
	}
	if len(joins) == 0 && len(counted) == len(shown) { // one step does
		counted = append(counted, bucket)
		return "SELECT " + strings.Join(counted, ", ") + ", count(*), " + first + ", " + last + " FROM " + table + groupBy(len(counted)), values, nil
	}
	counted = append(counted, bucket)
	shown = append(shown, "g.bucket")
	ids := "SELECT " + strings.Join(counted, ", ") + " AS bucket, count(*) AS n, " + first + " AS first, " + last + " AS last FROM " + table + groupBy(len(counted))
	source := " FROM (" + ids + ") AS g" + strings.Join(joins, "")
	if len(p.hidden) > 0 { // added up by the derived texts, not twice
		return "SELECT " + strings.Join(shown, ", ") + ", g.n, g.first, g.last" + source, values, nil
	}
	return "SELECT " + strings.Join(shown, ", ") + ", sum(g.n), min(g.first), max(g.last)" + source + groupBy(len(shown)), values, nil
}

// bucketOf returns the expression for the start of an alert's bucket. SQLite's
// remainder has the sign of its left side, but buckets before 1970 start at
// multiples too.
func bucketOf(f store.Filter, g store.Grouping) (string, error) {
	column, err := timeColumn(f.Time)
	switch {
	case err != nil:
		return "", err
	case g.Bucket == 0:
		return "0", nil
	case g.Bucket < 0 || g.Bucket%time.Second != 0:
		return "", fmt.Errorf("bucket %v: must be whole seconds", g.Bucket)
	}
	width := int64(g.Bucket / time.Second)
	return fmt.Sprintf("%[1]s - (%[1]s %% %[2]d + %[2]d) %% %[2]d", column, width), nil
}

// groupBy groups by the first n columns.
func groupBy(n int) string {
	numbers := make([]string, n)
	for i := range numbers {
		numbers[i] = fmt.Sprint(i + 1)
	}
	return " GROUP BY " + strings.Join(numbers, ", ")
}

func appendNew(list []string, s string) []string {
	if slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

// keyed is a group with the addresses in its key, which are not in the order
// of their texts.
type keyed struct {
	store.Group
	addrs []netip.Addr // one a dimension, zero for texts
}

// scan reads a row of query.
func (p *plan) scan(rows *sql.Rows) (keyed, error) {
	k := keyed{addrs: make([]netip.Addr, len(p.By))}
	k.Key = make([]string, len(p.By))
	values := make([]any, len(p.columns))
	dest := make([]any, len(values), len(values)+4)
	for i := range values {
		dest[i] = &values[i]
	}
	var start int64
	var first, last sql.NullInt64 // NULL without alerts
	if err := rows.Scan(append(dest, &start, &k.Count, &first, &last)...); err != nil {
		return k, err
	}
	var d alert.Document
	for i, h := range p.hidden {
		if err := h.set(&d, values[p.hiddenAt[i]]); err != nil {
			return k, err
		}
	}
	for i, dim := range p.dims {
		if dim.derived != nil {
			k.Key[i] = dim.derived(&d)
			continue
		}
		k.Key[i], k.addrs[i] = textOf(p.By[i], values[p.dimAt[i]])
	}
	if p.Bucket != 0 {
		k.Start = decodeTime(start)
	}
	if p.Times {
		k.First, k.Last = decodeTime(first.Int64), decodeTime(last.Int64)
	}
	return k, nil
}

// textOf decodes the column of a dimension, and the address in it.
func textOf(by store.Dimension, v any) (text string, addr netip.Addr) {
	switch by {
	case store.SourceIP, store.TargetIP:
		return decodeAddr(v)
	case store.ExternalIP: // a text of the dictionary
		text = decodeText(v)
		addr, _ = netip.ParseAddr(text)
		return text, addr
	case store.TargetPort:
		return decodePort(v), addr
	default:
		return decodeText(v), addr
	}
}
