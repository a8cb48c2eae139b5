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
	"github.com/peba-edge/peba/routes"
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

// TestReadme holds the README's tables of endpoints to the table of questions.
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
	others, users, found := strings.Cut(endpoints, "\nFor [users](#users):\n")
	if !found {
		t.Fatal("README.md has no endpoints for users")
	}
	public, private := tableRows(others), tableRows(users)
	for _, q := range query.All() {
		rows := public
		if q.Private {
			rows = private
		}
		row := rowOf(rows, "`"+q.Paths()[0]+"`")
		if row == "" {
			t.Errorf("README.md has no row for %s, or not where it belongs", q.Name)
			continue
		}
		for _, p := range q.Params {
			if !strings.Contains(row, "`"+p.Name) {
				t.Errorf("README.md does not name the parameter %s of %s", p.Name, q.Name)
			}
		}
	}
}

// tableRows returns the lines of tables.
func tableRows(text string) []string {
	var rows []string
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "| ") {
			rows = append(rows, line)
		}
	}
	return rows
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
` + "`<Result><StatusCode>ERROR</StatusCode><Text>…</Text></Result>`" + `. Parameters that are not listed are ignored, and an empty one
counts as absent, unless one is required. Answers are
cached for the time that is told, or for a minute as long as no alert is two hours old; ` + "`ETag`" + ` and ` + "`If-None-Match`" + ` spare their repetition. Texts that tell what an attacker did
were written by the attacker: never show them as markup.

**What is public.** Anybody may ask the questions that are for all, also about the alerts of private users: with ` + "`ci=0` or `ci=-1`" + `. Their
answers have no source or target address and no sensor's name, but places, ports, times, honeypot types and the requests of attackers. With the option
` + "`private_domain hidden`" + ` these two values, and the stream of them, are for users, who log in with HTTP Basic; others get
403. Questions for users are for users in any case.
`)
	for _, q := range query.All() {
		writeQuestion(&b, q)
	}
	b.WriteString(streamReference)
	return b.String()
}

// streamReference is about what is no question, and has no end.
const streamReference = "\n" + `## stream

New alerts as they come in, as server-sent events.

GET ` + "`" + routes.StreamPath + "`" + `, for all, not cached. For browsers:

` + "```js" + `
const stream = new EventSource("/alert/stream");
stream.addEventListener("alert", e => show(JSON.parse(e.data)));
` + "```" + `

| parameter | allowed | default | meaning |
|---|---|---|---|
| ` + "`ci`" + ` | ` + "`0`, `-1`" + ` or anything else | ` + "`1`" + ` | 0 private users' alerts, -1 all, anything else the community's |

` + "```text" + `
id: 1795477555-12-3-a1b2c3-6a1b2c3d9f0e8d7c6b5a49382716a5b4
event: alert
data: {"id":"6a1b2c3d9f0e8d7c6b5a49382716a5b4","dateCreated":"2026-11-23 23:45:55","country":"BR",…}

event: rate
data: {"perSecond":120.4,"shown":50}

event: missed
data: {"alerts":2999}
` + "```" + `

- ` + "`alert`" + `: A new alert, about a second after it came in (with Elasticsearch, after its next refresh), as a member of
  ` + "`alerts`" + ` of retrieveAlertsJson, but for requestString, of which there are 1024 bytes at most before escaping. Of the alerts that were received in one second at most 50 are told, an even choice.
- ` + "`rate`" + `: How many alerts a second there are, and how many of them are told: averages of the last ten seconds. It comes
  when they change, and about each second while not all are told.
- ` + "`missed`" + `: How many alerts since the client's last event are left out when it comes back; ` + "`null`" + ` if that is not known.

A client that comes back with the header ` + "`Last-Event-ID`" + `, as browsers do by themselves, goes on behind that event, at any
edge of the same store, for up to a day: up to 1000 alerts are told again. It may then get some twice that came late;
their ` + "`id`" + ` tells. A comment comes after 15 seconds of silence. Streams end when the server's configuration changes,
and when a client takes less than it is sent. When too many are open, one more gets 503, or 429 if too many are open from its address, with ` + "`Retry-After`" + `, after
which browsers do not try again by themselves.
`

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
	now := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
	ttl := q.TTL(args, now)
	text := ", cached for " + ttl.String()
	if days := ttl / (24 * time.Hour); days > 1 {
		text = fmt.Sprintf(", cached for %d days", days)
	}
	if plain, err := q.Parse(nil); err == nil {
		switch byDefault := q.TTL(plain, now); byDefault {
		case ttl:
		case 0:
			text += " (by default not)"
		default:
			text += " (by default for " + byDefault.String() + ")"
		}
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
