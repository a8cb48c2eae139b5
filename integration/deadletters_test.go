package integration

import (
	"strings"
	"testing"
)

// TestNoDeadLetters asks for the dead letters of the embedded store, which keeps none.
func TestNoDeadLetters(t *testing.T) {
	s := startServer(t, "", "")
	for _, args := range [][]string{{"list"}, {"show", "1"}, {"requeue", "--all"}, {"drop", "1"}} {
		out, err := s.cli("", append([]string{"peba", "dead-letters", "--address", s.admin}, args...)...)
		if err == nil || !strings.Contains(out, "this store keeps no dead letters") {
			t.Errorf("dead-letters %v: %v\n%s", args, err, out)
		}
	}
}
