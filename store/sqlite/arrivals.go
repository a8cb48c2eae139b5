package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/peba-edge/peba/sqlitedb"
	"github.com/peba-edge/peba/store"
)

// arrivalSeconds is the span for counts of arrivals: half a slot of the
// roll-ups, for fine steps of a day.
const arrivalSeconds = 300

// arrival is the key of a row of arrivals.
type arrival struct{ community, start int64 }

// arrivals counts the new alerts of a transaction by time of arrival.
type arrivals struct {
	add    *sqlitedb.Statement
	counts map[arrival]int64
}

func newArrivals(ctx context.Context, c *sqlitedb.Conn) (a arrivals, err error) {
	a.counts = make(map[arrival]int64)
	a.add, err = c.Keep(ctx, `INSERT INTO arrivals (community, start, alerts) VALUES (?, ?, ?)
		ON CONFLICT DO UPDATE SET alerts = alerts + excluded.alerts`)
	return a, err
}

// count notes a new alert.
func (a *arrivals) count(community, received int64) {
	a.counts[arrival{community, floorTo(received, arrivalSeconds)}]++
}

// flush writes the counts, at the end of a transaction.
func (a *arrivals) flush() error {
	var errs []error
	for at, n := range a.counts {
		_, _, err := a.add.Exec(context.Background(), at.community, at.start, n)
		errs = append(errs, err)
	}
	clear(a.counts)
	return errors.Join(errs...)
}

// byArrival reports whether the counts of arrivals alone answer a question: the
// number of alerts in each of some spans.
func byArrival(f store.Filter, g store.Grouping) bool {
	whole := func(t time.Time) bool { return t.Nanosecond() == 0 && t.Unix()%arrivalSeconds == 0 }
	return f.Time == store.Received && f.SourceIP == "" && f.PeerType == "" && len(g.By) == 0 && !g.Times &&
		g.Bucket > 0 && g.Bucket%(arrivalSeconds*time.Second) == 0 &&
		!f.From.IsZero() && !f.To.IsZero() && whole(f.From) && whole(f.To)
}

// arrived answers it.
func arrived(ctx context.Context, tx *sql.Tx, f store.Filter, g store.Grouping) ([]keyed, error) {
	domain, err := communities(f.Domain)
	if err != nil {
		return nil, err
	}
	counts := make(map[int64]int64)
	for _, community := range domain {
		query := fmt.Sprintf("SELECT start, alerts FROM arrivals WHERE community = %s AND start >= ? AND start < ?", community)
		err := eachRow(ctx, tx, query, []any{f.From.Unix(), f.To.Unix()}, func(rows *sql.Rows) error {
			var start, n int64
			err := rows.Scan(&start, &n)
			counts[floorTo(start, int64(g.Bucket/time.Second))] += n
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	found := make([]keyed, 0, len(counts))
	for start, n := range counts {
		found = append(found, keyed{Group: store.Group{Key: []string{}, Start: decodeTime(start), Count: n}})
	}
	return found, nil
}

// retireArrivals deletes the counts of five minutes that ended before the limit,
// whose alerts were deleted.
func (d *database) retireArrivals(ctx context.Context, limit int64) error {
	return d.do(ctx, &job{rows: retireRows, work: func(w *writer) error {
		_, err := w.change("DELETE FROM arrivals WHERE community IN (0, 1) AND start < ?", floorTo(limit, arrivalSeconds))
		return err
	}})
}
