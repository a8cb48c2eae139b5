package sender

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"github.com/peba-edge/peba/alert"
)

// chaos makes a cluster fail at random, for a number of requests.
type chaos struct {
	rng      *rand.Rand
	requests int
	bad      map[string]bool // ids of documents that are rejected every time
	whole    bool            // refused with their whole request
}

// answers are ways in which a whole request fails.
var answers = []struct {
	status int
	body   string
}{
	{429, rejectedError}, {500, ""}, {502, "<html>"}, {503, blockError}, {401, securityError}, {403, ""}, {404, ""},
	{200, ""}, {200, "{}"}, {200, `{"items":[{"create":{"status":201}}]}`}, {400, "<html>"}, {413, ""}, {408, ""},
}

func (c *chaos) refuse(w http.ResponseWriter, r *http.Request, body []byte) bool {
	if c.whole && r.URL.Path == "/_bulk" {
		for id := range c.bad {
			if bytes.Contains(body, []byte(`"_id":"`+id)) {
				w.WriteHeader(http.StatusBadRequest)
				_, _ = w.Write([]byte(`{"error":{"type":"action_request_validation_exception","reason":"bad one"}}`))
				return true
			}
		}
	}
	if c.requests--; c.requests < 0 || c.rng.IntN(2) == 0 {
		return false
	}
	one := answers[c.rng.IntN(len(answers))]
	if (one.status == 413 || one.status == 400) && bytes.Count(body, []byte("\n")) <= 2 {
		return false // or it were at fault, at once or when that comes by chance three times
	}
	w.WriteHeader(one.status)
	_, _ = w.Write([]byte(one.body))
	return true
}

func (c *chaos) item(_, _, id string, _ []byte) (status int, kind, reason string) {
	if c.bad[id] {
		return 400, "mapper_parsing_exception", "bad one"
	}
	if c.requests > 0 && c.rng.IntN(10) == 0 {
		return []int{429, 500, 503, 403}[c.rng.IntN(4)], "some_exception", "not now"
	}
	return 0, "", ""
}

func (c *chaos) garble(w http.ResponseWriter, answer []byte) []byte {
	if c.requests <= 0 {
		return answer
	}
	switch c.rng.IntN(6) {
	case 0:
		return nil
	case 1:
		return answer[:c.rng.IntN(len(answer))]
	case 2:
		w.WriteHeader(http.StatusGatewayTimeout)
		return nil
	default:
		return answer
	}
}

// TestRandomFaults has everything fail at random, and the sender stopped and
// started. In the end each alert is stored once, with its payload counted once, or
// is a dead letter that says why.
func TestRandomFaults(t *testing.T) {
	for seed := range uint64(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := newRig(t)
			t.Cleanup(func() {
				if t.Failed() {
					t.Logf("the sender: %+v", r.sender.Status())
				}
			})
			rng := rand.New(rand.NewPCG(seed, 7))
			c := &chaos{rng: rand.New(rand.NewPCG(seed, 8)), requests: 100, bad: map[string]bool{}, whole: seed%2 == 0}
			r.cluster.Refuse, r.cluster.Item, r.cluster.Garble = c.refuse, c.item, c.garble
			if seed%3 == 0 {
				line := len(frameOf(t, testAlert(0)))
				r.sender.size.size, r.sender.size.ceiling = 5*line, 5*line
			}
			const alerts = 400
			wanted := r.putMany(rng, alerts, c.bad)
			for range 5 {
				r.start()
				for range rng.IntN(40) {
					if waiting, out := r.outbox.left(); waiting+out > 0 {
						r.cluster.WaitRequest()
					}
				}
				r.stop()
				if _, out := r.outbox.left(); out != 0 {
					t.Fatalf("%d frames are out when the sender has stopped", out)
				}
			}
			r.start()
			r.outbox.waitEmpty(t)
			r.check(alerts, c.bad, wanted)
		})
	}
}

// putMany puts alerts as frames of some: some are at fault, some come twice. It
// returns how often each payload is to be counted.
func (r *rig) putMany(rng *rand.Rand, n int, bad map[string]bool) (wanted map[int]int) {
	wanted = map[int]int{}
	var frame []alert.Record
	for i := range n {
		record := testAlert(i)
		if rng.IntN(4) == 0 {
			payload := rng.IntN(12)
			record = withPayload(i, payload)
			if rng.IntN(12) == 0 {
				bad[record.ID] = true
			} else {
				wanted[payload/3]++
			}
		} else if rng.IntN(20) == 0 {
			bad[record.ID] = true
		}
		if rng.IntN(10) == 0 {
			record.VulnID = fmt.Sprintf("CVE-2026-%d", rng.IntN(5))
		}
		frame = append(frame, record)
		if rng.IntN(10) == 0 {
			frame = append(frame, record)
		}
		if rng.IntN(6) == 0 || i == n-1 {
			r.put(frame...)
			frame = nil
		}
	}
	return wanted
}

func (r *rig) check(alerts int, bad map[string]bool, wanted map[int]int) {
	t := r.t
	t.Helper()
	stored, dead := r.cluster.IDs(testDay), map[string]bool{}
	for _, l := range r.letters() {
		if !strings.Contains(l.Reason, "bad one") || l.Index != testDay {
			t.Errorf("dead letter %+v", l)
		}
		dead[l.DocumentID] = true
	}
	for i := range alerts {
		id := testID(i)
		if stored[id] == bad[id] || dead[id] != bad[id] {
			t.Errorf("alert %d is stored: %v, a dead letter: %v, at fault: %v", i, stored[id], dead[id], bad[id])
		}
	}
	if len(stored)+len(dead) != alerts {
		t.Errorf("%d are stored and %d dead, of %d", len(stored), len(dead), alerts)
	}
	for name, n := range r.cluster.Creates {
		if n != 1 {
			t.Errorf("%s was created %d times", name, n)
		}
	}
	for payload, want := range wanted {
		r.wantPayloadSum(payload*3, want)
	}
	announced := map[string]int{}
	for _, cve := range r.cves {
		announced[cve]++
	}
	for cve := range r.cluster.IDs("ewscve") {
		if announced[cve] > 1 {
			t.Errorf("%s was announced %d times", cve, announced[cve])
		}
	}
	if s := r.sender.Status(); s.Paused+s.Down != "" || len(s.Blocked) > 0 {
		t.Errorf("in the end status is %+v", s)
	}
}
