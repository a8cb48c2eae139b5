package integration

import (
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/peba-edge/peba/integration/edgetest"
	"github.com/peba-edge/peba/query"
)

// corpus is what attackers write for pages, terminals, logs, spreadsheets and C.
// What XML cannot hold is percent-encoded, as sensors do it.
var corpus = map[string]string{
	"markup":   `</script><script>alert(1)</script><img src=x onerror="alert(1)"> &amp; ]]> <!-- `,
	"quotes":   `" onload='x' \" \\ ` + "`",
	"terminal": "%1B[2J%1B]0;owned%07 %C2%9B31m \u009b31m \u007f\u202egnp",
	"lines":    "%0D%0ASet-Cookie: a=b%0D%0A\n{\"level\":\"error\"} \u2028\u2029\u0085",
	"formula":  `=cmd|' /C calc'!A0,"+1",@SUM(1)`,
	"zero":     "before%00after %FF%FE \ufffe",
	"format":   "%s%n%v {http.request.host} {{.}} ${jndi:ldap://x}",
}

// hostileAlert is an alert with the text in each field. Of Source and Target only
// addresses are taken.
func hostileAlert(text string) string {
	text = strings.ReplaceAll(text, "\ufffe", "") // no character of XML
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // writing to a Builder cannot fail
	x := b.String()
	alert := `<Alert><Analyzer id="` + x + `"/><Classification text="` + x + `"/>` +
		`<CreateTime tz="+0000">` + time.Now().UTC().Format(time.DateTime) + `</CreateTime>` +
		`<Source category="ipv4" port="` + x + `" protocol="` + x + `">203.0.114.7</Source>` +
		`<Target category="ipv4" port="` + x + `" protocol="` + x + `">198.51.101.9</Target>`
	for _, kind := range []string{"url", "request", "payload", "description"} {
		alert += `<Request type="` + kind + `">` + x + `</Request>`
	}
	raw := base64.StdEncoding.EncodeToString([]byte("GET /" + text + "\x00\x1b[31m\xff HTTP/1.1\r\n\r\n"))
	alert += `<Request type="raw">` + raw + `</Request>`
	for _, meaning := range []string{
		"input", "username", "password", "login", "version", "starttime", "endtime", "cve_id", "externalIP", "internalIP",
		"hostname", "uuid", "sessionid", "cve", x,
	} {
		alert += edgetest.FieldXML(meaning, x)
	}
	return alert + `</Alert>`
}

// TestHostileText sends the corpus through every field, as several honeypots, and
// looks at answers, the stream, the log and the output of commands.
func TestHostileText(t *testing.T) {
	s := startServer(t, "", "")
	s.User("long enough\n", "add", "soc", "--token-file", "-")
	live := s.listen(http.DefaultClient, "")
	sent := 0
	for name, text := range corpus {
		body := hostileAlert(text)
		for _, analyzer := range []string{"cowrie-", "glastopf-", "dionaea-", ""} {
			alert := strings.Replace(body, `<Analyzer id="`, `<Analyzer id="`+analyzer, 1)
			// Only printable ASCII can be in a header.
			agent := strings.Map(func(r rune) rune { return max(' ', r%127) }, text)
			got := s.Request(http.MethodPost, edgetest.PostPath,
				edgetest.MessageXML(edgetest.CommunityUser, edgetest.CommunityToken, alert), "User-Agent", agent)
			if got.Body != edgetest.OKResult {
				t.Fatalf("%s: %d %s", name, got.Status, got.Body)
			}
			sent++
		}
	}
	live.waitForAlerts(sent)
	s.refusals()

	answers := 0
	for _, q := range query.All() {
		for _, uri := range edgetest.Variants(q, "203.0.114.7", time.Now()) {
			got := s.Request(http.MethodGet, uri, "", "Authorization", basic("soc", "long enough"))
			answers++
			wantHarmless(t, uri, got)
		}
	}
	live.stop()
	for _, text := range live.events["alert"] {
		wantHarmlessJSON(t, "the stream", text)
	}
	t.Logf("%d alerts, %d answers", sent, answers)

	for _, command := range []string{"check", "user list", "dead-letters list"} {
		out, _ := s.CLI("", append(append([]string{"peba"}, strings.Fields(command)...), "--address", s.Admin)...)
		wantPrintable(t, command, out)
	}
	s.Stop()
	for line := range strings.Lines(s.Log.String()) {
		if !json.Valid([]byte(line)) {
			t.Errorf("a line of the log is no JSON: %q", line)
		}
	}
	wantPrintable(t, "the log", s.Log.String())
	if len(s.Documents()) != sent {
		t.Errorf("%d alerts are stored, %d were sent", len(s.Documents()), sent)
	}
}

// refusals has the corpus refused: as user, in what is no XML, in paths, and as
// e-mail of a user.
func (s *server) refusals() {
	s.t.Helper()
	for name, text := range corpus {
		for _, body := range []string{
			"<a>&" + text + ";", text, "<" + text, "\x00\x1b[31m",
			edgetest.MessageXML(strings.ReplaceAll(text, "\ufffe", ""), ""), // an empty token: nothing is hashed
		} {
			got := s.Request(http.MethodPost, edgetest.PostPath, body)
			if got.Status < http.StatusBadRequest || got.Status >= http.StatusInternalServerError {
				s.t.Errorf("%s in %.40q: %d", name, body, got.Status)
			}
			wantHarmless(s.t, name, got)
		}
		// The operator may give any e-mail address: the list shows it.
		wantPrintable(s.t, "user set", s.User("", "set", "soc", "--email", "a\x1b[31m"+text+"@b"))
		wantPrintable(s.t, "user list", s.User("", "list"))
	}
}

// wantHarmless fails the test unless the answer is well-formed and cannot be taken
// for a page.
func wantHarmless(t testing.TB, name string, got edgetest.Answer) {
	t.Helper()
	if got.Header.Get("X-Content-Type-Options") != "nosniff" || got.Header.Get("Set-Cookie") != "" {
		t.Errorf("%s: %d %v", name, got.Status, got.Header)
	}
	switch media := got.Header.Get("Content-Type"); {
	case strings.HasPrefix(media, "application/json"):
		wantHarmlessJSON(t, name, got.Body)
	case strings.HasPrefix(media, "text/xml"):
		for d := xml.NewDecoder(strings.NewReader(got.Body)); ; {
			_, err := d.Token()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Errorf("%s: %v: %q", name, err, got.Body)
				break
			}
		}
	default:
		t.Errorf("%s: %d %s: %s", name, got.Status, media, got.Body)
	}
}

// wantHarmlessJSON fails the test unless the text is JSON without markup.
func wantHarmlessJSON(t testing.TB, name, text string) {
	t.Helper()
	text = strings.TrimSuffix(text, "\n")
	if !json.Valid([]byte(text)) || strings.ContainsAny(text, "<>&\u2028\u2029") || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' }) {
		t.Errorf("%s: %q", name, text)
	}
}

// wantPrintable fails the test if a terminal would do with the text anything but
// show it.
func wantPrintable(t testing.TB, name, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		for _, r := range strings.TrimRight(line, "\r\n") {
			if r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)) {
				t.Errorf("%s has %s: %q", name, fmt.Sprintf("%U", r), line)
				break
			}
		}
	}
}
