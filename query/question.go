// Package query has the questions of docs/CONTRACT.md §3: their names, parameters,
// cache lifetimes, and how to answer them from a store. Each question has its own
// file; All lists them.
package query

import (
	"context"
	"net/url"
	"slices"
	"time"

	"github.com/peba-edge/peba/feed"
	"github.com/peba-edge/peba/sensors"
	"github.com/peba-edge/peba/store"
)

// Question is one endpoint: of docs/CONTRACT.md §3, or of the dashboard.
type Question struct {
	// Name is the last part of the legacy path, such as "retrieveIPs".
	Name string
	// Summary describes the answer in one sentence.
	Summary string
	// Private questions are for authenticated users only.
	Private bool
	// CommunityOnly questions are about the community's alerts, whatever ci is.
	CommunityOnly bool
	// BothByDefault questions are about both domains' alerts if ci is absent.
	BothByDefault bool
	// Formats are the media types of the answer. If there are two, the
	// parameter out selects one, and the first is the default.
	Formats []string
	// Answers describe the answer in each format, in the order of Formats.
	Answers []Answer
	// AlsoEWS is set if old scripts also ask below /ews-0.1.
	AlsoEWS bool
	// TTL is how long an answer is cached; zero means not at all.
	TTL func(args Args, now time.Time) time.Duration
	// Params are the parameters, without ci, which all questions have. Others are
	// ignored and not part of the cache key.
	Params []Param
	// AtOnce, if not zero, limits how many answers are computed at the same time. It
	// is for expensive questions that anyone may ask with many different parameters.
	AtOnce int
	// Ask computes the answer from a store and returns its bytes.
	Ask func(ctx context.Context, in Input) ([]byte, error)
}

// Input is the data from which a question is answered.
type Input struct {
	Reader store.Reader
	// Counter is what this process counts of sensors; nil if it counts nothing.
	Counter *sensors.Counter
	// Feeds returns the snapshots of all feeds; nil if there are none. The caller may change
	// the list.
	Feeds func() []*feed.Snapshot
	// Now is the time of the question, in UTC.
	Now time.Time
	Args
	Settings
}

// Settings are the operator's choices that answers depend on.
type Settings struct {
	// BadIPWindow is how far back retrieveIPs looks (contract: 120 minutes).
	BadIPWindow time.Duration
	// MaxAlerts is the maximum length of the lists of retrieveAlertsCyber and
	// querySingleIP (contract: 1000).
	MaxAlerts int
	// ListPrivate also lists alerts of source addresses that are not globally routable.
	ListPrivate bool
	// Retention is how long alerts are kept.
	Retention time.Duration
	// Home replaces unknown coordinates, in degrees.
	HomeLatitude, HomeLongitude float64
}

// Media types of answers.
const (
	JSON = "application/json"
	XML  = "text/xml; charset=utf-8"
)

// All returns the questions, in the order of docs/CONTRACT.md §3, with those of
// the dashboard.
func All() []*Question {
	return []*Question{
		retrieveIPs,
		retrieveIPs15m,
		retrieveAlertsCyber,
		querySingleIP,
		enrichment,
		sensorList,
		feedList,
		feedLookup,
		feedAllowances,
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
		replayPlaces,
		replay,
	}
}

// Named returns the question with that name, as used in paths.
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

// Paths returns the question's paths (docs/CONTRACT.md §3), the documented one first.
// Each is also served with a trailing slash.
func (q *Question) Paths() []string {
	paths := []string{"/alert/" + q.Name}
	if q.AlsoEWS {
		paths = append(paths, "/ews-0.1/alert/"+q.Name)
	}
	return paths
}

// Args are a request's parameters, parsed and checked.
type Args struct {
	// Domain is the one selected by ci.
	Domain store.Domain
	values []value // one per Param, in the order of Question.Params
	params []Param
}

// Takes reports whether the question has a parameter of that name, other than
// ci.
func (q *Question) Takes(name string) bool {
	return slices.ContainsFunc(q.Params, func(p Param) bool { return p.Name == name })
}

// Parse parses the parameters of a request. Errors are a *ParamError.
func (q *Question) Parse(values url.Values) (Args, error) {
	args := Args{Domain: store.Community, params: q.Params}
	if !q.CommunityOnly {
		args.Domain = ParseDomain(values)
	}
	if q.BothByDefault && values.Get("ci") == "" {
		args.Domain = store.Both
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

// ParseDomain parses ci, for which every value is valid (docs/CONTRACT.md §3).
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

// Restrict returns the same arguments for the alerts of d, whatever ci is.
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

// ErrorMedia returns the media type in which a client with these parameters
// expects errors, even if Parse rejects them.
func (q *Question) ErrorMedia(values url.Values) string {
	return q.format(values.Get("out"))
}

// format returns the media type for a value of out.
func (q *Question) format(out string) string {
	if len(q.Formats) > 1 && out == "json" {
		return JSON
	}
	return q.Formats[0]
}

// Key returns the cache key of the answer to args: requests with the same key
// have the same answer.
func (q *Question) Key(args Args) string {
	var room [128]byte
	key := append(room[:0], q.Name...)
	key = append(key, "?ci="...)
	key = append(key, '0'+byte(args.Domain))
	for i, v := range args.values {
		key = append(key, '&')
		key = append(key, args.params[i].Name...)
		key = append(key, '=')
		if args.params[i].Kind == List { // the only kind with free text
			key = append(key, url.QueryEscape(v.text)...)
		} else {
			key = append(key, v.text...)
		}
	}
	return string(key)
}

// given reports whether the request had the parameter.
func (a Args) given(name string) bool { return a.value(name).given }

// text returns a parameter's canonical text.
func (a Args) text(name string) string { return a.value(name).text }

// number returns the value of a Number.
func (a Args) number(name string) int64 { return a.value(name).number }

// time returns the value of a Moment or a Day.
func (a Args) time(name string) time.Time { return a.value(name).at }

// value returns a parsed parameter. A name that the question does not list is a
// bug.
func (a Args) value(name string) value {
	for i := range a.params {
		if a.params[i].Name == name {
			return a.values[i]
		}
	}
	panic("query: no parameter " + name)
}

// fixed returns a TTL of d for all answers.
func fixed(d time.Duration) func(Args, time.Time) time.Duration {
	return func(Args, time.Time) time.Duration { return d }
}
