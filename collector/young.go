package collector

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/peba-edge/peba/query"
	"github.com/peba-edge/peba/store"
)

const (
	// grownAfter is how old the oldest alert is in a store that has grown up: as
	// long as any answer about the present is kept (contract §3.2, tops).
	grownAfter = 2 * time.Hour
	// youngTTL is how long answers hold before that: counts of the first minutes
	// are soon wrong, and who sets up a server looks just then.
	youngTTL = time.Minute
)

// age tells whether the store has grown up.
type age struct{ grown atomic.Bool }

// ttl is how long an answer holds.
func (a *age) ttl(q *query.Question, args query.Args, now time.Time) time.Duration {
	ttl := q.TTL(args, now)
	if a.grown.Load() {
		return ttl
	}
	return min(ttl, youngTTL)
}

// watch looks until the store has grown up, or ctx ends. One that does not answer
// is taken for young: it is asked often, and has old answers for that.
// Where no alert gets as old as that, half its time will do.
func (a *age) watch(ctx context.Context, r store.Reader, retention time.Duration) {
	old := min(grownAfter, retention/2)
	ctx, done := context.WithCancel(ctx)
	defer done()
	repeat(ctx, youngTTL, func() {
		n, err := r.Count(ctx, store.Filter{Domain: store.Both, To: time.Now().Add(-old)})
		if err == nil && n > 0 {
			a.grown.Store(true)
			done()
		}
	})
}
