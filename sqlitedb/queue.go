package sqlitedb

import (
	"context"
	"maps"
	"sync"
	"sync/atomic"

	"github.com/peba-edge/peba/sqlitedb/sabotage"
)

// Queue passes the work of many callers to one goroutine, which commits
// everything queued in one transaction (group commit): commits are expensive,
// and this shares their cost. Nothing is delayed to enlarge groups: the next
// group collects while one commits.
type Queue[W any] struct {
	jobs        chan *job[W]
	rows, bytes int // limits of a group

	mu       sync.Mutex
	failures map[string]int64 // failed commits by Cause
}

// job is work that takes effect as a whole. It may run twice, if another job of
// its group failed.
type job[W any] struct {
	work        W
	rows, bytes int
	done        chan error // takes one

	// taken is set by the goroutine when it starts the job, or by the caller
	// when it gives up; the first one wins.
	taken atomic.Bool
}

// NewQueue returns a queue with groups of at most so many rows or bytes, so
// that the first job of a group does not wait long for the last.
func NewQueue[W any](rows, bytes int) *Queue[W] {
	return &Queue[W]{jobs: make(chan *job[W], 64), rows: rows, bytes: bytes, failures: make(map[string]int64)}
}

// Do queues work that counts as so many rows and bytes, and returns when it is
// committed. If ctx ends before the work has started, it returns ctx's error
// and the work is not done. After that it waits, since the work may still read
// the caller's data.
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

// Len returns the number of callers whose work has not started.
func (q *Queue[W]) Len() int { return len(q.jobs) }

// Failures returns the number of commits that failed because of the file, the
// disk or its locks, by Cause.
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

// Close lets Serve end after the queued work. Do must not be called after it.
func (q *Queue[W]) Close() { close(q.jobs) }

// Serve calls commit with each group, in order, until Close. An error of commit
// means that nothing of the group is stored. If the error is not of the file or
// the disk (IsDown), each job of the group is committed alone, so that a bad
// job does not affect others. after is called once the callers have their
// results.
func (q *Queue[W]) Serve(commit func(group []W) error, after func()) {
	for first := range q.jobs {
		q.commit(q.gather(first), commit)
		after()
	}
}

// gather returns first and the jobs queued behind it, up to the limits.
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

// commit commits the jobs and reports the result to their callers.
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
