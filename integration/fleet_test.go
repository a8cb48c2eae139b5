package integration

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/peba-edge/peba/cache/cachetest"
	"github.com/peba-edge/peba/integration/edgetest"
)

// newFleet prepares two edges with one cluster and one memcached.
func newFleet(t *testing.T, e *edgetest.Elastic) [2]*server {
	memcached := cachetest.StartMemcached(t)
	options := e.Options() + "\nretention 6h\ncache memcached " + memcached.Address + " {\nsecret the-edges-own\n}"
	return [2]*server{newServer(t, options, ""), newServer(t, options, "")}
}

// launchAll starts all at once, so that they do at once what an edge does first.
func launchAll(edges [2]*server) {
	for _, s := range edges {
		s.Launch()
	}
	for _, s := range edges {
		s.Await(http.StatusOK)
	}
}

// TestFleet sends the same messages to two edges at once. Alerts, payloads and
// CVEs are stored and counted once, and both edges answer alike.
func TestFleet(t *testing.T) {
	t.Parallel() // waits for what is done once a minute
	e := elastics.New(t)
	edges := newFleet(t, e)
	launchAll(edges)
	a, b := edges[0], edges[1]

	a.User("soc's token\n", "add", "soc", "--token-file", "-")
	a.User("left's token\n", "add", "left", "--token-file", "-")
	logIn := func(s *server, user string) int {
		return s.Request(http.MethodPost, "/alert/retrieveIPs", edgetest.MessageXML(user, user+"'s token")).Status
	}
	for _, user := range []string{"soc", "left"} {
		edgetest.Eventually(t, user+" was added at one edge and can log in at the other", func() bool { return logIn(b, user) == http.StatusOK })
	}
	a.User("", "remove", "left")

	l := startLedger(t, a, b)
	const attacks = 40
	for n := range attacks {
		l.ToAll(edgetest.MessageXML(edgetest.CommunityUser, edgetest.CommunityToken, attackXML(n)))
	}
	l.More(1500)
	l.End()
	a.Drain()
	b.Drain()

	if n := deleteByQuery(t, e, e.Prefix+"ews-*", `{"term":{"peerType":"Webpage"}}`); n != attacks {
		t.Errorf("%d attacks were sent to both, %d are stored", attacks, n)
	}
	wantStored(t, e, l, a, b)
	checkAttacks(t, e, edges, attacks)
	checkSharedAnswers(t, a, b)

	edgetest.Eventually(t, "who was removed at one edge cannot log in at the other", func() bool { return logIn(b, "left") == http.StatusForbidden })
	if got := logIn(b, "soc"); got != http.StatusOK {
		t.Errorf("who was not removed: %d", got)
	}
}

// attackXML is an alert with a payload, the same in all, and a CVE.
func attackXML(n int) string {
	const payload = "GET /wp-login.php HTTP/1.1\r\nHost: 203.0.113.9\r\nUser-Agent: zgrab/0.x\r\n\r\n"
	return fmt.Sprintf(`<Alert><Analyzer id="tanner-01"/><CreateTime tz="+0000">2026-11-23 11:%02d:00</CreateTime>`+
		`<Source category="ipv4" port="43288" protocol="tcp">203.0.113.8</Source><Target category="ipv4" port="80" protocol="tcp">198.51.100.9</Target>`+
		`<Request type="url">/wp-login.php</Request><Request type="raw">%s</Request>%s</Alert>`,
		n, base64.StdEncoding.EncodeToString([]byte(payload)), edgetest.FieldXML("cve_id", "CVE-2017-5638"))
}

// checkAttacks looks at what attackXML leaves beside the alerts.
func checkAttacks(t *testing.T, e *edgetest.Elastic, edges [2]*server, attacks int64) {
	t.Helper()
	payloads := e.Sources(e.Prefix + "payloads")
	var p struct {
		MD5Count int64 `json:"md5count"`
	}
	if len(payloads) != 1 {
		t.Fatalf("%d payloads are stored, want the one", len(payloads))
	}
	if err := json.Unmarshal([]byte(payloads[0]), &p); err != nil || p.MD5Count != attacks {
		t.Errorf("the payload was counted %d times (%v), want %d", p.MD5Count, err, attacks)
	}
	if cves := e.Sources(e.Prefix + "cves"); len(cves) != 1 {
		t.Errorf("%d CVEs are stored, want the one", len(cves))
	}
	announced := 0
	for _, s := range edges {
		announced += strings.Count(s.Log.String(), "a CVE was seen for the first time")
	}
	if announced != 1 {
		t.Errorf("the CVE was announced %d times, want once", announced)
	}
}

// checkSharedAnswers asks one edge what the other has just answered.
func checkSharedAnswers(t *testing.T, a, b *server) {
	t.Helper()
	for _, question := range []string{"retrieveAlertStats", "retrieveAlertsCountWithType?time=777", "topCountriesAttacks", "tops?type=urls&topx=3&days=7"} {
		first := a.Request(http.MethodGet, "/alert/"+question, "")
		second := b.Request(http.MethodGet, "/alert/"+question, "")
		if first.Status != http.StatusOK || second.Body != first.Body {
			t.Errorf("%s: one edge answers %d %s, the other %d %s", question, first.Status, first.Body, second.Status, second.Body)
		}
		if got := second.Header.Get("Server-Timing"); got != `cache;desc="hit"` {
			t.Errorf("%s: the other edge's answer is %s, want a hit", question, got)
		}
	}
}

// deleteByQuery deletes documents and returns how many there were.
func deleteByQuery(t testing.TB, e *edgetest.Elastic, indices, query string) int64 {
	t.Helper()
	if !e.Refresh() {
		t.Fatal("the indices cannot be refreshed")
	}
	var done struct{ Deleted int64 }
	e.Do(http.MethodPost, "/"+indices+"/_delete_by_query?refresh=true", `{"query":`+query+`}`, &done)
	return done.Deleted
}

// TestFleetChores has two edges do at once what needs doing once: laying the
// indices out, deleting what is old, and writing the series of statistics.
func TestFleetChores(t *testing.T) {
	e := elastics.New(t)
	edges := newFleet(t, e)
	launchAll(edges)
	for _, s := range edges {
		s.Stop()
	}
	now := time.Now().UTC()
	today, longAgo := indexOf(e, now), indexOf(e, now.AddDate(0, 0, -3))
	imported := e.Prefix + "ews-imported"
	for _, index := range []string{today, longAgo, imported} { // no alert may create one
		if status, body := e.Request(http.MethodPut, "/"+index, ""); status != http.StatusOK && !strings.Contains(body, "resource_already_exists") {
			t.Fatalf("PUT %s: %d %s", index, status, body)
		}
	}
	const each = 5
	for _, received := range []struct {
		index string
		hours time.Duration
	}{
		{longAgo, 70},                      // goes, with its index
		{today, 30},                        // goes
		{today, 4}, {today, 3}, {today, 3}, // stay, and are counted
		{imported, 70}, // is nothing of ours
	} {
		for range each {
			putAlert(t, e, received.index, now.Add(-received.hours*time.Hour))
		}
	}
	if !e.Refresh() {
		t.Fatal("the indices cannot be refreshed")
	}
	launchAll(edges)

	edgetest.Eventually(t, "old alerts are deleted", func() bool {
		status, _ := e.Request(http.MethodHead, "/"+longAgo, "")
		return status == http.StatusNotFound && len(e.Sources(today)) == 3*each
	})
	if n := len(e.Sources(imported)); n != each {
		t.Errorf("an index of another name has %d documents left of %d", n, each)
	}
	first := now.Add(-4 * time.Hour).Truncate(time.Hour)
	edgetest.Eventually(t, "the series of statistics is complete", func() bool { return len(e.Sources(e.Prefix+"statistics")) >= 3 })
	series := map[string]int{}
	for _, source := range e.Sources(e.Prefix + "statistics") {
		var record struct {
			From   string  `json:"UTCtimeFrom"`
			Alerts float64 `json:"comm_totalNumberAlerts"`
		}
		if err := json.Unmarshal([]byte(source), &record); err != nil {
			t.Fatal(err)
		}
		if series[record.From]++; series[record.From] > 1 {
			t.Errorf("the hour from %s has two records", record.From)
		}
		want := map[string]float64{first.Format(time.DateTime): each, first.Add(time.Hour).Format(time.DateTime): 2 * each}[record.From]
		if record.Alerts != want {
			t.Errorf("the hour from %s has %v alerts, want %v", record.From, record.Alerts, want)
		}
	}
	var holders map[string]any
	e.Do(http.MethodGet, "/_alias/"+e.Prefix+"today", "", &holders)
	if _, ok := holders[indexOf(e, time.Now().UTC())]; !ok || len(holders) != 1 {
		t.Errorf("the write alias stands for %v", holders)
	}
	for _, s := range edges {
		s.Stop()
		if log := s.Log.String(); strings.Contains(log, `"level":"error"`) || strings.Contains(log, "maintaining the indices in Elasticsearch failed") {
			t.Errorf("an edge had trouble:\n%s", edgetest.Tail(log))
		}
	}
}

// indexOf is the index of a day's alerts.
func indexOf(e *edgetest.Elastic, day time.Time) string {
	return e.Prefix + "ews-" + day.Format("2006.01.02") + "-1"
}

// putAlert stores an alert of the community's that was received then.
func putAlert(t testing.TB, e *edgetest.Elastic, index string, received time.Time) {
	t.Helper()
	e.Do(http.MethodPost, "/"+index+"/_doc", fmt.Sprintf(
		`{"recievedTime":%[1]q,"createTime":%[1]q,"clientDomain":true,"peerType":"SSH/console(cowrie)","peerIdent":"cowrie-01",`+
			`"hostname":"greysunset","sourceEntryIp":"203.0.113.7","targetEntryIp":"198.51.100.9"}`, received.Format(time.DateTime)), nil)
}
