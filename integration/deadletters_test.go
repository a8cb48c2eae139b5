package integration

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/peba-edge/peba/integration/edgetest"
)

// TestNoDeadLetters asks for the dead letters of the embedded store, which has none.
func TestNoDeadLetters(t *testing.T) {
	s := startServer(t, "", "")
	for _, args := range [][]string{{"show", "1"}, {"requeue", "1"}, {"drop", "1"}} {
		out, err := s.CLI("", append([]string{"peba", "dead-letters", "--address", s.Admin}, args...)...)
		if err == nil || !strings.HasPrefix(out, "Error: this store has no dead letters") {
			t.Errorf("dead-letters %v: %v\n%s", args, err, out)
		}
	}
}

// TestDeadLetters has Elasticsearch reject alerts: permanently, because the index of
// their day is mapped by somebody else's idea, and until somebody opens the index.
func TestDeadLetters(t *testing.T) {
	e := elastics.New(t)
	e.Do(http.MethodPut, "/"+e.Day(), `{"mappings":{"properties":{"sourceEntryIp":{"type":"integer"}}}}`, nil)
	const otherDay, otherIndex = "2026-11-22", "ews-2026.11.22-1"
	s := newCheckedServer(t, e.Options())
	s.Start()
	e.Do(http.MethodPut, "/"+e.Prefix+otherIndex, "", nil) // as the template has it
	e.Do(http.MethodPost, "/"+e.Prefix+otherIndex+"/_close", "", nil)
	letters := func(args ...string) string {
		t.Helper()
		out, err := s.CLI("", append([]string{"peba", "dead-letters", "--address", s.Admin}, args...)...)
		if err != nil {
			t.Fatalf("dead-letters %v: %v\n%s", args, err, out)
		}
		return out
	}
	send := func(n int, day string) {
		t.Helper()
		body := edgetest.MessageXML(checkedUser, checkedToken, strings.ReplaceAll(edgetest.AlertXML("203.0.113.7", n), "2026-11-23", day))
		if got := s.Post(body); got.Body != edgetest.OKResult {
			t.Fatalf("%d %s", got.Status, got.Body)
		}
	}
	for n := range 3 {
		send(n, "2026-11-23")
	}
	send(3, otherDay)
	send(4, "2026-11-21") // is not held up by the others

	edgetest.Eventually(t, "three alerts are dead letters", func() bool { return strings.Count(letters("list"), e.Day()) == 3 })
	s.wantCheck("dead letters", "requeue them once the cause is fixed")
	edgetest.Eventually(t, "the closed index is told of", func() bool { out, _ := s.Check(); return strings.Contains(out, "index_closed_exception") })
	edgetest.Eventually(t, "only the message for the closed index waits", func() bool { return s.Waiting() == 1 })
	id := strings.Fields(strings.Split(letters("list"), "\n")[1])[0]
	for _, want := range []string{"mapper_parsing_exception", `"sourceEntryIp": "203.0.113.7"`, e.Day()} {
		if out := letters("show", id); !strings.Contains(out, want) {
			t.Errorf("dead-letters show lacks %s:\n%s", want, out)
		}
	}

	letters("requeue", id) // nothing is fixed yet
	edgetest.Eventually(t, "it is a dead letter again", func() bool { return strings.Count(letters("list"), e.Day()) == 3 && s.Waiting() == 1 })
	e.Do(http.MethodDelete, "/"+e.Day(), "", nil)
	letters("requeue", "--all")
	e.Do(http.MethodPost, "/"+e.Prefix+otherIndex+"/_open", "", nil)
	s.Drain()
	if out := letters("list"); strings.Contains(out, e.Prefix) {
		t.Errorf("after requeue there are dead letters:\n%s", out)
	}
	stored := e.Sessions()
	for n := range 5 {
		if session := fmt.Sprintf(`{"sessionid":"s%d"}`, n); stored[session] != 1 {
			t.Errorf("%s is stored %d times", session, stored[session])
		}
	}
	s.wantHealthy()
}
