package simulate

import (
	"bytes"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"encoding/xml"
	"math"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/peba-edge/peba/alert"
)

var testNow = time.Date(2026, 3, 29, 1, 30, 0, 0, time.UTC)

// wireMessage is a message as docs/CONTRACT.md §1 has it.
type wireMessage struct {
	XMLName  xml.Name    `xml:"EWS-SimpleMessage"`
	Version  string      `xml:"version,attr"`
	Username string      `xml:"Authentication>username"`
	Token    string      `xml:"Authentication>token"`
	Alerts   []wireAlert `xml:"Alert"`
}

type wireAlert struct {
	Analyzer struct {
		ID string `xml:"id,attr"`
	}
	CreateTime struct {
		TZ   string `xml:"tz,attr"`
		Text string `xml:",chardata"`
	}
	Source, Target wireEndpoint
	Request        []struct {
		Type string `xml:"type,attr"`
		Text string `xml:",chardata"`
	}
	AdditionalData []struct {
		Type    string `xml:"type,attr"`
		Meaning string `xml:"meaning,attr"`
		Text    string `xml:",chardata"`
	}
}

type wireEndpoint struct {
	Category string `xml:"category,attr"`
	Port     string `xml:"port,attr"`
	Protocol string `xml:"protocol,attr"`
	Text     string `xml:",chardata"`
}

func parse(t *testing.T, body []byte) wireMessage {
	t.Helper()
	var m wireMessage
	if err := xml.Unmarshal(body, &m); err != nil {
		t.Fatalf("%v in\n%s", err, body)
	}
	return m
}

func TestMessageIsAsTheContractSays(t *testing.T) {
	fleet := NewFleet(7, 25)
	sensors := map[string]string{} // uuid to external address
	for range 600 {
		m := parse(t, fleet.Message(testNow, "us&er", "<token>", 5))
		if m.Version != "3.0" || m.Username != "us&er" || m.Token != "<token>" || len(m.Alerts) != 5 {
			t.Fatalf("version %q, user %q, token %q, %d alerts", m.Version, m.Username, m.Token, len(m.Alerts))
		}
		first := m.Alerts[0]
		for _, a := range m.Alerts {
			if a.Analyzer.ID != first.Analyzer.ID || a.data(t)["uuid"] != first.data(t)["uuid"] {
				t.Fatalf("%s of %s and %s of %s in one message", a.Analyzer.ID, a.data(t)["uuid"], first.Analyzer.ID, first.data(t)["uuid"])
			}
			checkAlert(t, a)
		}
		data := first.data(t)
		if known, ok := sensors[data["uuid"]]; ok && known != data["externalIP"] {
			t.Fatalf("sensor %s at %s and %s", data["uuid"], known, data["externalIP"])
		}
		sensors[data["uuid"]] = data["externalIP"]
	}
	if len(sensors) != 25 {
		t.Errorf("%d sensors spoke, want 25", len(sensors))
	}
}

func (a *wireAlert) data(t *testing.T) map[string]string {
	t.Helper()
	data := map[string]string{}
	for _, d := range a.AdditionalData {
		if _, twice := data[d.Meaning]; twice || d.Type != "string" || d.Text == "" {
			t.Fatalf("%s: AdditionalData %+v (twice: %t)", a.Analyzer.ID, d, twice)
		}
		data[d.Meaning] = d.Text
	}
	return data
}

func (a *wireAlert) requests(t *testing.T) map[string]string {
	t.Helper()
	requests := map[string]string{}
	for _, r := range a.Request {
		if _, twice := requests[r.Type]; twice || r.Text == "" {
			t.Fatalf("%s: Request %+v (twice: %t)", a.Analyzer.ID, r, twice)
		}
		requests[r.Type] = r.Text
	}
	return requests
}

func checkAlert(t *testing.T, a wireAlert) {
	t.Helper()
	k := slices.IndexFunc(kinds[:], func(k kind) bool { return k.analyzer == a.Analyzer.ID })
	if k < 0 {
		t.Fatalf("analyzer %q", a.Analyzer.ID)
	}
	layout, text := "2006-01-02 15:04:05 -0700", a.CreateTime.Text+" "+a.CreateTime.TZ
	if kinds[k].utc {
		text = a.CreateTime.Text + " +0000"
	}
	created, err := time.Parse(layout, text)
	if lag := testNow.Sub(created); err != nil || lag < 0 || lag > maxLag*time.Second {
		t.Fatalf("%s: CreateTime %+v: %v, %s back", a.Analyzer.ID, a.CreateTime, err, lag)
	}
	data, requests := a.data(t), a.requests(t)
	checkEndpoints(t, a, data)
	for _, key := range []string{"hostname", "externalIP", "internalIP", "uuid"} {
		if data[key] == "" {
			t.Fatalf("%s: no %s", a.Analyzer.ID, key)
		}
	}
	if requests["description"] == "" || a.Request[0].Type != "description" {
		t.Fatalf("%s: requests %v", a.Analyzer.ID, requests)
	}
	checkPayload(t, a, data, requests)
}

func checkEndpoints(t *testing.T, a wireAlert, data map[string]string) {
	t.Helper()
	source, err := netip.ParseAddr(a.Source.Text)
	if err != nil || special(source.Unmap()) {
		t.Fatalf("%s: source %+v: %v, special %t", a.Analyzer.ID, a.Source, err, special(source.Unmap()))
	}
	target, err := netip.ParseAddr(a.Target.Text)
	if err != nil || special(target) {
		t.Fatalf("%s: target %+v: %v", a.Analyzer.ID, a.Target, err)
	}
	category := "ipv4"
	if source.Is6() {
		category = "ipv6"
	}
	if a.Source.Category != category || a.Target.Category != category {
		t.Fatalf("%s: %+v → %+v", a.Analyzer.ID, a.Source, a.Target)
	}
	if source.Unmap().Is4() != target.Is4() {
		t.Fatalf("%s: %s attacks %s", a.Analyzer.ID, source, target)
	}
	if target.Is4() && target.String() != data["externalIP"] {
		t.Fatalf("%s: target %s, external address %s", a.Analyzer.ID, target, data["externalIP"])
	}
	for _, e := range []wireEndpoint{a.Source, a.Target} {
		port, err := strconv.ParseUint(e.Port, 10, 16)
		if err != nil || port == 0 || e.Protocol != "tcp" && e.Protocol != "udp" {
			t.Fatalf("%s: %+v: %v", a.Analyzer.ID, e, err)
		}
	}
}

func checkPayload(t *testing.T, a wireAlert, data, requests map[string]string) {
	t.Helper()
	payload := requests["binary"] + requests["largepayload"]
	if raw := requests["raw"]; raw != "" {
		decoded, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(raw, "\n", ""))
		path, pathErr := url.PathUnescape(requests["url"])
		if err != nil || pathErr != nil || !strings.Contains(string(decoded), " "+path+" HTTP/1.1\nhost: "+a.Target.Text+"\r\n") {
			t.Fatalf("%s: url %q, raw request %q, %v, %v", a.Analyzer.ID, requests["url"], decoded, err, pathErr)
		}
	}
	if payload == "" {
		return
	}
	if large := len(payload) > 5120; large != (requests["largepayload"] != "") {
		t.Fatalf("%s: %d characters, largepayload %t", a.Analyzer.ID, len(payload), requests["largepayload"] != "")
	}
	decoded, err := base64.StdEncoding.DecodeString(payload)
	sum := md5.Sum(decoded)
	if err != nil || len(decoded) == 0 || hex.EncodeToString(sum[:]) != data["payload_md5"] {
		t.Fatalf("%s: payload %q, payload_md5 %s: %v", a.Analyzer.ID, payload, data["payload_md5"], err)
	}
}

// TestMessageIsStoredWhole: the decoder of the server skips nothing, and no two
// alerts have one id.
func TestMessageIsStoredWhole(t *testing.T) {
	const messages, batch = 600, 10
	fleet := NewFleet(3, 2)
	ids, analyzers := map[string]bool{}, map[string]bool{}
	for i := range messages {
		now := testNow.Add(time.Duration(i/10) * time.Second)
		m, err := alert.Decode(bytes.NewReader(fleet.Message(now, "u", "t", batch)), alert.DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		if len(m.Records) != batch || len(m.Skipped) > 0 || m.BadPayloads > 0 {
			t.Fatalf("%d records, skipped %v, %d bad payloads", len(m.Records), m.Skipped, m.BadPayloads)
		}
		for _, r := range m.Records {
			ids[r.ID], analyzers[r.PeerIdent] = true, true
			if r.PeerType == "Unclassified" {
				t.Fatalf("%s is unclassified", r.PeerIdent)
			}
		}
	}
	if len(ids) != messages*batch {
		t.Errorf("%d ids of %d alerts", len(ids), messages*batch)
	}
	if len(analyzers) != len(kinds) {
		t.Errorf("%d kinds of honeypots spoke, want %d", len(analyzers), len(kinds))
	}
}

func TestMix(t *testing.T) {
	const messages = 2000
	fleet := NewFleet(11, 40)
	fleet.Message(testNow, "u", "t", 1)
	counts := make([]int, len(kinds))
	for range messages {
		counts[fleet.nextKind()]++
	}
	sum := 0.0
	for k, kind := range kinds {
		sum += kind.weight
		if got := 100 * float64(counts[k]) / messages; math.Abs(got-kind.weight) > 0.3 {
			t.Errorf("%s: %.2f %%, want %.2f %%", kind.analyzer, got, kind.weight)
		}
	}
	if math.Abs(sum-totalWeight) > 1e-9 {
		t.Errorf("the weights add up to %f, want %d", sum, totalWeight)
	}
}

func TestSeedDecides(t *testing.T) {
	play := func(seed uint64, now time.Time) []byte {
		fleet := NewFleet(seed, 10)
		var all []byte
		for i := range 50 {
			all = append(all, fleet.Message(now.Add(time.Duration(i)*time.Second), "u", "t", 7)...)
		}
		return all
	}
	first := play(5, testNow)
	if !bytes.Equal(first, play(5, testNow)) {
		t.Error("one seed and one time gave different messages")
	}
	if bytes.Equal(first, play(6, testNow)) {
		t.Error("two seeds gave the same messages")
	}
	if bytes.Equal(first, play(5, testNow.Add(time.Nanosecond))) {
		t.Error("two times gave the same messages")
	}
	a, b := NewFleet(5, 10), NewFleet(5, 10)
	a.Message(testNow, "u", "t", 1)
	b.Message(testNow.Add(time.Hour), "u", "t", 1)
	for i := range a.sensors {
		if a.sensors[i].identity != b.sensors[i].identity {
			t.Errorf("sensor %d was %s and is %s", i, a.sensors[i].identity, b.sensors[i].identity)
		}
	}
}

// TestSourcesHaveAShape: a few come often, many come, some over IPv6.
func TestSourcesHaveAShape(t *testing.T) {
	const alerts = 20_000
	fleet := NewFleet(1, 10)
	fleet.Message(testNow, "u", "t", 1)
	counts, ipv6 := map[string]int{}, 0
	for range alerts {
		a := fleet.source(fleet.nextKind())
		counts[a.address]++
		if a.ipv6 {
			ipv6++
		}
	}
	top := 0
	for _, n := range counts {
		top = max(top, n)
	}
	if top < alerts/50 || top > alerts/5 {
		t.Errorf("the top source has %d of %d alerts", top, alerts)
	}
	if len(counts) < alerts/10 {
		t.Errorf("%d sources of %d alerts", len(counts), alerts)
	}
	if ipv6 == 0 || ipv6 > alerts/5 {
		t.Errorf("%d of %d alerts over IPv6", ipv6, alerts)
	}
}

// TestInstantsDiffer: every port once in a second, and in each of the seconds
// that are in reach, in any order.
func TestInstantsDiffer(t *testing.T) {
	fleet := NewFleet(1, 1)
	fleet.Message(testNow, "u", "t", 1)
	s := &fleet.sensors[0]
	start := testNow.Unix() + 1000
	type use struct {
		at   int64
		port int
	}
	used := make(map[use]bool, 4*portCount)
	for range portCount {
		for _, lag := range []int64{0, maxLag, 1, 17} {
			at, port := s.instant(start-lag, fleet.random)
			if at != start-lag || port < lowPort || port > 65535 || used[use{at, port}] {
				t.Fatalf("second %d, port %d, used before: %t", at, port, used[use{at, port}])
			}
			used[use{at, port}] = true
		}
	}
}

func TestSensorsDiffer(t *testing.T) {
	const n = 3000 // more than there are names of two words
	names, addresses := map[string]bool{}, map[string]bool{}
	fleet := NewFleet(1, n)
	for i := range fleet.sensors {
		s := &fleet.sensors[i]
		_, rest, _ := strings.Cut(s.identity, `"hostname">`)
		name, _, _ := strings.Cut(rest, "<")
		names[name], addresses[s.address] = true, true
	}
	if len(names) != n || len(addresses) != n {
		t.Errorf("%d sensors with %d names and %d addresses", n, len(names), len(addresses))
	}
	for k := range kinds {
		if len(NewFleet(1, 1).bearers[k]) != 1 {
			t.Errorf("a single sensor does not run %s", kinds[k].analyzer)
		}
	}
}
