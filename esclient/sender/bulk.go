package sender

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"go.uber.org/zap"

	"github.com/peba-edge/peba/esclient/cluster"
)

// Poster does one HTTP exchange: it posts body, which is JSON or newline-delimited
// JSON, to a path of the cluster. err is for no answer, or not the whole of one.
type Poster func(ctx context.Context, path string, body []byte) (status int, answer []byte, err error)

// action is one document on its way to the cluster.
type action struct {
	op, index, id string
	lines         []byte // as they stand in a bulk request
	tries         tries  // so far
}

// result is what came of an action.
type result struct {
	outcome outcome
	reason  string // why, when it was not stored
	tries   tries
}

// tries are what was seen of a document so far.
type tries struct {
	sends int
	// unsure is for one that may have taken effect though no answer said so.
	unsure bool
	// refusals is how often the cluster found fault with it, and refused when it was
	// sent as that happened first.
	refusals int
	refused  time.Time
}

// bulk sends actions in as many requests as they need, and returns what came of
// each, in their order. An error says that the cluster takes nothing right now: actions that were
// not answered by then are pending.
func (s *Sender) bulk(ctx context.Context, actions []action) ([]result, error) {
	refused, err := s.prepare(ctx, actions)
	if err != nil {
		return notSent(actions), err
	}
	if len(refused) == 0 {
		return s.cut(ctx, actions)
	}
	results := notSent(actions)
	var sendable []action
	var places []int // in results
	for i, a := range actions {
		if reason, ok := refused[a.index]; ok {
			results[i].outcome, results[i].reason = outcomeBlocked, reason
			continue
		}
		sendable, places = append(sendable, a), append(places, i)
	}
	sent, err := s.cut(ctx, sendable)
	for k, r := range sent {
		results[places[k]] = r
	}
	return results, err
}

// notSent returns the results of actions that are pending.
func notSent(actions []action) []result {
	results := make([]result, len(actions))
	for i := range actions {
		results[i].tries = actions[i].tries
	}
	return results
}

// cut sends actions in requests of the size of the moment.
func (s *Sender) cut(ctx context.Context, actions []action) (results []result, err error) {
	results = make([]result, 0, len(actions))
	for len(actions) > 0 && err == nil {
		n := fitting(actions, s.size.limit())
		var some []result
		some, err = s.deliver(ctx, actions[:n])
		results, actions = append(results, some...), actions[n:]
	}
	return append(results, notSent(actions)...), err
}

// fitting tells how many actions make a request of at most limit bytes: one, if
// that is larger.
func fitting(actions []action, limit int) int {
	size := 0
	for n := range actions {
		size += len(actions[n].lines)
		if size > limit && n > 0 {
			return n
		}
	}
	return len(actions)
}

// deliver sends actions as one request, and in parts when that is refused as a
// whole: until they are small enough, or the document at fault is alone.
func (s *Sender) deliver(ctx context.Context, actions []action) ([]result, error) {
	start := time.Now()
	results, err := s.exchange(ctx, actions, start)
	refusal := asRefusal(err)
	if !splits(refusal) {
		return results, err
	}
	if len(actions) == 1 {
		return []result{s.refuseAlone(actions[0].index, results[0].tries, refusal, start)}, nil
	}
	s.log.Debug("retrying a bulk request in parts", zap.Int("actions", len(actions)), zap.Int("status", refusal.Status), zap.Error(refusal))
	actions = again(actions, results)
	if refusal.Status == statusTooLarge {
		return s.cut(ctx, actions) // the limit is half of it now
	}
	half := len(actions) / 2
	results, err = s.deliver(ctx, actions[:half])
	if err != nil {
		return append(results, notSent(actions[half:])...), err
	}
	others, err := s.deliver(ctx, actions[half:])
	return append(results, others...), err
}

// again returns actions that are to be sent after a try with those results.
func again(actions []action, results []result) []action {
	next := make([]action, len(actions))
	for i, a := range actions {
		a.tries = results[i].tries
		next[i] = a
	}
	return next
}

// exchange sends one request, at start, and returns what came of each action. With an error
// all are pending.
func (s *Sender) exchange(ctx context.Context, actions []action, start time.Time) ([]result, error) {
	body := make([]byte, 0, totalSize(actions)) // a new one: the transport may read it after an error
	results := notSent(actions)
	repeated := 0
	for i := range actions {
		body = append(body, actions[i].lines...)
		if results[i].tries.sends > 0 {
			repeated++
		}
		results[i].tries.sends++
	}
	s.count(Retried, repeated)
	answer, err := s.ask(ctx, cluster.BulkPath, body)
	took := time.Since(start)
	var items []cluster.Item
	if err == nil {
		items, err = cluster.ReadBulk(answer, len(actions), func(i int) (op, id string) { return actions[i].op, actions[i].id })
		if err != nil {
			err = s.health.failed(err)
		}
	}
	if err != nil {
		s.size.failed(err, len(body), len(actions))
		if !definite(asRefusal(err)) {
			for i := range results {
				results[i].tries.unsure = true
			}
		}
		return results, err
	}
	s.health.answered()
	s.size.answered(len(body), took)
	s.judge(actions, items, start, results)
	return results, nil
}

// ask posts one request and returns the answer of a cluster that did its work. The
// caller tells health once it has read it.
func (s *Sender) ask(ctx context.Context, path string, body []byte) ([]byte, error) {
	if err := ctx.Err(); err != nil { // frames that another worker gave back may have been taken meanwhile
		return nil, err
	}
	within, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	status, answer, err := s.post(within, path, body)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, s.health.failed(fmt.Errorf("no answer: %w", err))
	}
	if status != http.StatusOK {
		return nil, s.health.failed(cluster.NewError(http.MethodPost, path, status, answer))
	}
	return answer, nil
}

func totalSize(actions []action) int {
	size := 0
	for i := range actions {
		size += len(actions[i].lines)
	}
	return size
}
