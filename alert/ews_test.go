package alert

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"unicode"
)

// message returns a message of these alerts, each given by its elements.
func message(alerts ...string) string {
	var b strings.Builder
	b.WriteString("<EWS-SimpleMessage><Authentication><username>u</username><token>t</token></Authentication>\n")
	for _, a := range alerts {
		b.WriteString("<Alert>" + a + "</Alert>\n")
	}
	return b.String() + "</EWS-SimpleMessage>"
}

// The elements of a good alert.
const (
	anAnalyzer = `<Analyzer id="cowrie-01"/>`
	aTime      = `<CreateTime tz="+0200">2026-11-24 01:00:00</CreateTime>`
	aSource    = `<Source category="ipv4" port="4711" protocol="tcp">192.0.2.7</Source>`
	aTarget    = `<Target category="ipv4" port="22" protocol="tcp">198.51.100.9</Target>`
	good       = anAnalyzer + aTime + aSource + aTarget
)

func mustDecode(t *testing.T, text string) *Message {
	t.Helper()
	m, err := Decode(strings.NewReader(text), DefaultLimits())
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return m
}

func TestSkipReasons(t *testing.T) {
	const binary = `<AdditionalData meaning="binary">`
	tests := []struct {
		name   string
		alert  string
		reason SkipReason
	}{
		{"no analyzer", aTime + aSource + aTarget, SkipAnalyzer},
		{"analyzer without id", `<Analyzer/>` + aTime + aSource + aTarget, SkipAnalyzer},
		{"empty analyzer id", `<Analyzer id=""/>` + aTime + aSource + aTarget, SkipAnalyzer},
		{"blank analyzer id", `<Analyzer id=" "/>` + aTime + aSource + aTarget, SkipAnalyzer},
		{"id of another name space", `<Analyzer x:id="cowrie"/>` + aTime + aSource + aTarget, SkipAnalyzer},

		{"no source", anAnalyzer + aTime + aTarget, SkipSource},
		{"empty source", anAnalyzer + aTime + `<Source port="1" protocol="tcp"/>` + aTarget, SkipSource},
		{"source is a name", anAnalyzer + aTime + `<Source protocol="tcp">host.example</Source>` + aTarget, SkipSource},
		{"source is None", anAnalyzer + aTime + `<Source protocol="tcp">None</Source>` + aTarget, SkipSource},
		{"source with a leading zero", anAnalyzer + aTime + `<Source protocol="tcp">8.8.08.8</Source>` + aTarget, SkipSource},
		{"source is a network", anAnalyzer + aTime + `<Source protocol="tcp">8.8.8.8/32</Source>` + aTarget, SkipSource},
		{"source with a port", anAnalyzer + aTime + `<Source protocol="tcp">8.8.8.8:22</Source>` + aTarget, SkipSource},
		{"source with a port", anAnalyzer + aTime + `<Source protocol="tcp">[::1]:80</Source>` + aTarget, SkipSource},
		{"source below another element", anAnalyzer + aTime + `<x>` + aSource + `</x>` + aTarget, SkipSource},

		{"no protocol", anAnalyzer + aTime + `<Source port="1">8.8.8.8</Source>` + aTarget, SkipProtocol},

		{"no target", anAnalyzer + aTime + aSource, SkipTarget},
		{"target is no address", anAnalyzer + aTime + aSource + `<Target>nothing</Target>`, SkipTarget},

		{"no time", anAnalyzer + aSource + aTarget, SkipCreateTime},
		{"empty time", anAnalyzer + aSource + aTarget + `<CreateTime tz="+0000"/>`, SkipCreateTime},
		{"time at honeytrap", `<Analyzer id="honeytrap"/>` + aSource + aTarget + `<CreateTime>now</CreateTime>`, SkipCreateTime},
		{"no zone", anAnalyzer + aSource + aTarget + `<CreateTime>2026-11-24 01:00:00</CreateTime>`, SkipTimeZone},
		{"empty zone", anAnalyzer + aSource + aTarget + `<CreateTime tz="">2026-11-24 01:00:00</CreateTime>`, SkipTimeZone},

		{"empty starttime", good + `<AdditionalData meaning="starttime"/>`, SkipData},
		{"empty cve_id", good + `<AdditionalData meaning="cve_id"/>`, SkipData},
		{"empty binary data", good + binary + `</AdditionalData>`, SkipData},
	}
	seen := map[SkipReason]bool{SkipNested: true, SkipSize: true} // have tests of their own
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			seen[test.reason] = true
			// A bad alert costs no other.
			m := mustDecode(t, message(good, test.alert, good))
			if len(m.Records) != 2 || !maps.Equal(m.Skipped, map[SkipReason]int{test.reason: 1}) {
				t.Errorf("%d records, skipped %v: want 2, one skipped for %q", len(m.Records), m.Skipped, test.reason)
			}
		})
	}
	for _, reason := range SkipReasons() {
		if !seen[reason] {
			t.Errorf("reason %q is not tested", reason)
		}
		delete(seen, reason)
	}
	if len(seen) > 0 {
		t.Errorf("SkipReasons does not name %v", seen)
	}
}

// What is empty, odd or unknown elsewhere costs nothing.
func TestNotSkipped(t *testing.T) {
	for _, alert := range []string{
		anAnalyzer + aTime + `<Source protocol="">8.8.8.8</Source>` + aTarget,
		good + "<Request type='url'/><Request type='raw'></Request><Request type='binary'/><Request type='largepayload'> \n</Request>",
		good + `<AdditionalData meaning="starttime">None</AdditionalData><AdditionalData meaning="cve_id">None</AdditionalData><Request type="raw">None</Request>`,
		anAnalyzer + aTime + "<Source protocol='None' port='None'> 8.8.8.8\n</Source><Target>\t8.8.4.4</Target>",
		anAnalyzer + "<CreateTime tz=' +0000'>\n2026-11-24T01:00:00.123456 </CreateTime>" + aSource + aTarget,
		good + `<Request/><Request type="description"/><Request type="request"/><Request type="payload"/><Request type="?"/>`,
		good + `<AdditionalData/><AdditionalData meaning=""/><AdditionalData meaning="input"/>`,
		good + `<AdditionalData meaning="endtime"/><AdditionalData meaning="logintime"/><AdditionalData meaning="hostname"/>`,
		good + `<AdditionalData meaning="externalIP">unknown</AdditionalData><Classification text="x"/><Unknown>y</Unknown>`,
		`<Analyzer id="honeytrap"/>` + aSource + aTarget + `<CreateTime tz="garbage">2026-11-24 01:00:00</CreateTime>`,
		aTarget + aSource + aTime + anAnalyzer,
	} {
		if m := mustDecode(t, message(alert)); len(m.Records) != 1 || m.Skipped != nil || m.BadPayloads != 0 {
			t.Errorf("%s: %d records, skipped %v, %d bad payloads", alert, len(m.Records), m.Skipped, m.BadPayloads)
		}
	}
}

func TestAlertsAnywhere(t *testing.T) {
	m := mustDecode(t, `<Alert><wrap><Alert>`+good+`</Alert></wrap><Alert>`+good+`<Alert>`+good+`</Alert>`+
		`<AdditionalData meaning="uuid">a<Alert>`+good+`</Alert>b</AdditionalData></Alert><ews:Alert>`+good+`</ews:Alert></Alert>`)
	if len(m.Records) != 2 || !maps.Equal(m.Skipped, map[SkipReason]int{SkipNested: 2}) {
		t.Fatalf("%d records, skipped %v: want 2, and 2 nested ones skipped", len(m.Records), m.Skipped)
	}
	if got := m.Records[1].SensorUUID; got != "ab" {
		t.Errorf("the text around an element is %q, want %q", got, "ab")
	}
}

func TestCredentials(t *testing.T) {
	auth := func(user, token string) string {
		return "<Authentication><username>" + user + "</username><token>" + token + "</token></Authentication>"
	}
	tests := []struct{ name, body, user, token string }{
		{"before the alerts", `<m>` + auth("u", "t") + `<Alert>` + good + `</Alert></m>`, "u", "t"},
		{"after the alerts", `<m><Alert>` + good + `</Alert>` + auth("u", "t") + `</m>`, "u", "t"},
		{"in another element", `<m><a><b>` + auth("u", "t") + `</b></a></m>`, "u", "t"},
		{"in an alert", `<m><Alert>` + good + auth("u", "t") + `</Alert></m>`, "u", "t"},
		{"in a field", `<m><Alert>` + good + `<AdditionalData meaning="uuid">` + auth("u", "t") + `</AdditionalData></Alert></m>`, "u", "t"},
		{"as the root", auth("u", "t"), "u", "t"},
		{"with blanks", `<m>` + auth(" u ", "\tt\n") + `</m>`, " u ", "\tt\n"},
		{"in pieces", `<m>` + auth("a&amp;b<!-- x --><![CDATA[<c>]]>", "&#116;") + `</m>`, "a&b<c>", "t"},
		{"twice the same", `<m>` + auth("u", "t") + auth("u", "t") + `</m>`, "u", "t"},
		{"none", `<m/>`, "", ""},
		{"empty", `<m>` + auth("", "") + `</m>`, "", ""},
		{"outside Authentication", `<m><username>u</username><token>t</token></m>`, "", ""},
		{"deeper in Authentication", `<m><Authentication><x><username>u</username></x></Authentication></m>`, "", ""},
		{"of another name space", `<m><a:Authentication><username>u</username></a:Authentication></m>`, "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if m := mustDecode(t, test.body); m.Username != test.user || m.Token != test.token {
				t.Errorf("credentials %q, %q: want %q, %q", m.Username, m.Token, test.user, test.token)
			}
		})
	}
	for _, second := range []string{auth("v", "t"), auth("u", "v"), auth("u", "")} {
		if _, err := decode([]byte(`<m>` + auth("u", "t") + second + `</m>`)); !isSyntaxError(err) {
			t.Errorf("second credentials %s: error %v, want a *SyntaxError", second, err)
		}
	}
}

func isSyntaxError(err error) bool {
	var syntax *SyntaxError
	return errors.As(err, &syntax)
}

func TestSyntax(t *testing.T) {
	accepted := []string{
		"<m/>",
		"\ufeff<m/>",
		"\ufeff<?xml version=\"1.0\"?>\n<m/>",
		`<?xml version="1.0" encoding="ISO-8859-1"?><m>ä</m>`,
		"\n <!-- c --> <?pi x?> <m/> \r\n\t<!-- c --><?pi?>",
		`<m a="1" b:a="2">&lt;&gt;&amp;&apos;&quot;&#228;&#xe4;<![CDATA[<&]]></m>`,
		"<m>]] ></m>",
	}
	for _, text := range accepted {
		if _, err := decode([]byte(text)); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}

	refused := []struct{ text, reason string }{
		{"", "no root element"},
		{" \n", "no root element"},
		{"\ufeff", "no root element"},
		{"<!-- c -->", "no root element"},
		{"hello", `text "hello" outside the root`},
		{`{"a":1}`, "outside the root"},
		{"<m/>x", `text "x" outside the root`},
		{"<m/>\ufeff", "outside the root"},
		{"\ufeff\ufeff<m/>", "outside the root"},
		{"<m/><![CDATA[x]]>", "outside the root"},
		{"<m/>\x00", "illegal character code U+0000"},
		{"<m/><m/>", `a second root element "m"`},
		{"<m/></m>", `an end tag "m" without its start tag`},
		{"<m>", `ends within element "m"`},
		{"<m><a></m></a>", `element "a" closed by "m"`},
		{"<m><x:a></y:a></m>", `element "x:a" closed by "y:a"`},
		{"<m", "unexpected EOF"},
		{`<m a="1" a="1"/>`, `attribute "a" given twice`},
		{`<m a=1/>`, "unquoted"},
		{`<m a/>`, "without ="},
		{`<m a="<"/>`, "unescaped <"},
		{"<m>]]></m>", "unescaped ]]>"},
		{"<m>&nope;</m>", "&nope;"},
		{"<m>&amp</m>", "&amp"},
		{"<m>&#0;</m>", "U+0000"},
		{"<m>\x01</m>", "U+0001"},
		{"<m>\uffff</m>", "U+FFFF"},
		{"<m>\xe4</m>", "invalid UTF-8"},
		{"<m>\xed\xa0\x80</m>", "invalid UTF-8"},
		{"<m a=\"\xe4\"/>", "invalid UTF-8"},
		{"<\xe4/>", "invalid XML name"},
		{"<m><!-- \xe4 --></m>", "a comment that is not UTF-8"},
		{"<m><!-- \x00 --></m>", "a comment with the character U+0000"},
		{"<m><?pi \xe4?></m>", "a processing instruction that is not UTF-8"},
		{"<m><!-- -- --></m>", "not allowed in comments"},
		{"<!DOCTYPE m><m/>", "a document type"},
		{`<!DOCTYPE m [<!ENTITY e "x">]><m>&e;</m>`, "a document type"},
		{"<m><!ELEMENT x></m>", "a document type"},
		{" <?xml version=\"1.0\"?><m/>", "not at the very start"},
		{"<m><?xml version=\"1.0\"?></m>", "not at the very start"},
		{"<m/><?xml version=\"1.0\"?>", "not at the very start"},
		{"<?XML version=\"1.0\"?><m/>", "reserved"},
		{`<?xml version="1.1"?><m/>`, "version"},
		{`<?xml version="1.0" encoding="ISO-8859-1"?>` + "<m>\xe4</m>", "invalid UTF-8"},
		{"\xff\xfe<\x00m\x00/\x00>\x00", "invalid UTF-8"},
		{"\x1f\x8b\x08\x00", "illegal character"},
	}
	for _, test := range refused {
		_, err := decode([]byte(test.text))
		if !isSyntaxError(err) || !strings.Contains(err.Error(), test.reason) {
			t.Errorf("%q: error %v, want a *SyntaxError with %q", test.text, err, test.reason)
		}
	}
}

func TestSyntaxErrorPosition(t *testing.T) {
	_, err := decode([]byte("<m>\n<a></b></m>"))
	want := SyntaxError{Line: 2, Column: 8, Reason: `element "a" closed by "b"`}
	var syntax *SyntaxError
	if !errors.As(err, &syntax) || *syntax != want {
		t.Errorf("error %+v, want %+v", syntax, want)
	}
}

// An error is shown to clients and in logs, so it may not hold much of the
// document, nor anything that does not print.
func TestSyntaxErrorIsHarmless(t *testing.T) {
	for _, text := range []string{
		"<m>&\x1b[31m;</m>", "<m>&" + strings.Repeat("a", 1000) + ";</m>", "<m\x9b\u202e/>",
		"<" + strings.Repeat("a", 1000) + "></b>", strings.Repeat("\u202e", 1000), "<m>&\r\n;</m>",
	} {
		_, err := decode([]byte(text))
		if !isSyntaxError(err) {
			t.Fatalf("%q: error %v", text, err)
		}
		s := err.Error()
		if len(s) > 500 || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("%q: error of %d bytes, %q", text, len(s), s)
		}
	}
}

func TestLimits(t *testing.T) {
	lim := Limits{Depth: 4, Alerts: 2, Elements: 12, Attributes: 3, TagBytes: 100, TextBytes: 1000, PayloadBytes: 1000}
	name := strings.Repeat("x", maxUnquoted)
	tests := []struct {
		name, within, beyond, reason string
	}{
		{"depth", "<a><b><c><d/></c></b></a>", "<a><b><c><d><e/></d></c></b></a>", "nested more than 4 deep"},
		{"depth in an alert", "<a><Alert><c><d/></c></Alert></a>", "<a><Alert><c><d><e/></d></c></Alert></a>", "nested more than 4 deep"},
		{"alerts", "<m><Alert/><Alert/></m>", "<m><Alert/><Alert/><Alert/></m>", "more than 2 alerts"},
		{"elements", "<m>" + strings.Repeat("<x/>", 11) + "</m>", "<m>" + strings.Repeat("<x/>", 12) + "</m>", "more than 12 elements"},
		{"attributes", `<m a="" b="" c=""/>`, `<m a="" b="" c="" d=""/>`, "with 4 attributes: the maximum is 3"},
		{"names", "<m><" + name + "/></m>", "<m><" + name + strings.Repeat("x", 100) + "/></m>", "a tag longer than 100 bytes"},
		{"comment", "<m><!--" + strings.Repeat("x", 993) + "--></m>", "<m><!--" + strings.Repeat("x", 994) + "--></m>", "section longer than 1000"},
		{"CDATA", "<m><![CDATA[" + strings.Repeat("x", 988) + "]]></m>", "<m><![CDATA[" + strings.Repeat("x", 989) + "]]></m>", "section longer than 1000"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if _, err := Decode(strings.NewReader(test.within), lim); err != nil {
				t.Errorf("within the limit: %v", err)
			}
			_, err := Decode(strings.NewReader(test.beyond), lim)
			if !isSyntaxError(err) || !strings.Contains(err.Error(), test.reason) {
				t.Errorf("beyond the limit: error %v, want %q", err, test.reason)
			}
		})
	}
}

// A start tag is stopped while it is read: attributes cost far more memory than
// the bytes they are written in.
func TestTagIsStoppedEarly(t *testing.T) {
	endless := io.MultiReader(strings.NewReader("<m>text<a"), endlessReader(` a=""`))
	counted := &countingReader{r: endless}
	if _, err := Decode(counted, DefaultLimits()); !isSyntaxError(err) {
		t.Fatalf("error %v, want a *SyntaxError", err)
	}
	if most := int64(DefaultLimits().TagBytes + 2*windowSize); counted.n > most {
		t.Errorf("%d bytes were read, want at most %d", counted.n, most)
	}
}

type endlessReader string

func (r endlessReader) Read(p []byte) (int, error) {
	n := 0
	for len(p)-n >= len(r) {
		n += copy(p[n:], r)
	}
	return n, nil
}

type countingReader struct {
	r io.Reader
	n int64
}

func (r *countingReader) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	r.n += int64(n)
	return n, err
}

// An error of the reader is found behind whatever the decoder makes of a message
// that breaks off.
func TestReaderError(t *testing.T) {
	failure := errors.New("too large")
	body := []byte(message(good + `<!-- c --><Request type="url"><![CDATA[/x]]>&amp;</Request>`))
	for cut := range len(body) + 1 {
		for _, wrap := range []func(io.Reader) io.Reader{
			func(r io.Reader) io.Reader { return r }, iotest.OneByteReader, iotest.DataErrReader,
		} {
			r := wrap(io.MultiReader(bytes.NewReader(body[:cut]), iotest.ErrReader(failure)))
			m, err := Decode(r, DefaultLimits())
			if !errors.Is(err, failure) || isSyntaxError(err) || m != nil {
				t.Fatalf("cut at %d: message %v, error %v", cut, m, err)
			}
		}
	}
	if _, err := Decode(idleReader{}, DefaultLimits()); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("a reader that gives nothing: error %v", err)
	}
}

type idleReader struct{}

func (idleReader) Read([]byte) (int, error) { return 0, nil }

// However the bytes arrive, the message is the same.
func TestPiecemeal(t *testing.T) {
	long := strings.Repeat("x", 3*windowSize)
	body := message(good+`<AdditionalData meaning="k">`+long+`</AdditionalData>`, good+`<Request type="url">/`+long+`</Request>`)
	want := mustDecode(t, body)
	for name, r := range map[string]io.Reader{
		"one byte": iotest.OneByteReader(strings.NewReader(body)),
		"halves":   iotest.HalfReader(strings.NewReader(body)),
		"with EOF": iotest.DataErrReader(strings.NewReader(body)),
	} {
		got, err := Decode(r, DefaultLimits())
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: error %v, %d records", name, err, len(got.Records))
		}
	}
	if got := want.Records[1].OriginalRequestString; got != "/"+long {
		t.Errorf("the long url has %d bytes, want %d", len(got), len(long)+1)
	}
}

func ExampleDecode() {
	body := `<EWS-SimpleMessage>
	<Authentication><username>user</username><token>secret</token></Authentication>
	<Alert>
		<Analyzer id="tanner-community-01"/>
		<CreateTime tz="+0200">2026-04-24 14:12:29</CreateTime>
		<Source category="ipv4" port="43288" protocol="tcp">203.0.113.7</Source>
		<Target category="ipv4" port="80" protocol="tcp">198.51.100.9</Target>
		<Request type="url">/index.php%3Fid=1</Request>
	</Alert>
	<Alert/>
	</EWS-SimpleMessage>`
	m, err := Decode(strings.NewReader(body), DefaultLimits())
	if err != nil {
		fmt.Println(err)
		return
	}
	d := m.Records[0].Document
	fmt.Println(d.ID)
	fmt.Println(d.PeerType, d.CreateTime, d.OriginalRequestString)
	fmt.Println(m.Skipped)
	// Output:
	// 0069eb5e2d30b22498b7484c9df5a475
	// Webpage 2026-04-24 12:12:29 /index.php?id=1
	// map[analyzer:1]
}
