package lists

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/peba-edge/peba/query"
)

// The generated part of docs/FEEDS.md is between these lines.
const (
	docsFile  = "../../docs/FEEDS.md"
	docsBegin = "<!-- Generated from feed/lists by `make generate`: do not edit until the end of the formats. -->\n"
	docsEnd   = "<!-- The end of the formats. -->\n"
)

// TestDocs holds docs/FEEDS.md to the table of formats.
func TestDocs(t *testing.T) {
	text, err := os.ReadFile(docsFile)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, begun := strings.Cut(string(text), docsBegin)
	_, after, ended := strings.Cut(rest, docsEnd)
	if !begun || !ended {
		t.Fatalf("docs/FEEDS.md must have the lines\n%s%s", docsBegin, docsEnd)
	}
	want := before + docsBegin + reference() + docsEnd + after
	if *update {
		if err := os.WriteFile(docsFile, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if string(text) != want {
		t.Error("docs/FEEDS.md is out of date: go test ./feed/lists -update writes it")
	}
	for _, f := range All() {
		if !strings.Contains(before+after, "."+f.Suffix) {
			t.Errorf("docs/FEEDS.md names no consumer of .%s", f.Suffix)
		}
	}
}

// reference describes the formats and their parameters.
func reference() string {
	var b strings.Builder
	b.WriteString("\n| format | path | what it is | parameters |\n|---|---|---|---|\n")
	var params []query.Param
	seen := make(map[string]bool)
	for _, f := range All() {
		var names []string
		for _, p := range f.Params {
			names = append(names, "`"+p.Name+"`")
			if !seen[p.Name] {
				seen[p.Name] = true
				params = append(params, p)
			}
		}
		fmt.Fprintf(&b, "| %s | `/feeds/NAME.%s` | %s | %s |\n", f.Name, f.Suffix, f.Summary, strings.Join(names, " "))
	}
	b.WriteString("\n| parameter | valid values | default | meaning |\n|---|---|---|---|\n")
	for i := range params {
		p := &params[i]
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", p.Name, p.Allowed(), p.Default, p.Summary)
	}
	b.WriteString("\nThe same three entries in each format:\n")
	for _, f := range All() {
		fmt.Fprintf(&b, "\n`blocklist.%s`:\n\n```text\n%s```\n", f.Suffix, strings.ReplaceAll(string(f.Example()), "\r\n", "\n"))
	}
	b.WriteByte('\n')
	return b.String()
}
