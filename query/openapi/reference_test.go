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

Parameters and answers of each question. This file is generated from the same table as ` + "`/alert/openapi.json`" + `
(` + "`go test ./query/openapi -update`" + `): do not edit it.

All times are in UTC. Every path is also served with a trailing slash. An invalid parameter gets 400 and
a text that names it, as ` + "`{\"error\": \"…\"}`" + ` if the answer would be JSON, otherwise as
` + "`<Result><StatusCode>ERROR</StatusCode><Text>…</Text></Result>`" + `. Parameters that are not listed are ignored, and an empty one
counts as absent, unless it is required. Answers are
cached for the given time, or for at most a minute until the first alert is two hours old. ` + "`ETag`" + ` and ` + "`If-None-Match`" + ` avoid repeated transfers; ` + "`Last-Modified`" + ` is when an answer was computed. Attackers wrote the texts that describe
their actions: never show them as markup.

**Two times.** An alert has the sensor's time and the time of its arrival. For ` + "`dateCreated`" + ` see the description of the answer: it is the arrival in retrieveAlertsJson, replay and the XML of retrieveAlertsCyber, as existing clients expect, and otherwise the sensor's time.

**What is public.** Anyone may ask the questions for all, including about the alerts of private users, with ` + "`ci=0` or `ci=-1`" + `. Their answers have no source or target address and no sensor's name, but places, ports, times, honeypot types and attackers' requests. With the option
` + "`private_domain hidden`" + ` these two values, and their stream, are for users, who log in with HTTP Basic; others get
403. Questions for users are always for users only.
`)
	for _, q := range query.All() {
		writeQuestion(&b, q)
	}
	b.WriteString(streamReference)
	return b.String()
}

// streamReference documents the stream, which is not a question.
const streamReference = "\n" + `## stream

New alerts as they arrive, as server-sent events.

GET ` + "`" + routes.StreamPath + "`" + `, for all, not cached. For browsers:

` + "```js" + `
const stream = new EventSource("/alert/stream");
stream.addEventListener("alert", e => show(JSON.parse(e.data)));
` + "```" + `

| parameter | valid values | default | meaning |
|---|---|---|---|
| ` + "`ci`" + ` | ` + "`0`, `-1`" + ` or anything else | ` + "`1`" + ` | 0 private users' alerts, -1 all, anything else the community's |

` + "```text" + `
id: 1795477555-12-3-a1b2c3-6a1b2c3d9f0e8d7c6b5a49382716a5b4
event: alert
data: {"id":"6a1b2c3d9f0e8d7c6b5a49382716a5b4","dateCreated":"2026-11-23 23:45:55","country":"BR",…}

event: rate
data: {"perSecond":120.4,"shown":50}

event: count
data: {"from":1795477555,"counts":[120,0,131]}

event: missed
data: {"alerts":2999}

event: store
data: {"available":false}
` + "```" + `

- ` + "`alert`" + `: A new alert, about a second after its arrival (with Elasticsearch, after the next refresh), like a member of
` + "`alerts`" + ` in retrieveAlertsJson, but with requestString truncated to 1024 bytes before escaping. At most 50 alerts per second of arrival are sent, as an evenly spread selection.
- ` + "`rate`" + `: Number of alerts per second, and how many of them are sent: averages of the last ten seconds. This event comes
when they change, and about every second while not all are sent.
- ` + "`count`" + `: Number of alerts that arrived in each second, starting at ` + "`from`" + ` (Unix time), sent or not. A later count of the same second replaces an earlier one. The first
event has the last 300 seconds; then one comes every second, starting with the first second that has changed. After 300 seconds without an alert there are no more.
- ` + "`store`" + `: Whether the server can read its store: ` + "`false`" + ` when it fails, then ` + "`true`" + ` when it works again.
- ` + "`missed`" + `: Number of alerts since the client's last event that are not sent when it reconnects; ` + "`null`" + ` if unknown.

A client that reconnects with the header ` + "`Last-Event-ID`" + `, as browsers do automatically, resumes after that event, at any
edge of the same store, for up to a day and up to 1000 alerts. It may get some late alerts twice, with the same
` + "`id`" + `. A comment comes after 15 seconds of silence. Streams end when the server's configuration changes,
and when a client reads too slowly. Beyond the limit of open streams a client gets 503, or 429 for the limit per address, with ` + "`Retry-After`" + `, after
which browsers do not reconnect automatically.
`

func writeQuestion(b *strings.Builder, q *query.Question) {
	fmt.Fprintf(b, "\n## %s\n\n%s\n\n", q.Name, q.Summary)
	method, who := "GET", "all"
	if q.Private {
		method, who = "POST, or GET with HTTP Basic,", "users"
	}
	fmt.Fprintf(b, "%s `%s`, for %s%s.\n\n", method, strings.Join(q.Paths(), "` or `"), who, cached(q))
	b.WriteString("| parameter | valid values | default | meaning |\n|---|---|---|---|\n")
	for i := range q.Params {
		p := &q.Params[i]
		byDefault := p.Default
		if p.Required {
			byDefault = "required"
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
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
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
