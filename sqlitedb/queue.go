package sqlitedb

import (
	"context"
	"maps"
	"sync"
	"sync/atomic"

	"github.com/peba-edge/peba/sqlitedb/sabotage"
)

// Queue brings the work of many callers to one goroutine, which commits all
// that waits in one transaction: commits are dear, and their cost is shared.
// Nothing is delayed to make groups larger: while one commits the next gathers.
type Queue[W any] struct {
	jobs        chan *job[W]
	rows, bytes int // a group ends when it has this much

	mu       sync.Mutex
	failures map[string]int64 // failed commits by Cause
}

// job is work that takes effect as a whole. It may be run twice, when a
// neighbour in its group failed.
type job[W any] struct {
	work        W
	rows, bytes int
	done        chan error // takes one

	// taken is set by the goroutine when it starts, or by a caller that gave
	// up; whoever is first has the job.
	taken atomic.Bool
}

// NewQueue returns a queue whose groups end at so many rows or bytes, so that
// the first of a group does not wait long for the last.
func NewQueue[W any](rows, bytes int) *Queue[W] {
	return &Queue[W]{jobs: make(chan *job[W], 64), rows: rows, bytes: bytes, failures: make(map[string]int64)}
}

// Do brings work, that counts as so many rows and bytes, and returns when it is
// committed. When ctx ends before the work has started it returns ctx's error,
// and the work is not done. After that it waits: what the work reads may not be
// given back before.
func (q *Queue[W]) Do(ctx context.Context, work W, rows, bytes int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	j := &job[W]{work: work, rows: rows, bytes: bytes, done: make(chan error, 1)}
	select {
	case q.jobs <- j:
	case <-ctx.Done():
		return ctx.Err()
	}
	if sabotage.Order {
		return nil
	}
	select {
	case err := <-j.done:
		return err
	case <-ctx.Done():
		if j.taken.CompareAndSwap(false, true) {
			return ctx.Err()
		}
		return <-j.done
	}
}

// Len tells how many callers wait for their work to start.
func (q *Queue[W]) Len() int { return len(q.jobs) }

// Failures returns how many commits failed because of the file, the disk or its
// locks, by Cause.
func (q *Queue[W]) Failures() map[string]int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return maps.Clone(q.failures)
}

func (q *Queue[W]) countFailure(err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.failures[Cause(err)]++
}

// Close lets Serve end after all that waits. No Do may come after it.
func (q *Queue[W]) Close() { close(q.jobs) }

// Serve calls commit with each group, in the order in which work came, until
// Close. An error of commit means that nothing of the group is left. When it is
// not one of the file or the disk (IsDown), each of the group is committed
// alone, so that a bad job costs its neighbours nothing. Callers have their
// answers when after is called.
func (q *Queue[W]) Serve(commit func(group []W) error, after func()) {
	for first := range q.jobs {
		q.commit(q.gather(first), commit)
		after()
	}
}

// gather returns first and the jobs that wait behind it, up to the limits.
func (q *Queue[W]) gather(first *job[W]) []*job[W] {
	var group []*job[W]
	rows, bytes := 0, 0
	for next, open := first, true; open; {
		if next.taken.CompareAndSwap(false, true) {
			group = append(group, next)
			rows += next.rows
			bytes += next.bytes
		}
		if rows >= q.rows || bytes >= q.bytes {
			return group
		}
		select {
		case next, open = <-q.jobs:
		default:
			return group
		}
	}
	return group
}

// commit commits the jobs and answers all of them.
func (q *Queue[W]) commit(group []*job[W], commit func([]W) error) {
	if len(group) == 0 {
		return
	}
	works := make([]W, len(group))
	for i, j := range group {
		works[i] = j.work
	}
	err := commit(works)
	if err != nil && !IsDown(err) && len(group) > 1 {
		for i := range group {
			q.commit(group[i:i+1], commit)
		}
		return
	}
	if err != nil && IsDown(err) {
		q.countFailure(err)
	}
	for _, j := range group {
		j.done <- err
	}
}
