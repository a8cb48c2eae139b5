package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/peba-edge/peba/cache"
	"github.com/peba-edge/peba/content"
	"github.com/peba-edge/peba/query"
	"github.com/peba-edge/peba/store"
)

// Answer is the answer to a question.
type Answer struct {
	Body content.Body
	// Status says where the answer comes from.
	Status cache.Status
	// Age is the time since its computation began, Fresh how long it stays fresh.
	Age, Fresh time.Duration
}

// Answer returns the answer to one question, from the cache if that is fresh. While a
// new one is being computed, and when the store fails, it returns an older one with the
// status cache.Stale. If the store fails and there is no older answer, the error wraps
// store.ErrUnavailable. reader is nil for clients without a login; the error is
// ErrPrivateDomain if they may not see the answer.
func (a *App) Answer(ctx context.Context, q *query.Question, args query.Args, reader *Reader) (Answer, error) {
	if err := a.wait(ctx); err != nil {
		return Answer{}, err
	}
	domain, err := a.domainFor(reader, args.Domain)
	if err != nil {
		return Answer{}, err
	}
	args = args.Restrict(domain)
	now := time.Now().UTC()
	ttl := a.warmup.ttl(q, args, now)
	result, err := a.loader.Load(ctx, a.cacheKey(q, args), ttl, a.fill(q, args, ttl, now))
	if err != nil {
		a.counters[q][noAnswer].Inc()
		return Answer{}, fmt.Errorf("answering %s: %w", q.Name, err)
	}
	if result.Err != nil {
		a.requests.Error("computing an answer failed: an older one was served",
			zap.String("question", q.Name), zap.Duration("age", result.Age), zap.Error(result.Err))
	}
	body, ok := content.Parse(result.Value)
	if !ok {
		return Answer{}, fmt.Errorf("answering %s: the cache has %d bytes that are not an answer", q.Name, len(result.Value))
	}
	a.counters[q][result.Status.String()].Inc()
	return Answer{Body: body, Status: result.Status, Age: result.Age, Fresh: result.Fresh}, nil
}

// cacheKey returns the key of an answer in the cache, which configurations
// share after a reload and across nodes.
func (a *App) cacheKey(q *query.Question, args query.Args) string {
	return a.keyPrefix + q.Key(args)
}

// newKeyPrefix returns a digest of everything that answers depend on besides
// their question.
func newKeyPrefix(storeConfig string, settings query.Settings) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %s %+v", content.Format, storeConfig, settings))
	return hex.EncodeToString(sum[:6]) + " "
}

// newSlots returns semaphores for expensive questions.
func newSlots() map[*query.Question]chan struct{} {
	slots := make(map[*query.Question]chan struct{})
	for _, q := range query.All() {
		if q.AtOnce > 0 {
			slots[q] = make(chan struct{}, q.AtOnce)
		}
	}
	return slots
}

// fill returns a function that computes an answer, as bytes of a content.Body. An answer
// that is not cached has no encoded forms: Caddy's encode handler may compress it.
func (a *App) fill(q *query.Question, args query.Args, ttl time.Duration, now time.Time) func(context.Context) ([]byte, error) {
	return func(ctx context.Context) ([]byte, error) {
		if slots := a.slots[q]; slots != nil {
			select {
			case slots <- struct{}{}:
				defer func() { <-slots }()
			case <-ctx.Done():
				return nil, fmt.Errorf("waiting for other computations: %w: %w", store.ErrUnavailable, ctx.Err())
			}
		}
		value, err := q.Ask(ctx, a.input(args, now))
		if err != nil {
			return nil, err
		}
		body := content.Plain(value)
		if ttl > 0 {
			body = a.encoder.Encode(value)
		}
		return body.Append(make([]byte, 0, body.Size())), nil
	}
}

// input is what questions are answered from.
func (a *App) input(args query.Args, now time.Time) query.Input {
	return query.Input{Reader: a.store, Counter: a.sensors, Feeds: a.snapshots, Now: now, Args: args, Settings: a.settings}
}
