package openapi_test

import (
	"flag"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/peba-edge/peba/query"
)

var update = flag.Bool("update", false, "write docs/API.md")

const referenceFile = "../../docs/API.md"

// TestReference holds docs/API.md to the table of questions.
func TestReference(t *testing.T) {
	want := reference()
	if *update {
		if err := os.WriteFile(referenceFile, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(referenceFile)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("docs/API.md is not what the questions say: go test ./query/openapi -update writes it")
	}
}

// TestReadme holds the README's table of endpoints to the table of questions.
func TestReadme(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, endpoints, found := strings.Cut(string(readme), "\n## Endpoints\n")
	if !found {
		t.Fatal("README.md has no section Endpoints")
	}
	endpoints, _, _ = strings.Cut(endpoints, "\n## ")
	var rows []string
	for line := range strings.Lines(endpoints) {
		if strings.HasPrefix(line, "| ") {
			rows = append(rows, line)
		}
	}
	for _, q := range query.All() {
		row := rowOf(rows, "`"+q.Paths()[0]+"`")
		if row == "" {
			t.Errorf("README.md has no row for %s", q.Name)
			continue
		}
		for _, p := range q.Params {
			if !strings.Contains(row, "`"+p.Name) {
				t.Errorf("README.md does not name the parameter %s of %s", p.Name, q.Name)
			}
		}
		if private := strings.Contains(row, "| users |"); private != q.Private {
			t.Errorf("README.md: %s is for users: %v", q.Name, private)
		}
	}
}

func rowOf(rows []string, path string) string {
	for _, row := range rows {
		if strings.Contains(row, path) {
			return row
		}
	}
	return ""
}

// reference is docs/API.md.
func reference() string {
	var b strings.Builder
	b.WriteString(`# The questions

What each question takes and answers. This file is made from the same table as ` + "`/alert/openapi.json`" + `
(` + "`go test ./query/openapi -update`" + `): do not edit it.

All times are in UTC. Every path is served with a slash at its end, too. A parameter that makes no sense gets 400, and
a text that names it, as ` + "`{\"error\": \"…\"}`" + ` where the answer would be JSON, else as
` + "`<Result><StatusCode>ERROR</StatusCode><Text>…</Text></Result>`" + `. Parameters that are not listed are ignored. Answers are
cached for the time that is told; ` + "`ETag`" + ` and ` + "`If-None-Match`" + ` spare their repetition. Texts that tell what an attacker did
were written by the attacker: never show them as markup.
`)
	for _, q := range query.All() {
		writeQuestion(&b, q)
	}
	return b.String()
}

func writeQuestion(b *strings.Builder, q *query.Question) {
	fmt.Fprintf(b, "\n## %s\n\n%s\n\n", q.Name, q.Summary)
	method, who := "GET", "all"
	if q.Private {
		method, who = "POST, or GET with HTTP Basic,", "users"
	}
	fmt.Fprintf(b, "%s `%s`, for %s%s.\n\n", method, strings.Join(q.Paths(), "` or `"), who, cached(q))
	b.WriteString("| parameter | allowed | default | meaning |\n|---|---|---|---|\n")
	for i := range q.Params {
		p := &q.Params[i]
		byDefault := p.Default
		if p.Required {
			byDefault = "must be given"
		}
		fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", p.Name, p.Allowed(), byDefault, p.Summary)
	}
	if q.CommunityOnly {
		b.WriteString("| `ci` | | | ignored: this is about the community only |\n")
	} else {
		b.WriteString("| `ci` | `0`, `-1` or anything else | `1` | 0 private users' alerts, -1 all, anything else the community's |\n")
	}
	for i, media := range q.Formats {
		name, language := "JSON", "json"
		if media != query.JSON {
			name, language = "XML", "xml"
		}
		fmt.Fprintf(b, "\n%s:\n\n```%s\n%s\n```\n\n", name, language, strings.TrimSpace(q.Answers[i].Example))
		writeMembers(b, "", q.Answers[i].Schema)
	}
}

// cached tells how long answers hold.
func cached(q *query.Question) string {
	values := make(url.Values)
	for _, p := range q.Params {
		values.Set(p.Name, p.Example)
	}
	args, err := q.Parse(values)
	if err != nil {
		panic(err) // query's own tests hold the examples right
	}
	ttl := q.TTL(args, time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC))
	text := ", cached for " + ttl.String()
	if days := ttl / (24 * time.Hour); days > 1 {
		text = fmt.Sprintf(", cached for %d days", days)
	}
	plain, err := q.Parse(nil)
	if err == nil && q.TTL(plain, time.Now()) == 0 {
		text += " (by default not)"
	}
	return text
}

// writeMembers lists what a schema says of members, each with its path.
func writeMembers(b *strings.Builder, path string, s *query.Schema) {
	if s.Description != "" {
		name := path
		if name == "" {
			name = "the answer"
		}
		fmt.Fprintf(b, "- `%s`: %s\n", name, s.Description)
	}
	if s.Items != nil {
		writeMembers(b, path+"[]", s.Items)
	}
	for _, p := range s.Properties {
		writeMembers(b, strings.TrimPrefix(path+"."+p.Name, "."), p.Schema)
	}
	if more, ok := s.AdditionalProperties.(*query.Schema); ok {
		writeMembers(b, strings.TrimPrefix(path+".*", "."), more)
	}
}
