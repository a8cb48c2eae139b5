package integration

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// TestNoDeadLetters asks for the dead letters of the embedded store, which has none.
func TestNoDeadLetters(t *testing.T) {
	s := startServer(t, "", "")
	for _, args := range [][]string{{"show", "1"}, {"requeue", "1"}, {"drop", "1"}} {
		out, err := s.cli("", append([]string{"peba", "dead-letters", "--address", s.admin}, args...)...)
		if err == nil || !strings.HasPrefix(out, "Error: this store has no dead letters") {
			t.Errorf("dead-letters %v: %v\n%s", args, err, out)
		}
	}
}

// TestDeadLetters has Elasticsearch refuse alerts: for ever, because the index of
// their day is mapped by somebody else's idea, and until somebody opens the index.
func TestDeadLetters(t *testing.T) {
	e := newElastic(t)
	e.do(http.MethodPut, "/"+e.day(), `{"mappings":{"properties":{"sourceEntryIp":{"type":"integer"}}}}`, nil)
	const otherDay, otherIndex = "2026-11-22", "ews-2026.11.22-1"
	s := newCheckedServer(t, e.options())
	s.start()
	e.do(http.MethodPut, "/"+e.prefix+otherIndex, "", nil) // as the template has it
	e.do(http.MethodPost, "/"+e.prefix+otherIndex+"/_close", "", nil)
	letters := func(args ...string) string {
		t.Helper()
		out, err := s.cli("", append([]string{"peba", "dead-letters", "--address", s.admin}, args...)...)
		if err != nil {
			t.Fatalf("dead-letters %v: %v\n%s", args, err, out)
		}
		return out
	}
	send := func(n int, day string) {
		t.Helper()
		body := messageXML(communityUser, checkedToken, strings.ReplaceAll(alertXML("203.0.113.7", n), "2026-11-23", day))
		if got := s.post(body); got.body != okResult {
			t.Fatalf("%d %s", got.status, got.body)
		}
	}
	for n := range 3 {
		send(n, "2026-11-23")
	}
	send(3, otherDay)
	send(4, "2026-11-21") // is not held up by the others

	eventually(t, "three alerts are dead letters", func() bool { return strings.Count(letters("list"), e.day()) == 3 })
	s.wantCheck("dead letters", "requeue them when that is mended")
	eventually(t, "the closed index is told of", func() bool { out, _ := s.check(); return strings.Contains(out, "index_closed_exception") })
	eventually(t, "only the message for the closed index waits", func() bool { return s.waiting() == 1 })
	id := strings.Fields(strings.Split(letters("list"), "\n")[1])[0]
	for _, want := range []string{"mapper_parsing_exception", `"sourceEntryIp": "203.0.113.7"`, e.day()} {
		if out := letters("show", id); !strings.Contains(out, want) {
			t.Errorf("dead-letters show lacks %s:\n%s", want, out)
		}
	}

	letters("requeue", id) // nothing is mended yet
	eventually(t, "it is a dead letter again", func() bool { return strings.Count(letters("list"), e.day()) == 3 && s.waiting() == 1 })
	e.do(http.MethodDelete, "/"+e.day(), "", nil)
	letters("requeue", "--all")
	e.do(http.MethodPost, "/"+e.prefix+otherIndex+"/_open", "", nil)
	s.drain()
	if out := letters("list"); strings.Contains(out, e.prefix) {
		t.Errorf("after requeue there are dead letters:\n%s", out)
	}
	stored := e.sessions()
	for n := range 5 {
		if session := fmt.Sprintf(`{"sessionid":"s%d"}`, n); stored[session] != 1 {
			t.Errorf("%s is stored %d times", session, stored[session])
		}
	}
	s.wantHealthy()
}
