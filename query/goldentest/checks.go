package goldentest

import (
	"context"
	"fmt"
	"net/netip"
	"net/url"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

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
	if !item.MatchString(list) && !strings.Contains(list, "<Sources />") && strings.TrimSpace(list) != "[]" {
		t.Fatalf("no sources in %.200s", list)
	}
	list = item.ReplaceAllStringFunc(list, func(one string) string {
		if global(item.FindStringSubmatch(one)[1]) {
			return one
		}
		return ""
	})
	list = strings.Replace(list, ",]", "]", 1)
	return strings.Replace(list, "  <Sources>\n  </Sources>\n", "  <Sources />\n", 1)
}

// checkSources compares all sources with legacy's, and those that are listed by
// default with a count of the documents whose source is not in doubt.
func checkSources(t *testing.T, e *exchange, ours []byte) {
	sameAnswer(t, string(e.mustAsk(t, e.with("all", "1"))), withoutSpecial(t, e.legacy.Body))
	args, err := e.question.Parse(e.values)
	if err != nil {
		t.Fatal(err)
	}
	window := settings.BadIPWindow
	if e.question.Name == "retrieveIPs15m" {
		window = 15 * time.Minute
	}
	counts := e.recount(func(d *alert.Document) (string, bool) {
		return d.SourceEntryIP, within(args.Domain, d) && global(d.SourceEntryIP) && d.SourceDoubt() == "" &&
			!d.RecievedTime.Before(e.legacy.now.Add(-window).Truncate(time.Second))
	})
	listed := make(map[string]float64)
	for _, one := range parseJSON[[]struct {
		IP    string
		Count float64
	}](t, string(e.mustAsk(t, e.with("out", "json")))) {
		listed[one.IP] = one.Count
	}
	if !reflect.DeepEqual(listed, counts) {
		t.Errorf("by default %v\nwant       %v", listed, counts)
	}
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
	longer := e.jsonEntries(t, string(e.mustAsk(t, e.with("topx", "1000"))), false)
	if topx := e.values.Get("topx"); topx != "" && topx != "35" {
		if asked, err := strconv.Atoi(topx); err != nil || len(got) != min(asked, len(longer)) {
			t.Fatalf("%d alerts, asked for %s of at least %d", len(got), topx, len(longer))
		}
		want = want[:min(len(got), len(want))]
		got = got[:len(want)]
	}
	sameNewest(t, got, want, longer)
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
	if !regexp.MustCompile(fmt.Sprintf(`(AlertCount>|"AlertCount":|"AlertCountTotal":)%d\b`, all)).Match(ours) {
		t.Errorf("not all of %d alerts are counted: %s", all, ours)
	}
}

func typesByDay(t *testing.T, text string) map[string]map[string]float64 {
	for _, only := range parseJSON[[]map[string]map[string]map[string]float64](t, text) {
		return only["datasetAlertsPerMonth"]
	}
	return nil
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
