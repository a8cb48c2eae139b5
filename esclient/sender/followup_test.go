package sender

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/esclient/cluster"
	"github.com/peba-edge/peba/esclient/fakecluster"
	"github.com/peba-edge/peba/spool"
)

// withPayload returns an alert with payload n: three share a fuzzy hash.
func withPayload(id, n int) alert.Record {
	r := testAlert(id)
	r.SourceEntryIP = fmt.Sprintf("203.0.113.%d", id%250+1)
	r.Payload = &alert.Payload{
		Hash: testID(1000 + n), FuzzyHash: fuzzy(n), MIMEType: "text/plain", Data: fmt.Appendf(nil, "payload %d\xff", n),
	}
	return r
}

func fuzzy(n int) string { return testID(2000+n/3) + testID(3000) }

// wantPayload fails unless the payload is counted so often.
func (r *rig) wantPayload(n int, md5Count, fuzzyCount int) {
	r.t.Helper()
	for name, want := range map[string]int{"md5count": md5Count, "fuzzyHashCount": fuzzyCount} {
		if got := r.cluster.Field(r.t, "payloads", fuzzy(n), name); got != strconv.Itoa(want) {
			r.t.Errorf("payload %d: %s is %s, want %d", n, name, got, want)
		}
	}
}

func TestPayloads(t *testing.T) {
	r := newRig(t)
	r.deliver(withPayload(100, 0))
	r.deliver(withPayload(300, 0))
	r.deliver(withPayload(200, 1), withPayload(50, 1), withPayload(400, 3))
	late := withPayload(400, 3)
	late.RecievedTime = alert.At(late.RecievedTime.AddDate(0, 0, 1))
	r.deliver(late) // sent again
	r.wantPayload(0, 2, 2)
	r.wantPayload(3, 1, 0)
	for name, want := range map[string]string{
		"hash": testID(1000), "hashfuzzyhttp": fuzzy(0), "fileMagic": "text/plain",
		"initialIP": "203.0.113.101", "initialDestPort": "22",
		"createTime": "2026-11-24 12:01:40", "lastSeen": "2026-11-24 12:05:00",
		"data": "store", "content": base64.StdEncoding.EncodeToString([]byte("payload 0\xff")),
	} {
		if got := r.cluster.Field(t, "payloads", fuzzy(0), name); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
}

// TestHotPayload counts all alerts of a batch in one change.
func TestHotPayload(t *testing.T) {
	r := newRig(t)
	changes := 0
	r.cluster.Item = func(_, index, _ string, _ []byte) (int, string, string) {
		if index == "payloads" {
			changes++
		}
		return 0, "", ""
	}
	var records []alert.Record
	for i := range 500 {
		records = append(records, withPayload(i, i%2))
	}
	records = append(records, records[7], records[8]) // twice in one message
	r.put(records...)
	r.start()
	r.outbox.waitEmpty(t)
	r.wantPayload(0, 250, 250)
	if changes != 1 {
		t.Errorf("the document was changed %d times, want 1", changes)
	}
	var recent []string
	if err := json.Unmarshal(r.cluster.Documents["payloads"][fuzzy(0)].Source["recent"], &recent); err != nil {
		t.Fatal(err)
	}
	if len(recent) != 500 || recent[499] != testID(499) {
		t.Errorf("%d alerts are remembered, the last is %s", len(recent), recent[len(recent)-1])
	}
	r.deliver(withPayload(500, 0))
	if err := json.Unmarshal(r.cluster.Documents["payloads"][fuzzy(0)].Source["recent"], &recent); err != nil {
		t.Fatal(err)
	}
	if len(recent) != maxRecent || recent[maxRecent-1] != testID(500) {
		t.Errorf("%d alerts are remembered, the last is %s", len(recent), recent[len(recent)-1])
	}
}

// TestHotPayloadWithoutAnswer loses the answer to a change that counts many
// alerts: none of them may count twice.
func TestHotPayloadWithoutAnswer(t *testing.T) {
	r := newRig(t)
	lost := 0
	r.cluster.Garble = func(w http.ResponseWriter, answer []byte) []byte {
		if r.cluster.Documents["payloads"] != nil && lost == 0 {
			lost++
			w.WriteHeader(http.StatusBadGateway)
		}
		return answer
	}
	var records []alert.Record
	for i := range 2 * maxRecent {
		records = append(records, withPayload(i, i%2))
	}
	r.put(records...)
	r.start()
	r.outbox.waitEmpty(t)
	if lost == 0 {
		t.Fatal("no answer was lost")
	}
	r.wantPayload(0, maxRecent, maxRecent)
}

// TestPayloadConflicts has another edge change the documents all the time.
func TestPayloadConflicts(t *testing.T) {
	r := newRig(t)
	n := 0
	r.cluster.Item = func(op, index, id string, _ []byte) (int, string, string) {
		if index != "payloads" {
			return 0, "", ""
		}
		if n++; n%3 != 0 {
			if doc := r.cluster.Documents[index][id]; doc != nil {
				doc.SeqNo++
			} else if op == cluster.Create {
				return http.StatusConflict, "version_conflict_engine_exception", "another edge was quicker"
			}
		}
		return 0, "", ""
	}
	for i := range 60 {
		r.put(withPayload(i, i%6))
	}
	r.start()
	r.outbox.waitEmpty(t)
	r.wantPayload(0, 10, 20)
	r.wantPayload(3, 10, 20)
}

// TestPayloadConflictsForLong has another edge change a document more often than it is
// read again at once.
func TestPayloadConflictsForLong(t *testing.T) {
	r := newRig(t)
	n := 0
	r.cluster.Item = func(_, index, _ string, _ []byte) (int, string, string) {
		if n++; index == "payloads" && n < 2*payloadRounds {
			return http.StatusConflict, "version_conflict_engine_exception", "another edge was quicker"
		}
		return 0, "", ""
	}
	r.deliver(withPayload(1, 0), withPayload(2, 0))
	r.wantPayload(0, 2, 0)
}

// TestDuplicateCountsNothing sends an alert that another edge has stored, and whose
// payload it counts.
func TestDuplicateCountsNothing(t *testing.T) {
	r := newRig(t)
	r.deliver(testAlert(1))
	r.deliver(withPayload(1, 0))
	if ids := r.cluster.IDs("payloads"); len(ids) > 0 {
		t.Errorf("the payload of a duplicate is counted: %v", ids)
	}
}

// TestTwoEdges sends the same alerts from two edges at once.
func TestTwoEdges(t *testing.T) {
	one, two := newRig(t), newRig(t)
	two.sender.post = one.cluster.Post
	for i := range 100 {
		one.put(withPayload(i, i%6), cveAlert(1000+i, fmt.Sprintf("CVE-2026-%d", i%10)))
		two.put(withPayload(i, i%6), cveAlert(1000+i, fmt.Sprintf("CVE-2026-%d", i%10)))
	}
	one.start()
	two.start()
	one.outbox.waitEmpty(t)
	two.outbox.waitEmpty(t)
	if n := len(one.cluster.IDs(testDay)); n != 200 {
		t.Errorf("%d alerts are stored, want 200", n)
	}
	one.wantPayloadSum(0, 51)
	one.wantPayloadSum(3, 49)
	announced := slices.Concat(one.cves, two.cves)
	slices.Sort(announced)
	if len(announced) != 10 || len(slices.Compact(announced)) != 10 {
		t.Errorf("announced were %v, want ten once each", announced)
	}
}

// wantPayloadSum fails unless payloads like n were counted so often together.
func (r *rig) wantPayloadSum(n, want int) {
	r.t.Helper()
	sum := 0
	for _, name := range []string{"md5count", "fuzzyHashCount"} {
		count, err := strconv.Atoi(r.cluster.Field(r.t, "payloads", fuzzy(n), name))
		if err != nil {
			r.t.Fatal(err)
		}
		sum += count
	}
	if sum != want {
		r.t.Errorf("payloads like %d were counted %d times, want %d", n, sum, want)
	}
}

// TestInterrupted stops the sender at each of its requests in turn, after the
// cluster has done it, and starts anew: each alert is counted once.
func TestInterrupted(t *testing.T) {
	for stop := 1; stop <= 6; stop++ {
		t.Run(fmt.Sprint(stop), func(t *testing.T) {
			r := newRig(t)
			requests := 0
			r.cluster.Garble = func(w http.ResponseWriter, answer []byte) []byte {
				if requests++; requests == stop {
					w.WriteHeader(http.StatusGatewayTimeout)
					return nil
				}
				return answer
			}
			both := withPayload(1, 0)
			both.VulnID = "CVE-2017-0144"
			r.put(both, withPayload(2, 0))
			r.put(withPayload(3, 1))
			r.start()
			r.outbox.waitEmpty(t)
			r.outbox.append(frameOf(t, withPayload(2, 0))) // sent again by the sensor
			r.outbox.waitEmpty(t)
			r.wantPayload(0, 2, 1)
			if !r.cluster.IDs("ewscve")["CVE-2017-0144"] || !slices.Equal(r.cves, []string{"CVE-2017-0144"}) {
				t.Errorf("the CVE is not there, or was announced not just once: %v", r.cves)
			}
		})
	}
}

// TestTried has frames that a process sent before it was killed: with and without
// its payload counted.
func TestTried(t *testing.T) {
	r := newRig(t)
	r.deliver(withPayload(1, 0)) // counted
	r.deliver(testAlert(2))      // stored, and its payload not counted
	for _, record := range []alert.Record{withPayload(1, 0), withPayload(2, 0)} {
		r.outbox.mu.Lock()
		r.outbox.last++
		r.outbox.out[r.outbox.last] = true
		frame := spool.Frame{ID: r.outbox.last, Data: frameOf(t, record)}
		r.outbox.mu.Unlock()
		r.outbox.Return([]spool.Frame{frame})
	}
	r.outbox.waitEmpty(t)
	r.wantPayload(0, 2, 0)
	if s := r.sender.Status(); s.Duplicates != 2 {
		t.Errorf("status is %+v", s)
	}
}

// TestLegacyPayload counts on in a document of the Python service.
func TestLegacyPayload(t *testing.T) {
	for name, source := range map[string]string{
		"texts":   `{"hash":"` + testID(1000) + `","md5count":"3","fuzzyHashCount":"4","lastSeen":"2018-04-24 14:12:29","data":"2018-04-24/x"}`,
		"numbers": `{"hash":"` + testID(1000) + `","md5count":3,"fuzzyHashCount":4,"lastSeen":1524579149000,"data":"2018-04-24/x"}`,
		"junk":    `{"hash":"` + testID(1000) + `","md5count":3,"fuzzyHashCount":4,"lastSeen":{},"recent":"none","data":"2018-04-24/x"}`,
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			doc := &fakecluster.Document{}
			if err := json.Unmarshal([]byte(source), &doc.Source); err != nil {
				t.Fatal(err)
			}
			r.cluster.Documents["payloads"] = map[string]*fakecluster.Document{fuzzy(0): doc}
			r.deliver(withPayload(1, 0), withPayload(2, 1))
			r.wantPayload(0, 4, 5)
			if got := r.cluster.Field(t, "payloads", fuzzy(0), "lastSeen"); got != "2026-11-24 12:00:02" {
				t.Errorf("lastSeen is %s", got)
			}
			if got := r.cluster.Field(t, "payloads", fuzzy(0), "data"); got != "2018-04-24/x" {
				t.Errorf("data is %s", got)
			}
		})
	}
}

// TestPayloadReadFails has answers about payloads fail and lie.
func TestPayloadReadFails(t *testing.T) {
	for name, answer := range map[string]string{
		"empty":       "",
		"none":        `{"docs":[]}`,
		"another's":   `{"docs":[{"_id":"x","found":true,"_seq_no":1,"_primary_term":1,"_source":{}}]}`,
		"shard error": `{"docs":[{"_id":"` + fuzzy(0) + `","error":{"type":"no_shard_available_action_exception","reason":"no shard"}}]}`,
		"null":        `{"docs":[null]}`,
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			n := 4
			r.cluster.Refuse = func(w http.ResponseWriter, req *http.Request, _ []byte) bool {
				if !strings.HasSuffix(req.URL.Path, "/_mget") {
					return false
				}
				if n--; n < 0 {
					return false
				}
				_, _ = w.Write([]byte(answer))
				return true
			}
			r.deliver(withPayload(1, 0))
			r.wantPayload(0, 1, 0)
			if s := r.sender.Status(); s.LastError == "" || len(s.Blocked) > 0 {
				t.Errorf("status is %+v", s)
			}
		})
	}
}

// TestPayloadRefused makes a dead letter of an alert that is stored and whose
// payload is refused, and counts it when it is requeued.
func TestPayloadRefused(t *testing.T) {
	r := newRig(t)
	fixed := false
	r.cluster.Item = func(_, index, _ string, _ []byte) (int, string, string) {
		if index != testDay && !fixed {
			return 400, "mapper_parsing_exception", "failed to parse field [content]"
		}
		return 0, "", ""
	}
	both := withPayload(1, 0)
	both.VulnID = "CVE-2017-0144"
	r.deliver(both, withPayload(2, 0))
	letters := r.letters()
	if len(letters) != 3 {
		t.Fatalf("dead letters: %+v", letters)
	}
	r.cluster.Fail(func() { fixed = true })
	for _, l := range letters {
		if l.Index != "payloads" && l.Index != "ewscve" {
			t.Errorf("a letter is of index %s", l.Index)
		}
		if err := r.dead.RequeueDeadLetter(t.Context(), l.ID); err != nil {
			t.Fatal(err)
		}
	}
	r.outbox.waitEmpty(t)
	r.wantPayload(0, 2, 0)
	if len(r.letters()) > 0 || !slices.Equal(r.cves, []string{"CVE-2017-0144"}) {
		t.Errorf("dead letters %+v, CVEs %v", r.letters(), r.cves)
	}
}

func cveAlert(id int, cve string) alert.Record {
	r := testAlert(id)
	r.VulnID, r.PeerType, r.RawHTTP = cve, "Network(suricata)", "GET / HTTP/1.1"
	return r
}

func TestCVEs(t *testing.T) {
	r := newRig(t)
	long := strings.Repeat("CVE-", 200)
	for i, cve := range []string{"CVE-2021-44228", "CVE-2019-19781", "CVE-2021-44228", "cve-2021-44228", "", "-1", "x", long} {
		r.deliver(cveAlert(i, cve))
	}
	r.put(cveAlert(20, "CVE-1"), cveAlert(21, "CVE-1"), cveAlert(22, "CVE-2"))
	r.outbox.waitEmpty(t)
	want := []string{"CVE-2021-44228", "CVE-2019-19781", "cve-2021-44228", long, "CVE-1", "CVE-2"}
	if !slices.Equal(r.cves, want) {
		t.Errorf("announced were %.50q", r.cves)
	}
	if n := len(r.cluster.IDs("ewscve")); n != len(want) {
		t.Errorf("%d CVEs are stored, want %d", n, len(want))
	}
	for name, value := range map[string]string{
		"vulnid": "CVE-1", "createTime": "2026-11-24 12:00:20", "sourceEntryIp": "203.0.113.7", "targetEntryPort": "22",
		"peerType": "Network(suricata)", "rawhttp": "", "peerIdent": "cowrie-01",
	} {
		if got := r.cluster.Field(t, "ewscve", "CVE-1", name); got != value {
			t.Errorf("%s is %q, want %q", name, got, value)
		}
	}
}

// TestKnownCVEs asks no more for CVEs that are known, and bounds what it knows.
func TestKnownCVEs(t *testing.T) {
	r := newRig(t)
	asked := 0
	r.cluster.Item = func(_, index, _ string, _ []byte) (int, string, string) {
		if index == "ewscve" {
			asked++
		}
		return 0, "", ""
	}
	for i := range 20 {
		r.deliver(cveAlert(i, "CVE-2017-0144"))
	}
	if asked != 1 {
		t.Errorf("the CVE was sent %d times, want once", asked)
	}
	for i := range 3 * maxCVEs {
		r.sender.known.add(strconv.Itoa(i))
	}
	if n := len(r.sender.known.ids); n > maxCVEs {
		t.Errorf("%d CVEs are remembered", n)
	}
}
