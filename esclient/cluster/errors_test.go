package cluster

import (
	"strings"
	"testing"
	"unicode"
)

// TestReasonIsHarmless: a reason quotes what an attacker wrote, and is logged.
func TestReasonIsHarmless(t *testing.T) {
	const hostile = "Preview of field's value: '\x1b[31m\r\n\u009b2J\u202e\x7f\xff'"
	for _, reason := range []string{hostile, strings.Repeat(hostile, 1000)} {
		e := Cause{Type: "mapper_parsing_exception", Reason: reason}
		got := e.Text(400)
		if len(got) > MaxReason+len("…") || strings.ContainsFunc(got, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("%d bytes, %q", len(got), got)
		}
	}
}
