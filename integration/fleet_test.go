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
)

// newFleet prepares two edges with one cluster and one memcached.
func newFleet(t *testing.T, e *elastic) [2]*server {
	memcached := cachetest.StartMemcached(t)
	options := e.options() + "\nretention 6h\ncache memcached " + memcached.Address + " {\nsecret the-edges-own\n}"
	return [2]*server{newServer(t, options, ""), newServer(t, options, "")}
}

// launchAll starts all at once, so that they do at once what an edge does first.
func launchAll(edges [2]*server) {
	for _, s := range edges {
		s.launch()
	}
	for _, s := range edges {
		s.await(http.StatusOK)
	}
}

// TestFleet sends the same messages to two edges at once. Alerts, payloads and
// CVEs are stored and counted once, and both edges answer alike.
func TestFleet(t *testing.T) {
	t.Parallel() // waits for what is done once a minute
	e := newElastic(t)
	edges := newFleet(t, e)
	launchAll(edges)
	a, b := edges[0], edges[1]

	a.user("soc's token\n", "add", "soc", "--token-file", "-")
	a.user("left's token\n", "add", "left", "--token-file", "-")
	logIn := func(s *server, user string) int {
		return s.request(http.MethodPost, "/alert/retrieveIPs", messageXML(user, user+"'s token")).status
	}
	for _, user := range []string{"soc", "left"} {
		eventually(t, user+" was added at one edge and can log in at the other", func() bool { return logIn(b, user) == http.StatusOK })
	}
	a.user("", "remove", "left")

	l := startLoad(t, a, b)
	const attacks = 40
	for n := range attacks {
		l.toAll(messageXML(communityUser, communityToken, attackXML(n)))
	}
	l.more(1500)
	l.end()
	a.drain()
	b.drain()

	if n := e.deleteByQuery(e.prefix+"ews-*", `{"term":{"peerType":"Webpage"}}`); n != attacks {
		t.Errorf("%d attacks were sent to both, %d are stored", attacks, n)
	}
	wantStored(t, e, l, a, b)
	checkAttacks(t, e, edges, attacks)
	checkSharedAnswers(t, a, b)

	eventually(t, "who was removed at one edge cannot log in at the other", func() bool { return logIn(b, "left") == http.StatusForbidden })
	if got := logIn(b, "soc"); got != http.StatusOK {
		t.Errorf("who was not removed: %d", got)
	}
}

// attackXML is an alert with a payload, the same in all, and a CVE.
func attackXML(n int) string {
	const payload = "GET /wp-login.php HTTP/1.1\r\nHost: 203.0.113.9\r\nUser-Agent: zgrab/0.x\r\n\r\n"
	return fmt.Sprintf(`<Alert><Analyzer id="tanner-01"/><CreateTime tz="+0000">2026-11-23 11:%02d:00</CreateTime>`+
		`<Source category="ipv4" port="43288" protocol="tcp">203.0.113.8</Source><Target category="ipv4" port="80" protocol="tcp">198.51.100.9</Target>`+
		`<Request type="url">/wp-login.php</Request><Request type="raw">%s</Request>`+
		`<AdditionalData type="string" meaning="cve_id">CVE-2017-5638</AdditionalData></Alert>`,
		n, base64.StdEncoding.EncodeToString([]byte(payload)))
}

// toAll sends a message to all servers at once.
func (l *load) toAll(body string) {
	done := make(chan struct{}, len(l.servers))
	for _, s := range l.servers {
		go func() {
			l.deliver(s, body)
			done <- struct{}{}
		}()
	}
	for range l.servers {
		<-done
	}
}

// checkAttacks looks at what attackXML leaves beside the alerts.
func checkAttacks(t *testing.T, e *elastic, edges [2]*server, attacks int64) {
	t.Helper()
	payloads := e.sources(e.prefix + "payloads")
	var p struct {
		MD5Count int64 `json:"md5count"`
	}
	if len(payloads) != 1 {
		t.Fatalf("%d payloads are stored, want the one", len(payloads))
	}
	if err := json.Unmarshal([]byte(payloads[0]), &p); err != nil || p.MD5Count != attacks {
		t.Errorf("the payload was counted %d times (%v), want %d", p.MD5Count, err, attacks)
	}
	if cves := e.sources(e.prefix + "cves"); len(cves) != 1 {
		t.Errorf("%d CVEs are stored, want the one", len(cves))
	}
	announced := 0
	for _, s := range edges {
		announced += strings.Count(s.log.String(), "a CVE was seen for the first time")
	}
	if announced != 1 {
		t.Errorf("the CVE was announced %d times, want once", announced)
	}
}

// checkSharedAnswers asks one edge what the other has just answered.
func checkSharedAnswers(t *testing.T, a, b *server) {
	t.Helper()
	for _, question := range []string{"retrieveAlertStats", "retrieveAlertsCountWithType?time=777", "topCountriesAttacks", "tops?type=urls&topx=3&days=7"} {
		first := a.request(http.MethodGet, "/alert/"+question, "")
		second := b.request(http.MethodGet, "/alert/"+question, "")
		if first.status != http.StatusOK || second.body != first.body {
			t.Errorf("%s: one edge answers %d %s, the other %d %s", question, first.status, first.body, second.status, second.body)
		}
		if got := second.header.Get("Server-Timing"); got != `cache;desc="hit"` {
			t.Errorf("%s: the other edge's answer is %s, want a hit", question, got)
		}
	}
}

// deleteByQuery deletes documents and returns how many there were.
func (e *elastic) deleteByQuery(indices, query string) int64 {
	e.t.Helper()
	if !e.refresh() {
		e.t.Fatal("the indices cannot be refreshed")
	}
	var done struct{ Deleted int64 }
	e.do(http.MethodPost, "/"+indices+"/_delete_by_query?refresh=true", `{"query":`+query+`}`, &done)
	return done.Deleted
}

// TestFleetChores has two edges do at once what needs doing once: laying the
// indices out, deleting what is old, and writing the series of statistics.
func TestFleetChores(t *testing.T) {
	e := newElastic(t)
	edges := newFleet(t, e)
	launchAll(edges)
	for _, s := range edges {
		s.stop()
	}
	now := time.Now().UTC()
	today, longAgo := e.indexOf(now), e.indexOf(now.AddDate(0, 0, -3))
	const each = 5
	for _, received := range []struct {
		index string
		hours time.Duration
	}{
		{longAgo, 70},                      // goes, with its index
		{today, 30},                        // goes
		{today, 4}, {today, 3}, {today, 3}, // stay, and are counted
		{e.prefix + "ews-imported", 70}, // is nothing of ours
	} {
		for range each {
			e.putAlert(received.index, now.Add(-received.hours*time.Hour))
		}
	}
	if !e.refresh() {
		t.Fatal("the indices cannot be refreshed")
	}
	launchAll(edges)

	eventually(t, "old alerts are deleted", func() bool {
		status, _ := e.request(http.MethodHead, "/"+longAgo, "")
		return status == http.StatusNotFound && len(e.sources(today)) == 3*each
	})
	if n := len(e.sources(e.prefix + "ews-imported")); n != each {
		t.Errorf("an index of another name has %d documents left of %d", n, each)
	}
	first := now.Add(-4 * time.Hour).Truncate(time.Hour)
	eventually(t, "the series of statistics is complete", func() bool { return len(e.sources(e.prefix+"statistics")) >= 3 })
	series := map[string]int{}
	for _, source := range e.sources(e.prefix + "statistics") {
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
	e.do(http.MethodGet, "/_alias/"+e.prefix+"today", "", &holders)
	if _, ok := holders[e.indexOf(time.Now().UTC())]; !ok || len(holders) != 1 {
		t.Errorf("the write alias stands for %v", holders)
	}
	for _, s := range edges {
		s.stop()
		if log := s.log.String(); strings.Contains(log, `"level":"error"`) || strings.Contains(log, "cannot look after") {
			t.Errorf("an edge had trouble:\n%s", tail(log))
		}
	}
}

// indexOf is the index of a day's alerts.
func (e *elastic) indexOf(day time.Time) string {
	return e.prefix + "ews-" + day.Format("2006.01.02") + "-1"
}

// putAlert stores an alert of the community's that was received then.
func (e *elastic) putAlert(index string, received time.Time) {
	e.t.Helper()
	e.do(http.MethodPost, "/"+index+"/_doc", fmt.Sprintf(
		`{"recievedTime":%[1]q,"createTime":%[1]q,"clientDomain":true,"peerType":"SSH/console(cowrie)","peerIdent":"cowrie-01",`+
			`"hostname":"greysunset","sourceEntryIp":"203.0.113.7","targetEntryIp":"198.51.100.9"}`, received.Format(time.DateTime)), nil)
}
