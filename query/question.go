// Package query is the questions of contract §3: what each is called, which
// parameters it takes, how long its answer holds, and how it is put to a store.
// One file a question; All lists them.
package query

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/peba-edge/peba/store"
)

// Question is one endpoint of contract §3.
type Question struct {
	// Name is the last part of the legacy path, such as "retrieveIPs".
	Name string
	// Summary says in a sentence what the answer is.
	Summary string
	// Private questions are answered to authenticated users only.
	Private bool
	// TTL is how long an answer holds; zero means it is not cached.
	TTL func(args Args, now time.Time) time.Duration
	// Params are the parameters it knows; ci, which all questions know, is not
	// listed. Others are ignored and do not count towards the cache key.
	Params []Param
	// ContentType tells the media type of the answer; nil means JSON.
	ContentType func(args Args) string
	// Ask puts the question to a store and returns the answer's bytes.
	Ask func(ctx context.Context, in Input) ([]byte, error)
}

// Input is what a question is answered from.
type Input struct {
	Reader store.Reader
	// Now is the time of the question, in UTC.
	Now time.Time
	Args
	Settings
}

// Settings are the operator's choices that answers depend on.
type Settings struct {
	// BadIPWindow is how far back retrieveIPs looks (contract: 120 minutes).
	BadIPWindow time.Duration
	// MaxAlerts is the length of the lists of retrieveAlertsCyber and
	// querySingleIP (contract: 1000).
	MaxAlerts int
	// Home is shown for alerts whose coordinates are unknown, in degrees.
	HomeLatitude, HomeLongitude float64
}

// Media types of answers.
const (
	JSON = "application/json"
	XML  = "text/xml; charset=utf-8"
)

// Args are a request's parameters, parsed and checked.
type Args struct {
	// Domain is what ci asks for.
	Domain store.Domain
	values []any // one a Param, in the order of Question.Params
	params []Param
}

// Parse reads the parameters of a request. An error is a *ParamError.
func (q *Question) Parse(values url.Values) (Args, error) {
	args := Args{Domain: parseDomain(values.Get("ci")), params: q.Params}
	if len(q.Params) == 0 {
		return args, nil
	}
	args.values = make([]any, len(q.Params))
	for i, p := range q.Params {
		raw, given := values[p.Name]
		if !given || len(raw) == 0 {
			if p.Required {
				return Args{}, &ParamError{Param: p.Name, Missing: true, Allowed: p.Allowed}
			}
			args.values[i] = p.Default
			continue
		}
		v, err := p.parse(raw[0])
		if err != nil {
			return Args{}, &ParamError{Param: p.Name, Value: raw[0], Allowed: p.Allowed}
		}
		args.values[i] = v
	}
	return args, nil
}

// Media returns the media type of the answer to args.
func (q *Question) Media(args Args) string {
	if q.ContentType == nil {
		return JSON
	}
	return q.ContentType(args)
}

// Key names the answer to args in a cache: two requests with the same key have
// the same answer.
func (q *Question) Key(args Args) string {
	var b strings.Builder
	b.WriteString(q.Name)
	fmt.Fprintf(&b, "?ci=%d", args.Domain)
	for i, v := range args.values {
		fmt.Fprintf(&b, "&%s=%s", args.params[i].Name, url.QueryEscape(fmt.Sprint(v)))
	}
	return b.String()
}

// parseDomain reads ci, of which no value is wrong (contract §3).
func parseDomain(ci string) store.Domain {
	switch ci {
	case "0":
		return store.Private
	case "-1":
		return store.Both
	default:
		return store.Community
	}
}

// value returns the parsed value of a parameter. A name that the question does
// not list is a mistake in the program.
func value[T any](a Args, name string) T {
	for i, p := range a.params {
		if p.Name == name {
			v, _ := a.values[i].(T)
			return v
		}
	}
	panic("query: no parameter " + name)
}

// fixed is the TTL of answers that always hold for d.
func fixed(d time.Duration) func(Args, time.Time) time.Duration {
	return func(Args, time.Time) time.Duration { return d }
}
