// Package query is the questions of contract §3: what each is called, which
// parameters it takes, how long its answer holds, and how it is put to a store.
// One file a question; All lists them.
package query

import (
	"context"
	"net/url"
	"slices"
	"time"

	"github.com/peba-edge/peba/store"
)

// Question is one endpoint: of contract §3, or of the dashboard.
type Question struct {
	// Name is the last part of the legacy path, such as "retrieveIPs".
	Name string
	// Summary says in a sentence what the answer is.
	Summary string
	// Private questions are answered to authenticated users only.
	Private bool
	// CommunityOnly questions are about the community's alerts whatever ci says.
	CommunityOnly bool
	// Formats are the media types of the answer. Where there are two, the
	// parameter out chooses, and the first is the default.
	Formats []string
	// Answers describe the answer, one a format, in the order of Formats.
	Answers []Answer
	// AlsoEWS is set where sensors' old scripts ask below /ews-0.1 too.
	AlsoEWS bool
	// TTL is how long an answer holds; zero means it is not cached.
	TTL func(args Args, now time.Time) time.Duration
	// Params are the parameters it knows; ci, which all questions know, is not
	// listed. Others are ignored and do not count towards the cache key.
	Params []Param
	// AtOnce, if not zero, is how many of its answers are computed at the same time:
	// for one that is much work, and that anybody may ask in many ways.
	AtOnce int
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
	// ListPrivate also lists alerts of source addresses that are not globally routable.
	ListPrivate bool
	// Retention is how long alerts are kept.
	Retention time.Duration
	// Home is shown for alerts whose coordinates are unknown, in degrees.
	HomeLatitude, HomeLongitude float64
}

// Media types of answers.
const (
	JSON = "application/json"
	XML  = "text/xml; charset=utf-8"
)

// All returns the questions, in the order of contract §3, with those of
// the dashboard.
func All() []*Question {
	return []*Question{
		retrieveIPs,
		retrieveIPs15m,
		retrieveAlertsCyber,
		querySingleIP,
		enrichment,
		sensors,
		retrieveAlertsCount,
		retrieveAlertsCountWithType,
		retrieveAlertsJSON,
		datasetAlertsPerMonth,
		datasetAlertTypesPerMonth,
		retrieveAlertStats,
		topCountriesAttacks,
		retrieveLatLonAttacks,
		tpotStats,
		getStats,
		tops,
		replayDay,
		replay,
	}
}

// Named returns the question of that name, as it stands in paths.
func Named(name string) (*Question, bool) {
	for _, q := range All() {
		if q.Name == name {
			return q, true
		}
	}
	return nil, false
}

// Names returns the names of all questions, in the order of All.
func Names() []string {
	var names []string
	for _, q := range All() {
		names = append(names, q.Name)
	}
	return names
}

// Paths are where the question is asked (contract §3), the first being the one
// to document; each is served with a slash at its end as well.
func (q *Question) Paths() []string {
	paths := []string{"/alert/" + q.Name}
	if q.AlsoEWS {
		paths = append(paths, "/ews-0.1/alert/"+q.Name)
	}
	return paths
}

// Args are a request's parameters, parsed and checked.
type Args struct {
	// Domain is what ci asks for.
	Domain store.Domain
	values []value // one a Param, in the order of Question.Params
	params []Param
}

// Takes tells whether the question has a parameter of that name, ci aside.
func (q *Question) Takes(name string) bool {
	return slices.ContainsFunc(q.Params, func(p Param) bool { return p.Name == name })
}

// Parse reads the parameters of a request. An error is a *ParamError.
func (q *Question) Parse(values url.Values) (Args, error) {
	args := Args{Domain: store.Community, params: q.Params}
	if !q.CommunityOnly {
		args.Domain = ParseDomain(values)
	}
	if len(q.Params) == 0 {
		return args, nil
	}
	args.values = make([]value, len(q.Params))
	for i := range q.Params {
		var err error
		if args.values[i], err = q.Params[i].read(values); err != nil {
			return Args{}, err
		}
	}
	return args, nil
}

// ParseDomain reads ci, of which no value is wrong (contract §3).
func ParseDomain(values url.Values) store.Domain {
	switch values.Get("ci") {
	case "0":
		return store.Private
	case "-1":
		return store.Both
	default:
		return store.Community
	}
}

// Restrict returns the same arguments for the alerts of d, whatever ci says.
func (a Args) Restrict(d store.Domain) Args {
	a.Domain = d
	return a
}

// Media returns the media type of the answer to args.
func (q *Question) Media(args Args) string {
	if len(q.Formats) == 1 {
		return q.Formats[0]
	}
	return q.format(args.text("out"))
}

// ErrorMedia returns the media type in which a client that sent these
// parameters expects to be told of an error, also when Parse refuses them.
func (q *Question) ErrorMedia(values url.Values) string {
	return q.format(values.Get("out"))
}

// format is what a value of out stands for.
func (q *Question) format(out string) string {
	if len(q.Formats) > 1 && out == "json" {
		return JSON
	}
	return q.Formats[0]
}

// Key names the answer to args in a cache: two requests with the same key have
// the same answer.
func (q *Question) Key(args Args) string {
	var room [128]byte
	key := append(room[:0], q.Name...)
	key = append(key, "?ci="...)
	key = append(key, '0'+byte(args.Domain))
	for i, v := range args.values {
		key = append(key, '&')
		key = append(key, args.params[i].Name...)
		key = append(key, '=')
		if args.params[i].Kind == List { // the only kind whose text is free
			key = append(key, url.QueryEscape(v.text)...)
		} else {
			key = append(key, v.text...)
		}
	}
	return string(key)
}

// given says whether the request had the parameter.
func (a Args) given(name string) bool { return a.value(name).given }

// text returns a parameter's canonical text.
func (a Args) text(name string) string { return a.value(name).text }

// number returns the value of a Number.
func (a Args) number(name string) int64 { return a.value(name).number }

// time returns the value of a Moment or a Day.
func (a Args) time(name string) time.Time { return a.value(name).at }

// value returns what a parameter was parsed to. A name that the question does
// not list is a mistake in the program.
func (a Args) value(name string) value {
	for i := range a.params {
		if a.params[i].Name == name {
			return a.values[i]
		}
	}
	panic("query: no parameter " + name)
}

// fixed is the TTL of answers that always hold for d.
func fixed(d time.Duration) func(Args, time.Time) time.Duration {
	return func(Args, time.Time) time.Duration { return d }
}
