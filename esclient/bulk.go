package esclient

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"go.uber.org/zap"

	"github.com/peba-edge/peba/alert"
)

// The path of every bulk request. The answer is cut to what is read of it; time-out
// is how long the cluster waits for a shard, and ends before the request does.
const bulkPath = "/_bulk?timeout=10s&filter_path=error,status,items.*._id,items.*.status," +
	"items.*.error.type,items.*.error.reason,items.*.error.caused_by.reason"

// The actions of a bulk request that are used.
const (
	opCreate = "create"
	opUpdate = "update"
	opIndex  = "index" // writes a document, whether it is there or not
)

// poster does one HTTP exchange: it posts body, which is JSON or newline-delimited
// JSON, to a path of the cluster. err is for no answer, or not the whole of one.
type poster func(ctx context.Context, path string, body []byte) (status int, answer []byte, err error)

// bulkAction is one document on its way to the cluster, and what came of it.
type bulkAction struct {
	op, index, id string
	lines         []byte // as they stand in a bulk request

	outcome outcome
	reason  string // why, when it was not stored
	tries
}

// tries are what was seen of a document so far.
type tries struct {
	sends int
	// unsure is for one that may have taken effect though no answer said so.
	unsure bool
	// sent is when it was sent last; refusals how often the cluster found fault with
	// it, and refused when it was sent as that happened first.
	sent, refused time.Time
	refusals      int
}

// bulkTarget is the metadata of a bulk action.
type bulkTarget struct {
	Index       string `json:"_index"`
	ID          string `json:"_id"`
	SeqNo       *int64 `json:"if_seq_no,omitempty"`
	PrimaryTerm *int64 `json:"if_primary_term,omitempty"`
}

// bulkLines writes one action of a bulk request with its source.
func bulkLines(op string, t bulkTarget, source any) ([]byte, error) {
	var b bytes.Buffer
	for _, line := range []any{map[string]bulkTarget{op: t}, source} {
		if err := writeJSON(&b, line); err != nil {
			return nil, fmt.Errorf("writing a line of a bulk request: %w", err)
		}
		b.WriteByte('\n') // there is none within
	}
	return b.Bytes(), nil
}

// appendCreate appends the action and the source of an alert that is new.
func appendCreate(b []byte, index string, d *alert.Document) []byte {
	b = append(b, `{"create":{"_index":`...)
	b = appendQuoted(b, index)
	b = append(b, `,"_id":`...)
	b = appendQuoted(b, d.ID)
	b = append(b, "}}\n"...)
	return append(d.AppendJSON(b), '\n')
}

// appendQuoted appends a JSON string; bytes that are no UTF-8 become U+FFFD.
func appendQuoted(b []byte, s string) []byte {
	b, _ = jsontext.AppendQuote(b, s) // the error tells of such bytes
	return b
}

// bulk sends actions in as many requests as they need, and notes the outcome of
// each. An error says that the cluster takes nothing right now: actions that were
// not answered by then are pending.
func (s *sender) bulk(ctx context.Context, actions []*bulkAction) error {
	for _, a := range actions {
		a.outcome = outcomePending
	}
	actions, err := s.prepare(ctx, actions)
	if err != nil {
		return err
	}
	return s.cut(ctx, actions)
}

// cut sends actions in requests of the size of the moment.
func (s *sender) cut(ctx context.Context, actions []*bulkAction) error {
	for len(actions) > 0 {
		n := fitting(actions, s.pace.limit())
		if err := s.deliver(ctx, actions[:n]); err != nil {
			return err
		}
		actions = actions[n:]
	}
	return nil
}

// fitting tells how many actions make a request of at most limit bytes: one, if
// that is larger.
func fitting(actions []*bulkAction, limit int) int {
	size := 0
	for n, a := range actions {
		size += len(a.lines)
		if size > limit && n > 0 {
			return n
		}
	}
	return len(actions)
}

// deliver sends actions as one request, and in parts when that is refused as a
// whole: until they are small enough, or the document at fault is alone.
func (s *sender) deliver(ctx context.Context, actions []*bulkAction) error {
	err := s.exchange(ctx, actions)
	var refusal *requestError
	if !errors.As(err, &refusal) || !refusal.splits() {
		return err
	}
	if len(actions) == 1 {
		s.refuseAlone(actions[0], refusal)
		return nil
	}
	s.log.Debug("a bulk request is sent again in parts",
		zap.Int("actions", len(actions)), zap.Int("status", refusal.status), zap.String("reason", refusal.reason))
	if refusal.status == statusTooLarge {
		return s.cut(ctx, actions) // the limit is half of it now
	}
	half := len(actions) / 2
	if err := s.deliver(ctx, actions[:half]); err != nil {
		return err
	}
	return s.deliver(ctx, actions[half:])
}

// exchange sends one request and reads what came of each action.
func (s *sender) exchange(ctx context.Context, actions []*bulkAction) error {
	body := make([]byte, 0, totalSize(actions)) // a new one: the transport may read it after an error
	start := time.Now()
	again := 0
	for _, a := range actions {
		body = append(body, a.lines...)
		if a.sends > 0 {
			again++
		}
		a.sends++
		a.sent = start
	}
	s.count(countRetried, again)
	answer, err := s.ask(ctx, bulkPath, body)
	took := time.Since(start)
	var items []bulkItem
	if err == nil {
		if items, err = readBulkAnswer(answer, actions); err != nil {
			err = s.health.failed(&requestError{reason: err.Error()})
		}
	}
	if err != nil {
		s.afterFailure(actions, len(body), err)
		return err
	}
	s.health.answered()
	s.pace.answered(len(body), took)
	s.settle(actions, items)
	return nil
}

// afterFailure learns from a request that failed as a whole.
func (s *sender) afterFailure(actions []*bulkAction, size int, err error) {
	var refusal *requestError
	if !errors.As(err, &refusal) {
		refusal = &requestError{} // no answer
	}
	switch {
	case refusal.status == statusTooLarge && len(actions) > 1:
		s.pace.tooLarge(size)
	case refusal.status == statusTooMany:
		s.pace.busy()
	}
	if refusal.definite() {
		return
	}
	for _, a := range actions {
		a.unsure = true
	}
}

// ask posts one request and returns the answer of a cluster that did its work. The
// caller tells health once it has read it.
func (s *sender) ask(ctx context.Context, path string, body []byte) ([]byte, error) {
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
		return nil, s.health.failed(&requestError{reason: "no answer: " + err.Error()})
	}
	if refusal := readRequestError(status, answer); refusal != nil {
		return nil, s.health.failed(refusal)
	}
	return answer, nil
}

func totalSize(actions []*bulkAction) int {
	size := 0
	for _, a := range actions {
		size += len(a.lines)
	}
	return size
}
