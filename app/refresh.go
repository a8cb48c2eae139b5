package app

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"

	"github.com/peba-edge/peba/query"
)

// Refresh is a set of questions whose answers are kept fresh. Every node may do so: it
// skips answers that another node has put into a shared cache.
type Refresh struct {
	// Interval at which answers that would expire before the next check are computed again:
	// from 1s to the time that the answers are cached for.
	Every caddy.Duration `json:"every"`

	// Names of the questions, with parameters as in a URL, such as
	// "retrieveAlertsJson?ci=-1&topx=35".
	Questions []string `json:"questions"`

	parsed []refreshed
}

// refreshed is one question with its parameters.
type refreshed struct {
	question *query.Question
	args     query.Args
}

// parse reads the questions.
func (r *Refresh) parse() error {
	if r == nil || len(r.Questions) == 0 {
		return errors.New("refresh: an entry names no questions")
	}
	if r.Every < caddy.Duration(time.Second) {
		return fmt.Errorf("refresh: every: got %v, must be at least 1s", time.Duration(r.Every))
	}
	r.parsed = nil
	for _, text := range r.Questions {
		parsed, err := parseRefreshed(text)
		if err == nil {
			err = parsed.checkEvery(time.Duration(r.Every))
		}
		if err != nil {
			return err
		}
		r.parsed = append(r.parsed, parsed)
	}
	return nil
}

// parseRefreshed parses NAME or NAME?PARAMETERS.
func parseRefreshed(text string) (refreshed, error) {
	name, rawQuery, _ := strings.Cut(text, "?")
	question, ok := query.Named(name)
	if !ok {
		return refreshed{}, fmt.Errorf("refresh: unknown question %q: must be one of %s", name, strings.Join(query.Names(), ", "))
	}
	values, err := url.ParseQuery(rawQuery)
	if err != nil {
		return refreshed{}, fmt.Errorf("refresh: parameters %q: %w", rawQuery, err)
	}
	for given := range values {
		if given != "ci" && !question.Takes(given) {
			return refreshed{}, fmt.Errorf("refresh: %s has no parameter %q", name, given)
		}
	}
	args, err := question.Parse(values)
	if err != nil {
		return refreshed{}, fmt.Errorf("refresh: %s: %w", name, err)
	}
	return refreshed{question, args}, nil
}

// checkEvery rejects an interval longer than the cache lifetime of an answer: it
// would expire in between, and a client would wait for the next one.
func (r refreshed) checkEvery(every time.Duration) error {
	switch ttl := r.question.TTL(r.args, time.Now().UTC()); {
	case ttl <= 0:
		return fmt.Errorf("refresh: the answer to %s is not cached: remove it", r.question.Name)
	case every > ttl:
		return fmt.Errorf("refresh: the interval exceeds the cache lifetime of %s: got %v, must be at most %v", r.question.Name, every, ttl)
	}
	return nil
}

// refresh computes answers before they expire, until ctx ends. Failures are
// logged and retried at the next interval.
func (a *App) refresh(ctx context.Context, r *Refresh) {
	every := time.Duration(r.Every)
	repeat(ctx, every, func() {
		for _, item := range r.parsed {
			now := time.Now().UTC()
			ttl := a.warmup.ttl(item.question, item.args, now)
			err := a.loader.Refresh(ctx, a.cacheKey(item.question, item.args), ttl, every, a.fill(item.question, item.args, ttl, now))
			if err != nil && !errors.Is(err, context.Canceled) {
				a.logger.Error("refreshing an answer", zap.String("question", item.question.Name), zap.Error(err))
			}
		}
	})
}
