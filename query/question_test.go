package query

import (
	"encoding/json"
	"net/url"
	"testing"
	"time"

	"github.com/peba-edge/peba/store"
)

// question returns a question that must be there.
func question(t testing.TB, name string) *Question {
	t.Helper()
	q, ok := Named(name)
	if !ok {
		t.Fatalf("no question %q", name)
	}
	return q
}

// parse parses parameters that must be right.
func parse(t testing.TB, q *Question, rawQuery string) Args {
	t.Helper()
	values, err := url.ParseQuery(rawQuery)
	if err != nil {
		t.Fatal(err)
	}
	args, err := q.Parse(values)
	if err != nil {
		t.Fatal(err)
	}
	return args
}

// The questions of docs/CONTRACT.md §3, with what each table there says of it, and those
// of the dashboard.
func TestContractTable(t *testing.T) {
	now := time.Date(2026, 11, 23, 23, 46, 5, 0, time.UTC)
	tests := []struct {
		name, query string
		private     bool
		media       string
		ttl         time.Duration
	}{
		{"retrieveIPs", "", true, XML, 60 * time.Second},
		{"retrieveIPs", "out=json", true, JSON, 60 * time.Second},
		{"retrieveIPs15m", "out=xml", true, XML, 60 * time.Second},
		{"retrieveIPs15m", "out=json", true, JSON, 60 * time.Second},
		{"retrieveAlertsCyber", "", true, XML, time.Second},
		{"retrieveAlertsCyber", "out=json", true, JSON, time.Second},
		{"querySingleIP", "ip=8.8.8.8", true, XML, 60 * time.Second},
		{"querySingleIP", "ip=8.8.8.8&out=json", true, JSON, 60 * time.Second},
		{"enrichment", "ip=8.8.8.8", true, JSON, 60 * time.Second},
		{"sensors", "", true, JSON, 5 * time.Second},
		{"feeds", "", true, JSON, 0},
		{"feedLookup", "ip=8.8.8.8", true, JSON, 0},
		{"feedAllowances", "", true, JSON, 0},
		{"retrieveAlertsCount", "time=5", false, XML, 60 * time.Second},
		{"retrieveAlertsCount", "time=5&out=json", false, JSON, 60 * time.Second},
		{"retrieveAlertsCountWithType", "time=5", false, JSON, 13 * time.Second},
		{"retrieveAlertsJson", "", false, JSON, 25 * time.Second},
		{"datasetAlertsPerMonth", "", false, JSON, 600 * time.Second},
		{"datasetAlertTypesPerMonth", "", false, JSON, 3600 * time.Second},
		{"datasetAlertTypesPerMonth", "clock=arrival", false, JSON, 14*time.Minute - 5*time.Second},
		{"retrieveAlertStats", "", false, JSON, 13 * time.Second},
		{"topCountriesAttacks", "", false, JSON, 60 * time.Second},
		{"retrieveLatLonAttacks", "", false, JSON, 60 * time.Second},
		{"TpotStats", "", false, JSON, 0},
		{"TpotStats", "day=20261123", false, JSON, 0},
		{"TpotStats", "day=20261124", false, JSON, 0},
		{"TpotStats", "day=20261122", false, JSON, 28 * 24 * time.Hour},
		{"getStats", "", false, JSON, 1800 * time.Second},
		{"tops", "type=urls", false, JSON, 7200 * time.Second},
		{"replayDay", "", false, JSON, 60 * time.Second},
		{"replayDay", "day=20261123", false, JSON, 60 * time.Second},
		{"replayDay", "day=20261122", false, JSON, 6 * time.Hour},
		{"replayPlaces", "to=2026-11-24 00:00:00", false, JSON, 60 * time.Second},
		{"replayPlaces", "to=2026-11-23 23:00:00", false, JSON, 6 * time.Hour},
		{"replay", "from=2026-11-23 23:30:00", false, JSON, 10 * time.Second},
		{"replay", "from=2026-11-23 23:25:00", false, JSON, 6 * time.Hour},
		{"replay", "from=2027-11-23 23:25:00", false, JSON, 10 * time.Second},
	}
	asked := make(map[string]bool)
	for _, tt := range tests {
		asked[tt.name] = true
		t.Run(tt.name+"?"+tt.query, func(t *testing.T) {
			q := question(t, tt.name)
			args := parse(t, q, tt.query)
			if q.Private != tt.private {
				t.Errorf("private is %v", q.Private)
			}
			if got := q.Media(args); got != tt.media {
				t.Errorf("media type is %q, want %q", got, tt.media)
			}
			if got := q.TTL(args, now); got != tt.ttl {
				t.Errorf("TTL is %v, want %v", got, tt.ttl)
			}
		})
	}
	for _, q := range All() {
		if !asked[q.Name] {
			t.Errorf("question %q has no row here", q.Name)
		}
		delete(asked, q.Name)
	}
	for name := range asked {
		t.Errorf("question %q is missing or there twice", name)
	}
}

// What a description of the interface is made from is there and right.
func TestParamsAreDescribed(t *testing.T) {
	for _, q := range All() {
		if q.Summary == "" || len(q.Formats) == 0 {
			t.Errorf("%s has no summary or no format", q.Name)
		}
		for i := range q.Params {
			p := &q.Params[i]
			if p.Summary == "" || p.Allowed() == "" {
				t.Errorf("%s: %s has no summary, or nothing allowed", q.Name, p.Name)
			}
			if _, ok := p.parse(p.Example); !ok {
				t.Errorf("%s: %s: the example %q is not allowed", q.Name, p.Name, p.Example)
			}
			if p.Default == "" {
				continue
			}
			if v, ok := p.parse(p.Default); !ok || v.text != p.Default {
				t.Errorf("%s: %s: the default %q reads as %q", q.Name, p.Name, p.Default, v.text)
			}
		}
	}
}

func TestDomain(t *testing.T) {
	for ci, want := range map[string]store.Domain{
		"": store.Community, "ci=": store.Community, "ci=1": store.Community, "ci=00": store.Community, "ci=x": store.Community,
		"ci=0": store.Private, "ci=-1": store.Both, "ci=0&ci=-1": store.Private,
	} {
		if got := parse(t, question(t, "retrieveAlertsCyber"), ci).Domain; got != want {
			t.Errorf("%q asks for domain %d, want %d", ci, got, want)
		}
		if got := parse(t, question(t, "TpotStats"), ci).Domain; got != store.Community {
			t.Errorf("%q asks TpotStats for domain %d", ci, got)
		}
	}
}

func TestRestrict(t *testing.T) {
	q := question(t, "retrieveIPs")
	everything := parse(t, q, "ci=-1&out=json")
	restricted := everything.Restrict(store.Community)
	if restricted.Domain != store.Community || everything.Domain != store.Both {
		t.Errorf("domains are %d and %d", restricted.Domain, everything.Domain)
	}
	if got, want := q.Key(restricted), q.Key(parse(t, q, "out=json")); got != want {
		t.Errorf("key is %q, want %q", got, want)
	}
}

func TestKey(t *testing.T) {
	tests := []struct {
		name  string
		same  []string // queries with one key
		other []string // queries with keys of their own
	}{
		{"retrieveAlertStats", []string{"", "ci=", "ci=7", "x=1&out=json"}, []string{"ci=0", "ci=-1"}},
		{"retrieveIPs", []string{"", "out=xml", "ci=1&t=0"}, []string{"out=json", "out=json&ci=0"}},
		{"querySingleIP", []string{"ip=8.8.8.8", "ip=::ffff:8.8.8.8", "ip=8.8.8.8&ip=9.9.9.9"}, []string{"ip=8.8.4.4"}},
		{"retrieveAlertsCount", []string{"time=5", "time=005"}, []string{"time=day", "time=0", "time=5&out=json"}},
		{"retrieveAlertsCount", []string{"time=9223372036854775807", "time=99999999999999999999999"}, []string{"time=9223372036854775806"}},
		{"datasetAlertsPerMonth", []string{"", "x"}, []string{"days=0", "days=1"}},
		{"topCountriesAttacks", []string{"", "topx=10"}, []string{"monthOffset=0", "monthOffset=00", "offset=0", "topx=11", "days=1"}},
		{"TpotStats", []string{"day=20261122", "day=20261122&ci=0"}, []string{""}},
		{"getStats", []string{"values=a,b", "values=a,,b,a", "values=+a+,b"}, []string{"values=b,a", "value=a,b", "values=a%26value%3Db", "values=a&value=b"}},
		{"tops", []string{"type=urls", "type=urls&days=1&topx=10"}, []string{"type=destports", "type=urls&days=7"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			q := question(t, tt.name)
			key := q.Key(parse(t, q, tt.same[0]))
			seen := map[string]string{key: tt.same[0]}
			for _, raw := range tt.same[1:] {
				if got := q.Key(parse(t, q, raw)); got != key {
					t.Errorf("%q has key %q, but %q has %q", raw, got, tt.same[0], key)
				}
			}
			for _, raw := range tt.other {
				got := q.Key(parse(t, q, raw))
				if twin, known := seen[got]; known {
					t.Errorf("%q and %q have one key %q", raw, twin, got)
				}
				seen[got] = raw
			}
		})
	}
}

func TestErrorMedia(t *testing.T) {
	tests := []struct{ name, query, want string }{
		{"retrieveAlertsCount", "time=abc", XML},
		{"retrieveAlertsCount", "time=abc&out=json", JSON},
		{"retrieveAlertsCount", "out=csv", XML},
		{"tops", "type=x", JSON},
		{"tops", "type=x&out=xml", JSON},
		{"querySingleIP", "out=json", JSON},
	}
	for _, tt := range tests {
		values, err := url.ParseQuery(tt.query)
		if err != nil {
			t.Fatal(err)
		}
		if got := question(t, tt.name).ErrorMedia(values); got != tt.want {
			t.Errorf("%s?%s: errors are of type %q, want %q", tt.name, tt.query, got, tt.want)
		}
	}
}

func BenchmarkParseAndKey(b *testing.B) {
	for name, raw := range map[string]string{
		"retrieveAlertStats": "", "retrieveAlertsJson": "topx=35", "retrieveAlertsCount": "time=60&out=json&ci=-1",
	} {
		q := question(b, name)
		values, err := url.ParseQuery(raw)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				args, err := q.Parse(values)
				if err != nil || q.Key(args) == "" {
					b.Fatal(err)
				}
			}
		})
	}
}

// Each format of an answer is described, with an example of that format.
func TestAnswersAreDescribed(t *testing.T) {
	for _, q := range All() {
		if len(q.Answers) != len(q.Formats) {
			t.Errorf("%s has %d formats and %d answers", q.Name, len(q.Formats), len(q.Answers))
			continue
		}
		for i, a := range q.Answers {
			if a.Schema == nil || a.Schema.Type == "" {
				t.Errorf("%s: %s has no schema", q.Name, q.Formats[i])
			}
			if isJSON := json.Valid([]byte(a.Example)); isJSON != (q.Formats[i] == JSON) {
				t.Errorf("%s: the example of %s is JSON: %v", q.Name, q.Formats[i], isJSON)
			}
		}
	}
}
