package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
)

// group answers from roll-ups where they can, or from the counts of arrivals, and
// else from the alerts.
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
		if d.writer.keys.Load() == keys { // else some were deleted
			return ranked(found, g), nil
		}
	}
}

// groupAlerts counts by ids first, and by the texts that they stand for
// afterwards, when few rows are left.
func groupAlerts(ctx context.Context, tx *sql.Tx, f store.Filter, g store.Grouping) ([]keyed, error) {
	query, values, err := groupQuery(f, g)
	if err != nil {
		return nil, err
	}
	var found []keyed
	err = eachRow(ctx, tx, query, values, func(rows *sql.Rows) error {
		k, err := scanGroup(rows, g)
		if err == nil && k.Count > 0 { // without GROUP BY there is a row for nothing too
			found = append(found, k)
		}
		return err
	})
	if isDerived(g) {
		found = added(found)
	}
	return found, err
}

// added makes one group of those with the same key and bucket.
func added(found []keyed) []keyed {
	known := make(map[string]int, len(found))
	sum := found[:0]
	for _, k := range found {
		name := strconv.FormatInt(k.Start.Unix(), 10) + " " + k.name()
		at, there := known[name]
		if !there {
			known[name] = len(sum)
			sum = append(sum, k)
			continue
		}
		sum[at].Count += k.Count
		if k.First.Before(sum[at].First) {
			sum[at].First = k.First
		}
		if k.Last.After(sum[at].Last) {
			sum[at].Last = k.Last
		}
	}
	return sum
}

// ranked keeps the groups of the top keys and puts them in order. What is sorted
// is their places, first by key, in which order most groups come already, and then
// by count: comparing keys is dear, and so is moving groups.
func ranked(found []keyed, g store.Grouping) []store.Group {
	if g.Top > 0 && g.Bucket > 0 {
		found = withKeys(found, topKeys(found, g.Top))
	}
	byKey := make([]int, len(found))
	for i := range byKey {
		byKey[i] = i
	}
	slices.SortFunc(byKey, func(a, b int) int { return found[a].compareKeys(&found[b]) })
	type place struct{ count, rank int64 }
	order := make([]place, len(found))
	for rank, at := range byKey {
		order[rank] = place{found[at].Count, int64(rank)}
	}
	slices.SortFunc(order, func(a, b place) int {
		if a.count != b.count {
			return cmp.Compare(b.count, a.count)
		}
		return cmp.Compare(a.rank, b.rank)
	})
	if g.Top > 0 && g.Bucket == 0 {
		order = order[:min(g.Top, len(order))]
	}
	groups := make([]store.Group, len(order))
	for i, p := range order {
		groups[i] = found[byKey[p.rank]].Group
	}
	return groups
}

// groupQuery returns a query for the dimensions, hiddenColumns if one is derived, the
// bucket (seconds since the epoch, or 0), the count, and the first and last time.
func groupQuery(f store.Filter, g store.Grouping) (query string, values []any, err error) {
	table, values, err := from(f)
	if err != nil {
		return "", nil, err
	}
	bucket, err := bucketOf(f, g)
	if err != nil {
		return "", nil, err
	}
	var counted, shown, joins []string
	for _, by := range g.By {
		dim, ok := dimensions[by]
		if !ok {
			return "", nil, fmt.Errorf("unknown dimension %d to group by", by)
		}
		if dim.derived == nil {
			counted = appendNew(counted, dim.column)
		}
		if dim.derived != nil {
			shown = append(shown, "NULL")
			continue
		}
		if dim.from == "" {
			shown = append(shown, "g."+dim.column)
			continue
		}
		shown = append(shown, dim.text)
		joins = appendNew(joins, " LEFT JOIN "+dim.from)
	}
	first, last := "0", "0"
	if g.Times {
		column, _ := timeColumn(f.Time) // bucketOf has found it good
		first, last = "min("+column+")", "max("+column+")"
	}
	if len(joins) == 0 && len(counted) == len(g.By) { // one step does
		counted = append(counted, bucket)
		return "SELECT " + strings.Join(counted, ", ") + ", count(*), " + first + ", " + last + " FROM " + table + groupBy(len(counted)), values, nil
	}
	if isDerived(g) {
		shown = append(shown, hiddenColumns...)
		joins = appendNew(joins, " LEFT JOIN "+dimensions[store.PeerType].from)
		for _, column := range hiddenCounted {
			counted = appendNew(counted, column)
		}
	}
	counted = append(counted, bucket)
	shown = append(shown, "g.bucket")
	ids := "SELECT " + strings.Join(counted, ", ") + " AS bucket, count(*) AS n, " + first + " AS first, " + last + " AS last FROM " + table + groupBy(len(counted))
	query = "SELECT " + strings.Join(shown, ", ") + ", sum(g.n), min(g.first), max(g.last) FROM (" + ids + ") AS g" +
		strings.Join(joins, "") + groupBy(len(shown))
	return query, values, nil
}

// bucketOf returns the expression for the start of an alert's bucket. SQLite's
// remainder has the sign of its left side, and buckets before 1970 start at
// multiples as well.
func bucketOf(f store.Filter, g store.Grouping) (string, error) {
	column, err := timeColumn(f.Time)
	switch {
	case err != nil:
		return "", err
	case g.Bucket == 0:
		return "0", nil
	case g.Bucket < 0 || g.Bucket%time.Second != 0:
		return "", fmt.Errorf("bucket %v: allowed are whole seconds", g.Bucket)
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

// compare is the order of store.Reader.Group.
func (k *keyed) compare(other *keyed) int {
	return cmp.Or(cmp.Compare(other.Count, k.Count), k.compareKeys(other))
}

// compareKeys is the order of equal counts.
func (k *keyed) compareKeys(other *keyed) int {
	if c := k.Start.Compare(other.Start); c != 0 {
		return c
	}
	for i := range k.Key {
		if c := k.addrs[i].Compare(other.addrs[i]); c != 0 {
			return c
		}
		if c := strings.Compare(k.Key[i], other.Key[i]); c != 0 {
			return c
		}
	}
	return 0
}

// name is the key as one text, different for different keys.
func (k keyed) name() string { return fmt.Sprintf("%q", k.Key) }

// topKeys returns the names of the n keys that occur most over all buckets.
func topKeys(found []keyed, n int) map[string]bool {
	place := make(map[string]int)
	var totals []keyed
	for _, k := range found {
		name := k.name()
		i, ok := place[name]
		if !ok {
			i = len(totals)
			place[name] = i
			totals = append(totals, keyed{Group: store.Group{Key: k.Key}, addrs: k.addrs})
		}
		totals[i].Count += k.Count
	}
	slices.SortFunc(totals, func(a, b keyed) int { return a.compare(&b) })
	top := make(map[string]bool)
	for _, k := range totals[:min(n, len(totals))] {
		top[k.name()] = true
	}
	return top
}

// withKeys keeps the groups whose key is wanted.
func withKeys(found []keyed, wanted map[string]bool) []keyed {
	return slices.DeleteFunc(found, func(k keyed) bool { return !wanted[k.name()] })
}

// scanGroup reads a row of groupQuery.
func scanGroup(rows *sql.Rows, g store.Grouping) (keyed, error) {
	k := keyed{addrs: make([]netip.Addr, len(g.By))}
	k.Key = make([]string, len(g.By))
	values := make([]any, len(g.By), len(g.By)+len(hiddenColumns))
	if isDerived(g) {
		values = values[:cap(values)]
	}
	dest := make([]any, len(values), len(values)+4)
	for i := range values {
		dest[i] = &values[i]
	}
	var start int64
	var first, last sql.NullInt64 // NULL of no alerts
	if err := rows.Scan(append(dest, &start, &k.Count, &first, &last)...); err != nil {
		return k, err
	}
	var d alert.Document
	if hidden := (columns{values[len(g.By):]}); len(hidden.left) > 0 {
		d.SourceEntryIP, d.PeerType, d.ExternalIP = hidden.addr(), hidden.text(), hidden.text()
		texts, _ := hidden.next().([]byte)
		if err := decodeTexts(texts, &d); err != nil {
			return k, err
		}
	}
	for i, by := range g.By {
		switch derived := dimensions[by].derived; {
		case derived != nil:
			k.Key[i] = derived(&d)
		case by == store.SourceIP || by == store.TargetIP:
			k.Key[i], k.addrs[i] = decodeAddr(values[i])
		case by == store.TargetPort:
			k.Key[i] = decodePort(values[i])
		default:
			k.Key[i] = decodeText(values[i])
		}
	}
	if g.Bucket != 0 {
		k.Start = decodeTime(start)
	}
	if g.Times {
		k.First, k.Last = decodeTime(first.Int64), decodeTime(last.Int64)
	}
	return k, nil
}
