package goldentest

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/peba-edge/peba/query"
)

// difference is a place where the contract asks for something else than what
// the Python service answered, or where its answers are compared in a way of
// their own.
type difference struct {
	// reason is the rule of docs/CONTRACT.md, by its section, or of the recordings' README.
	reason  string
	applies func(e *exchange) bool
	// check compares the answers as far as they must agree.
	check func(t *testing.T, e *exchange, ours []byte)
}

// differences are looked through in this order: the first that applies counts.
var differences = []difference{
	{
		reason:  `§3.1: "globally routable addresses only"; §3.2: "Globally routable" leaves out multicast and the special-purpose blocks of the IANA registry. Ours lists by default only sources that are not in doubt`,
		applies: asks("retrieveIPs", "retrieveIPs15m"),
		check:   checkSources,
	},
	{
		reason: `§3.1: "an address that is not global gives an empty list" (legacy took multicast for global)`,
		applies: func(e *exchange) bool {
			return e.question.Name == "querySingleIP" && !global(e.values.Get("ip"))
		},
		check: func(t *testing.T, e *exchange, ours []byte) {
			// The comment that says why comes after the root, for no parser to see.
			list, _, _ := strings.Cut(string(ours), "<!--")
			sameAnswer(t, list, "<?xml version=\"1.0\" encoding=\"UTF-8\"?><EWSSimpleAlertInfo>\n  <Alerts />\n</EWSSimpleAlertInfo>\n")
		},
	},
	{
		reason:  `README: "the order within a second is arbitrary: compare newest-lists as sets per second"; §3.1: "the last 1000 alerts by recievedTime" (legacy looked no further back than yesterday)`,
		applies: asks("retrieveAlertsCyber", "querySingleIP"),
		check: func(t *testing.T, e *exchange, ours []byte) {
			got, want := xmlEntries(t, string(ours)), xmlEntries(t, e.legacy.Body)
			yesterday := e.legacy.now.AddDate(0, 0, -1).Format("2006-01-02")
			if e.question.Name == "retrieveAlertsCyber" && len(got) > len(want) && got[len(want)].second < yesterday {
				got = got[:len(want)]
			}
			sameNewest(t, got, want, got)
		},
	},
	{
		reason:  `README, as above; §3.2: "Ours topx (1–1000)"; "a leading "; " goes (legacy drops two characters whatever they are)"; request strings are one line, and none is empty: any honeypot's credentials, or else the port, stand in (legacy's were empty for half of the types)`,
		applies: asks("retrieveAlertsJson"),
		check:   checkAlertsJSON,
	},
	{
		reason: `§3.2: "Windows by minutes or days have no upper bound" (legacy's engine overflowed and it counted nothing)`,
		applies: func(e *exchange) bool {
			const longerThanAnyRecord = 9
			return strings.HasPrefix(e.question.Name, "retrieveAlertsCount") && len(e.values.Get("time")) > longerThanAnyRecord
		},
		check: checkCountsAll,
	},
	{
		reason:  `§3: "ours never cuts a grouping short unless the client asks for a top x"`,
		applies: asks("retrieveAlertsCountWithType"),
		check: func(t *testing.T, e *exchange, ours []byte) {
			type answer struct {
				AlertCountTotal   float64
				AlertCountPerType map[string]float64
			}
			got, want := parseJSON[answer](t, string(ours)), parseJSON[answer](t, e.legacy.Body)
			if got.AlertCountTotal != want.AlertCountTotal {
				t.Errorf("total is %v, want %v", got.AlertCountTotal, want.AlertCountTotal)
			}
			sameCounts(t, got.AlertCountPerType, want.AlertCountPerType)
		},
	},
	{
		reason:  `§3: "ours never cuts a grouping short unless the client asks for a top x"`,
		applies: asks("datasetAlertTypesPerMonth"),
		check: func(t *testing.T, e *exchange, ours []byte) {
			got, want := typesByDay(t, string(ours)), typesByDay(t, e.legacy.Body)
			if len(got) != len(want) {
				t.Errorf("%d days, want %d", len(got), len(want))
			}
			for day := range want {
				sameCounts(t, got[day], want[day])
			}
		},
	},
	{
		reason: `§3.2, topCountriesAttacks: "monthOffset (ours also offset)"`,
		applies: func(e *exchange) bool {
			return e.question.Name == "topCountriesAttacks" && e.values.Get("offset") != "" && e.values.Get("monthOffset") == ""
		},
		check: checkAlias("offset", "monthOffset"),
	},
	{
		reason: `§3.2, getStats: "values (ours also value)"`,
		applies: func(e *exchange) bool {
			return e.question.Name == "getStats" && e.values.Get("value") != "" && e.values.Get("values") == ""
		},
		check: checkAlias("value", "values"),
	},
	{
		reason:  `§3: "Legacy caps some groupings at ten silently; ours never cuts a grouping short" (a honeypot's daemons)`,
		applies: asks("TpotStats"),
		check:   checkDaemons,
	},
	{
		reason:  `§3.2, TpotStats: "day=YYYYMMDD (ours: today by default)"`,
		applies: func(e *exchange) bool { return e.question.Name == "TpotStats" && e.values.Get("day") == "" },
		check: func(t *testing.T, e *exchange, ours []byte) {
			sameAnswer(t, string(ours), string(e.mustAsk(t, e.with("day", e.legacy.now.Format("20060102")))))
		},
	},
	{
		reason:  `§3.2: "Legacy ignores ci here; ours honours it"; "tops counts the empty URL as key ""; ours leaves it out"; "gap-free buckets"; §3: "ours never cuts a grouping short" (legacy's engine counts too few and loses keys, see rankings.go)`,
		applies: asks("tops"),
		check:   checkTops,
	},
	{
		reason:  `§3: "ours never cuts a grouping short unless the client asks for a top x" (legacy's engine counts too few and loses keys, see rankings.go)`,
		applies: asks("retrieveLatLonAttacks"),
		check:   checkPlaces,
	},
	{
		reason:  `§3.2: "An empty answer is an empty object or list, never "Nope""`,
		applies: func(e *exchange) bool { return e.legacy.saidNothing() },
		check: func(t *testing.T, _ *exchange, ours []byte) {
			if !emptyAnswer.Match(ours) {
				t.Fatalf("legacy has nothing, ours answers %s", ours)
			}
		},
	},
}

// emptyAnswer is an answer of any question without an alert in it.
var emptyAnswer = regexp.MustCompile(`^(\{\}|\[\]|\{"alerts":\[\]\}|\[\{"datasetAlertsPerMonth":\{\}\}\]|\{"AlertCount":0\}|<\?xml[^>]*>(?s:.*)(<Sources />|<Alerts />|<AlertCount>0<)(?s:.*))\s*$`)

func asks(names ...string) func(e *exchange) bool {
	return func(e *exchange) bool { return slices.Contains(names, e.question.Name) && !e.legacy.refused() }
}

// refusals are the parameters that ours refuses and legacy answered somehow:
// whatever value ours refuses, as it was recorded with one or two.
// Legacy's own refusals ("Nope", false, 500) need no entry: docs/CONTRACT.md §3,
// "ours answers 400 naming the parameter".
var refusals = []struct {
	question, param string
	value           *regexp.Regexp
	legacy          string
}{
	{"retrieveIPs", "out", regexp.MustCompile(`.`), "XML"},
	{"retrieveIPs15m", "out", regexp.MustCompile(`.`), "XML"},
	{"retrieveAlertsCount", "out", regexp.MustCompile(`.`), "XML"},
	{"querySingleIP", "ip", regexp.MustCompile(`^`), "an empty list"},
	{"retrieveAlertsCount", "time", regexp.MustCompile(`^.*\P{Nd}.*$`), "a count of 0"},
	{"retrieveAlertsCountWithType", "time", regexp.MustCompile(`^.*\P{Nd}.*$`), "an empty object"},
	{"retrieveAlertsCount", "time", regexp.MustCompile(`^\p{Nd}+$`), "what it would to the same digits in ASCII"},
	{"retrieveAlertsCountWithType", "time", regexp.MustCompile(`^\p{Nd}+$`), "what it would to the same digits in ASCII"},
	{"retrieveAlertsJson", "topx", regexp.MustCompile(`.`), "as if topx, which it does not know, were absent"},
	{"topCountriesAttacks", "offset", regexp.MustCompile(`.`), "as if offset, which it does not know, were absent"},
	{"topCountriesAttacks", "days", regexp.MustCompile(`.`), "as if days, which it does not know, were absent"},
	{"getStats", "gte", regexp.MustCompile(`.`), "as if gte were absent"},
	{"getStats", "lt", regexp.MustCompile(`.`), "as if lt were absent"},
}

// checkRefusal fails the test unless ours was meant to refuse.
func (e *exchange) checkRefusal(t *testing.T, wrong *query.ParamError) {
	if e.legacy.refused() {
		return
	}
	for _, r := range refusals {
		if r.question == e.question.Name && r.param == wrong.Param && r.value.MatchString(wrong.Value) {
			t.Logf("intended: §3: ours answers 400 naming the parameter; legacy answered %s", r.legacy)
			return
		}
	}
	t.Fatalf("ours refuses: %v\nlegacy answered %.300s", wrong, e.legacy.Body)
}
