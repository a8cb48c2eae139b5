package collector

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/netip"
	"time"

	"go.uber.org/zap"

	"github.com/peba-edge/peba/cache"
	"github.com/peba-edge/peba/query"
	"github.com/peba-edge/peba/store"
)

// Reader is a private user who may ask private questions.
type Reader struct {
	// Name is the user's name.
	Name string
	// CommunityOnly readers see the community's data whatever they ask for.
	CommunityOnly bool
}

// Answer returns the answer to one question, from the cache where that is fresh.
// An older one is returned, with the status cache.Stale, while a new one is being
// computed, and when the store fails; if none is left then, the error wraps
// store.ErrUnavailable.
// reader is nil for those who have not logged in; the error is ErrPrivateDomain if they
// may not see what they ask for.
func (a *App) Answer(ctx context.Context, q *query.Question, args query.Args, reader *Reader) (cache.Result, error) {
	if err := a.wait(ctx); err != nil {
		return cache.Result{}, err
	}
	domain, err := a.domainFor(reader, args.Domain)
	if err != nil {
		return cache.Result{}, err
	}
	args = args.Restrict(domain)
	now := time.Now().UTC()
	result, err := a.loader.Load(ctx, a.cacheKey(q, args), a.age.ttl(q, args, now), a.fill(q, args, now))
	if err != nil {
		a.counters[q][noAnswer].Inc()
		return cache.Result{}, fmt.Errorf("answering %s: %w", q.Name, err)
	}
	if result.Err != nil {
		a.requests.Error("an old answer was given: there is no newer one",
			zap.String("question", q.Name), zap.Duration("age", result.Age), zap.Error(result.Err))
	}
	a.counters[q][result.Status.String()].Inc()
	return result, nil
}

// cacheKey names an answer in the cache, which other configurations share:
// after a reload, and with other nodes.
func (a *App) cacheKey(q *query.Question, args query.Args) string {
	return a.keyPrefix + q.Key(args)
}

// newKeyPrefix is a digest of what answers depend on beside their question.
func newKeyPrefix(storeConfig string, settings query.Settings) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %+v", storeConfig, settings))
	return hex.EncodeToString(sum[:6]) + " "
}

// newSlots returns the room that there is for questions that are much work.
func newSlots() map[*query.Question]chan struct{} {
	slots := make(map[*query.Question]chan struct{})
	for _, q := range query.All() {
		if q.AtOnce > 0 {
			slots[q] = make(chan struct{}, q.AtOnce)
		}
	}
	return slots
}

// fill returns what computes an answer.
func (a *App) fill(q *query.Question, args query.Args, now time.Time) func(context.Context) ([]byte, error) {
	return func(ctx context.Context) ([]byte, error) {
		if slots := a.slots[q]; slots != nil {
			select {
			case slots <- struct{}{}:
				defer func() { <-slots }()
			case <-ctx.Done():
				return nil, fmt.Errorf("waiting for others to be computed: %w: %w", store.ErrUnavailable, ctx.Err())
			}
		}
		return q.Ask(ctx, query.Input{Reader: upToDate{a.store, a.roster}, Now: now, Args: args, Settings: a.settings})
	}
}

// LogIn checks the credentials of somebody who wants to ask private questions
// (contract §2). The error for wrong ones is an *AuthError.
func (a *App) LogIn(ctx context.Context, user, token string, source netip.Addr) (*Reader, error) {
	if err := a.wait(ctx); err != nil {
		return nil, err
	}
	who, err := a.logins.authenticate(ctx, credentials{user, token}, source, forReading)
	if err != nil {
		return nil, err
	}
	return &Reader{Name: who.name, CommunityOnly: who.communityOnly}, nil
}
