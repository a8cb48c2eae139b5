package goldentest

import (
	"context"
	"fmt"
	"math"
	"net/netip"
	"net/url"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/geo"
	"github.com/peba-edge/peba/store"
)

func global(ip string) bool {
	addr, err := netip.ParseAddr(ip)
	return err == nil && geo.IsGlobal(addr)
}

var (
	xmlSource  = regexp.MustCompile(`    <Source>\n      <Address>(.*)</Address>\n(.*\n)    </Source>\n`)
	jsonSource = regexp.MustCompile(`\{"count":\d+,"ip":"(.*?)"\},?`)
)

// withoutSpecial takes out of a list of sources those that are not global.
func withoutSpecial(t *testing.T, list string) string {
	item := xmlSource
	if strings.HasPrefix(list, "[") {
		item = jsonSource
	}
	if !item.MatchString(list) {
		t.Fatalf("no sources in %.200s", list)
	}
	list = item.ReplaceAllStringFunc(list, func(one string) string {
		if global(item.FindStringSubmatch(one)[1]) {
			return one
		}
		return ""
	})
	return strings.Replace(list, ",]", "]", 1)
}

// xmlEntries splits a list of alerts.
func xmlEntries(t *testing.T, list string) []entry {
	var entries []entry
	const start, end = "<EWSSimpleAlertInfo>\n  <Alerts>\n", "  </Alerts>\n</EWSSimpleAlertInfo>\n"
	list, isXML := strings.CutPrefix(list, `<?xml version="1.0" encoding="UTF-8"?>`)
	if list == "<EWSSimpleAlertInfo>\n  <Alerts />\n</EWSSimpleAlertInfo>\n" && isXML {
		return nil
	}
	if !isXML || !strings.HasPrefix(list, start) || !strings.HasSuffix(list, end) {
		t.Fatalf("no list of alerts: %.200s", list)
	}
	list = strings.TrimSuffix(strings.TrimPrefix(list, start), end)
	for text := range strings.SplitAfterSeq(list, "    </Alert>\n") {
		if text == "" {
			continue // after the last
		}
		_, second, _ := strings.Cut(text, "<DateCreated>")
		second, _, _ = strings.Cut(second, "<")
		entries = append(entries, entry{second, text})
	}
	return entries
}

// checkAlertsJSON compares as many alerts as both have: legacy's are always 35.
func checkAlertsJSON(t *testing.T, e *exchange, ours []byte) {
	got := e.jsonEntries(t, string(ours), false)
	want := e.jsonEntries(t, e.legacy.Body, true)
	if topx := e.values.Get("topx"); topx != "" && topx != "35" {
		if fmt.Sprint(len(got)) != topx {
			t.Fatalf("%d alerts, asked for %s", len(got), topx)
		}
		want = want[:min(len(got), len(want))]
		got = got[:len(want)]
	}
	sameNewest(t, got, want, e.jsonEntries(t, string(e.mustAsk(t, e.with("topx", "1000"))), false))
}

// jsonEntries splits a list of alerts, each in one canonical text. In legacy's
// it corrects the request strings that are meant to differ.
func (e *exchange) jsonEntries(t *testing.T, list string, legacy bool) []entry {
	var entries []entry
	for _, one := range parseJSON[map[string][]map[string]any](t, list)["alerts"] {
		d := e.documents[one["id"].(string)]
		if legacy {
			one["requestString"] = correctedRequest(t, &d, one["requestString"].(string))
		}
		entries = append(entries, entry{one["dateCreated"].(string), fmt.Sprint(one)}) // Sprint sorts keys
	}
	return entries
}

// correctedRequest returns what legacy's request string of an alert should be.
func correctedRequest(t *testing.T, d *alert.Document, legacy string) string {
	switch {
	case strings.Contains(d.PeerType, "cowrie") && d.OriginalRequestString != "":
		line := strings.ReplaceAll(d.OriginalRequestString, "\n", "; ")
		if legacy != asHTML(line[2:]) {
			t.Fatalf("legacy made %q of %q", legacy, line)
		}
		return asHTML(strings.TrimPrefix(line, "; "))
	case legacy == "" && (d.Username != "" || d.Password != ""):
		return asHTML(fmt.Sprintf(`Username: %s | Password: %s`, quoted(d.Username), quoted(d.Password)))
	case legacy == "" && d.TargetEntryPort != "":
		return strings.TrimSuffix("Attack on port "+d.TargetEntryPort+"/"+d.TargetPort, "/")
	default:
		return strings.ReplaceAll(strings.Trim(legacy, "\r\n"), "\n", "; ")
	}
}

func quoted(credential string) string {
	if credential == "" {
		return "<none>"
	}
	return `"` + alert.Unquote(credential) + `"`
}

func asHTML(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&#x27;").Replace(s)
}

// checkCountsAll wants every alert of the domain counted.
func checkCountsAll(t *testing.T, e *exchange, ours []byte) {
	args, err := e.question.Parse(e.values)
	if err != nil {
		t.Fatal(err)
	}
	all, err := e.store.Count(context.Background(), store.Filter{Domain: args.Domain})
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(fmt.Sprintf(`(AlertCount>|AlertCountTotal":)%d\b`, all)).Match(ours) {
		t.Errorf("not all of %d alerts are counted: %s", all, ours)
	}
}

func typesByDay(t *testing.T, text string) map[string]map[string]float64 {
	return parseJSON[[]map[string]map[string]map[string]float64](t, text)[0]["datasetAlertsPerMonth"]
}

// checkDaemons wants the same but for the number of daemons, which it recounts.
func checkDaemons(t *testing.T, e *exchange, ours []byte) {
	daemons := make(map[string]map[string]bool)
	for _, d := range e.documents {
		if !d.ClientDomain || d.RecievedTime.Format("20060102") != e.values.Get("day") {
			continue
		}
		honeypot := d.Hostname
		if honeypot == "undefined" {
			honeypot = d.TargetEntryIP
		}
		if daemons[honeypot] == nil {
			daemons[honeypot] = make(map[string]bool)
		}
		daemons[honeypot][d.PeerIdent] = true
	}
	all, capped := 0, 0
	for _, idents := range daemons {
		all += len(idents)
		capped += min(10, len(idents))
	}
	got, want := parseJSON[map[string]any](t, string(ours)), parseJSON[map[string]any](t, e.legacy.Body)
	for name, check := range map[string]struct {
		answer map[string]any
		number int
	}{"ours": {got, all}, "legacy": {want, capped}} {
		counts := check.answer["communityHoneypots"].(map[string]any)
		if counts["totalNumberDaemons"] != float64(check.number) {
			t.Errorf("%s has %v daemons, want %d", name, counts["totalNumberDaemons"], check.number)
		}
		delete(counts, "totalNumberDaemons")
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

// checkAlias wants the same under both names of a parameter, and what legacy
// answered, who knew one name, where there is neither.
func checkAlias(alias, known string) func(t *testing.T, e *exchange, ours []byte) {
	return func(t *testing.T, e *exchange, ours []byte) {
		without := e.with(alias, "")
		e.checkSame(t, e.mustAsk(t, without))
		renamed := url.Values{known: {e.values.Get(alias)}}
		for name, v := range without {
			renamed[name] = v
		}
		sameAnswer(t, string(ours), string(e.mustAsk(t, renamed)))
	}
}

// checkTops compares the ranking of both domains, which is legacy's whatever ci says.
func checkTops(t *testing.T, e *exchange, _ []byte) {
	got := parseJSON[map[string]map[string]float64](t, string(e.mustAsk(t, e.with("ci", "-1"))))
	want := parseJSON[map[string]map[string]float64](t, e.legacy.Body)
	_, hadEmpty := want[""]
	delete(want, "")
	if more := len(got) - len(want); more != 0 && (more != 1 || !hadEmpty) {
		t.Errorf("%d keys, legacy has %d", len(got), len(want))
	}
	least := leastTotal(want)
	for key, line := range got {
		if want[key] == nil && line["total"] > least {
			t.Errorf("%q occurs %v times, legacy has not got it", key, line["total"])
		}
	}
	for key, legacy := range want {
		line, there := got[key]
		if !there && legacy["total"] > leastTotal(got) {
			t.Errorf("legacy has %q, ours has not", key)
		}
		if there {
			e.checkTimeline(t, key, line, legacy)
		}
	}
}

// checkTimeline wants legacy's counts, in buckets without gaps. Legacy's engine
// asks each daily index for its own most frequent keys only, so with a small
// topx some of its counts are too low.
func (e *exchange) checkTimeline(t *testing.T, key string, ours, legacy map[string]float64) {
	t.Helper()
	exact := e.values.Get("topx") == ""
	for slot, count := range ours {
		if count < legacy[slot] || exact && count > legacy[slot] {
			t.Errorf("%q at %s: %v, legacy has %v", key, slot, count, legacy[slot])
		}
	}
	for slot := range legacy {
		if _, there := ours[slot]; !there {
			t.Errorf("%q at %s: legacy has a bucket, ours has none", key, slot)
		}
	}
}

func leastTotal(ranking map[string]map[string]float64) float64 {
	least := math.Inf(1)
	for _, line := range ranking {
		least = min(least, line["total"])
	}
	return least
}
