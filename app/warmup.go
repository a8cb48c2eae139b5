package app

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/peba-edge/peba/query"
	"github.com/peba-edge/peba/store"
)

const (
	// warmupAge is the age of the oldest alert at which a store is warm: the longest
	// cache lifetime of answers about the present (docs/CONTRACT.md §3.2, tops).
	warmupAge = 2 * time.Hour
	// warmupTTL is the maximum cache lifetime of answers before that: counts of the first
	// minutes are soon out of date, just when an operator sets up a server and watches.
	warmupTTL = time.Minute
)

// warmup shortens the cache lifetime of answers while the store is young.
type warmup struct{ done atomic.Bool }

// ttl returns the cache lifetime of an answer.
func (w *warmup) ttl(q *query.Question, args query.Args, now time.Time) time.Duration {
	ttl := q.TTL(args, now)
	if w.done.Load() {
		return ttl
	}
	return min(ttl, warmupTTL)
}

// watch checks the store until it is warm or ctx ends. A store that does not answer counts as
// cold: it is asked often, and old answers are served meanwhile. The required age is at most
// half of the retention.
func (w *warmup) watch(ctx context.Context, r store.Reader, retention time.Duration) {
	old := min(warmupAge, retention/2)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	repeat(ctx, warmupTTL, func() {
		n, err := r.Count(ctx, store.Filter{Domain: store.Both, To: time.Now().Add(-old)})
		if err == nil && n > 0 {
			w.done.Store(true)
			stop()
		}
	})
}
