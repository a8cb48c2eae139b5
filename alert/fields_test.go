package alert

import (
	"crypto/md5"
	"encoding/base64"
	"fmt"
	"maps"
	"net/netip"
	"strings"
	"testing"
)

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

// data and req return elements of an alert; the text is XML.
func data(meaning, text string) string {
	return fmt.Sprintf(`<AdditionalData type="string" meaning="%s">%s</AdditionalData>`, meaning, text)
}

func req(kind, text string) string { return fmt.Sprintf(`<Request type="%s">%s</Request>`, kind, text) }

// decodeOne decodes a good alert with these elements besides.
func decodeOne(t *testing.T, elements ...string) Record {
	t.Helper()
	m := mustDecode(t, message(good+strings.Join(elements, "")))
	if len(m.Records) != 1 {
		t.Fatalf("%s: skipped %v", elements, m.Skipped)
	}
	return m.Records[0]
}

// TestFields has each rule of docs/CONTRACT.md §1.1 that the recorded messages do not
// show, or not alone. Fields that want does not name are those of a bare alert.
func TestFields(t *testing.T) {
	type fields map[string]any
	tests := []struct {
		name     string
		elements []string
		want     fields
	}{
		{"nothing", nil, fields{}},

		{"url", []string{req("url", "/a%20b%zz+%E9")}, fields{"originalRequestString": "/a b%zz+\ufffd"}},
		{"input is not decoded", []string{data("input", "echo %41")}, fields{"originalRequestString": "echo %41"}},
		{"input list", []string{data("input", `['uname -a', "it's"]`)}, fields{"originalRequestString": "uname -a; it's"}},
		{"input that is no list", []string{data("input", `['uname`)}, fields{"originalRequestString": "['uname"}},
		{"input after url", []string{req("url", "/u"), data("input", "i")}, fields{"originalRequestString": "i"}},
		{"url after input", []string{data("input", "i"), req("url", "/u")}, fields{"originalRequestString": "/u"}},
		{"empty input after url", []string{req("url", "/u"), data("input", "")}, fields{"originalRequestString": "/u"}},
		{"empty list after url", []string{req("url", "/u"), data("input", "[]")}, fields{"originalRequestString": "/u"}},
		{"url twice", []string{req("url", "/1"), req("url", "/2")}, fields{"originalRequestString": "/2"}},

		{"request stands in", []string{data("url", "/u"), req("request", "%41")}, fields{
			"originalRequestString": "%41", "additionalData": `{"url":"/u"}`}},
		{"data url", []string{data("request_uri", "/r"), data("url", "/%75")}, fields{
			"originalRequestString": "/%75", "additionalData": `{"request_uri":"/r","url":"/%75"}`}},
		{"request_uri", []string{data("message", "m"), data("path", "/p"), data("request_uri", "/r")}, fields{
			"originalRequestString": "/r", "additionalData": `{"message":"m","path":"/p","request_uri":"/r"}`}},
		{"path", []string{data("message", "m"), data("path", "/p")}, fields{
			"originalRequestString": "/p", "additionalData": `{"message":"m","path":"/p"}`}},
		{"message", []string{data("message", "m"), data("url", "")}, fields{
			"originalRequestString": "m", "additionalData": `{"message":"m"}`}},
		{"url before what stands in", []string{req("request", "r"), data("url", "/u"), req("url", "/real")}, fields{
			"originalRequestString": "/real", "additionalData": `{"url":"/u"}`}},

		{"CVE", []string{data("cve_id", "CVE%2D2017-5638"), req("url", "/s")}, fields{
			"originalRequestString": "(CVE-2017-5638) /s", "vulnid": "CVE-2017-5638"}},
		{"CVE alone", []string{data("cve_id", "abc")}, fields{"originalRequestString": "(abc) ", "vulnid": "abc"}},
		{"CVE of h0neytr4p", []string{data("trapped_for", "cve-2021-41773 (Apache)"), req("url", "/s")}, fields{
			"originalRequestString": "(CVE-2021-41773) /s", "vulnid": "CVE-2021-41773", "additionalData": `{"trapped_for":"cve-2021-41773 (Apache)"}`}},
		{"CVE of miniprint", []string{data("cve_hint", "None"), data("cve_hint", "CVE_2017_0144"), data("msg", "CVE-1999-0001")}, fields{
			"originalRequestString": "(CVE-2017-0144) ", "vulnid": "CVE-2017-0144", "additionalData": `{"cve_hint":"CVE_2017_0144","msg":"CVE-1999-0001"}`}},
		{"CVE of suricata", []string{`<Analyzer id="suricata-1"/>`, data("alert_signature", "ET EXPLOIT x (CVE-2021-44228)")}, fields{
			"peerIdent": "suricata-1", "peerType": "Network(suricata)",
			"originalRequestString": "(CVE-2021-44228) ", "vulnid": "CVE-2021-44228", "additionalData": `{"alert_signature":"ET EXPLOIT x (CVE-2021-44228)"}`}},
		{"CVE of a classification", []string{`<Classification origin="x" ident="1" text="ET x CVE-2021-44228"/><Analyzer id="suricata-1"/>`}, fields{
			"peerIdent": "suricata-1", "peerType": "Network(suricata)", "originalRequestString": "(CVE-2021-44228) ", "vulnid": "CVE-2021-44228"}},
		{"no CVE of cowrie's", []string{data("signature", "CVE-2021-44228")}, fields{"additionalData": `{"signature":"CVE-2021-44228"}`}},
		{"CVE that was sent", []string{data("trapped_for", "CVE-2021-41773"), data("cve_id", "CVE-2020-0001")}, fields{
			"originalRequestString": "(CVE-2020-0001) ", "vulnid": "CVE-2020-0001", "additionalData": `{"trapped_for":"CVE-2021-41773"}`}},
		{"no CVE", []string{data("cve_id", "äö")}, fields{"vulnid": "äö"}},

		{"as sent", []string{data("username", " r%41 "), data("password", "&lt;p%3E"), data("login", "Fail"), data("version", "b'SSH%20'")},
			fields{"username": " r%41 ", "password": "<p%3E", "login": "Fail", "clientVersion": "b'SSH%20'"}},
		{"starttime, endtime", []string{data("starttime", "a%3Ab"), data("endtime", "c%3Ad")}, fields{"sessionStart": "a:b", "sessionEnd": "c:d"}},
		{"logintime, logouttime", []string{data("logintime", "a%3Ab"), data("logouttime", "c%3Ad")}, fields{"sessionStart": "a:b", "sessionEnd": "c:d"}},
		{"endtimetime", []string{data("endtimetime", "c%3Ad")}, fields{"sessionEnd": "c:d"}},

		{"addresses", []string{data("externalIP", "::ffff:192.0.2.1"), data("internalIP", "2001:DB8:0::1")}, fields{"externalIP": "192.0.2.1", "internalIP": "2001:db8::1"}},
		{"no addresses", []string{data("externalIP", "unknown"), data("internalIP", "fe80::1%")}, fields{}},
		{"hostname, uuid", []string{data("hostname", "h%20"), data("uuid", "974a")}, fields{"hostname": "h%20", "sensorUUID": "974a"}},
		{"white space around names", []string{data("hostname", "\n h "), data("uuid", "974a\n"), `<Analyzer id=" cowrie-2&#10;"/>`}, fields{
			"hostname": "h", "sensorUUID": "974a", "peerIdent": "cowrie-2"}},
		{"None", []string{data("hostname", "None"), data("uuid", "None"), data("username", "None"), data("password", "None"), data("input", "None"),
			data("x", "None"), req("url", "None"), `<Source port="None" protocol="None">8.8.8.8</Source><Target port=" None">8.8.4.4</Target>`}, fields{
			"sourceEntryIp": "8.8.8.8", "sourceEntryPort": "", "targetport": "", "targetEntryIp": "8.8.4.4", "targetEntryPort": ""}},
		{"percent-encoded data", []string{data("input", "%0Auname%20-a"), data("payload", "%7B%22a%22%3A%20%C3%A4%7D"), data("request_uri", "/a%20b"), data("k", "a b%20")}, fields{
			"originalRequestString": "\nuname -a", "additionalData": `{"k":"a b%20","payload":"{\"a\": ä}","request_uri":"/a%20b"}`}},
		{"percent-encoded list", []string{data("input", "%5B%27id%27%2C%20%27ls%27%5D")}, fields{"originalRequestString": "id; ls"}},
		{"empty hostname", []string{data("hostname", "h"), data("hostname", "")}, fields{}},

		{"unknown data", []string{data("z", "1"), data(`a&quot;\`, "&lt;\u2028&amp;%41"), data("z", "2")},
			fields{"additionalData": `{"a\"\\":"<\u2028&%41","z":"2"}`}},
		{"empty data", []string{data("a", ""), data("b", "1"), data("b", ""), data("", "x"), "<AdditionalData>y</AdditionalData>"}, fields{}},
		{"request payload", []string{data("payload", "p"), req("payload", "HELO")}, fields{"additionalData": `{"payload":"HELO"}`}},
		{"given MD5", []string{data("payload_md5", "0123")}, fields{"additionalData": `{"payload_md5":"0123"}`}},
		{"given MD5 beside a payload", []string{req("raw", b64("x")), data("payload_md5", "0123")}, fields{"additionalData": md5Of("x")}},

		{"raw", []string{req("raw", b64("GET / HTTP/1.0\r\n\r\n"))}, fields{
			"rawhttp": "GET / HTTP/1.0\r\n\r\n", "additionalData": md5Of("GET / HTTP/1.0\r\n\r\n")}},
		{"binary", []string{req("binary", b64("PATCH /ü"))}, fields{"rawhttp": "PATCH /ü", "additionalData": md5Of("PATCH /ü")}},
		{"largepayload", []string{req("largepayload", b64("\r\n GET /"))}, fields{"rawhttp": "\r\n GET /", "additionalData": md5Of("\r\n GET /")}},
		{"no method", []string{req("raw", b64("id GET"))}, fields{"additionalData": md5Of("id GET")}},
		{"not UTF-8", []string{req("raw", b64("GET \xe4"))}, fields{"additionalData": md5Of("GET \xe4")}},
		{"data binary is no request", []string{data("binary", b64("GET /"))}, fields{"additionalData": md5Of("GET /")}},
		{"data binary, percent-encoded", []string{data("binary", strings.ReplaceAll(b64("x"), "=", "%3D"))}, fields{"additionalData": md5Of("x")}},
		{"payload twice", []string{req("raw", b64("GET 1")), req("raw", b64("GET 2"))}, fields{"rawhttp": "GET 2", "additionalData": md5Of("GET 2")}},
		{"wrapped base64", []string{req("raw", "\n\t"+b64("GET")+"\r\n "+b64(" / ")+"\n")}, fields{"rawhttp": "GET / ", "additionalData": md5Of("GET / ")}},

		{"later source", []string{`<Source port="1" protocol="udp">::ffff:8.8.8.8</Source>`},
			fields{"sourceEntryIp": "8.8.8.8", "sourceEntryPort": "1", "targetport": "udp"}},
		{"later target without a port", []string{`<Target>2001:DB8::</Target>`}, fields{"targetEntryIp": "2001:db8::", "targetEntryPort": ""}},
		{"later analyzer and time", []string{`<Analyzer id="x.tan"/><CreateTime tz="-0030">2026-12-31 23:30:01</CreateTime>`},
			fields{"peerIdent": "x.tan", "peerType": "Webpage", "createTime": "2027-01-01 00:00:01"}},
	}
	bare := storedFields(t, decodeOne(t).Document)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			want := maps.Clone(bare)
			maps.Copy(want, test.want)
			got := storedFields(t, decodeOne(t, test.elements...).Document)
			for name, value := range want {
				if got[name] != value {
					t.Errorf("%s is %q, want %q", name, got[name], value)
				}
			}
			for name := range got {
				if _, ok := want[name]; !ok {
					t.Errorf("%s is %q, want none", name, got[name])
				}
			}
		})
	}
}

func md5Of(s string) string { return fmt.Sprintf(`{"payload_md5":"%x"}`, md5.Sum([]byte(s))) }

func TestBareAlert(t *testing.T) {
	r := decodeOne(t)
	want := Document{
		ID: NewID(&r.Document), PeerIdent: "cowrie-01", PeerType: "SSH/console(cowrie)", CreateTime: r.CreateTime,
		SourceEntryIP: "192.0.2.7", SourceEntryPort: "4711", TargetEntryIP: "198.51.100.9", TargetEntryPort: "22", TargetPort: "tcp",
		RawHTTP: "-", ExternalIP: "1.1.1.1", InternalIP: "1.1.1.1", Hostname: "undefined", AdditionalData: "{}", Client: "-",
	}
	if r.Document != want || r.Payload != nil || r.CreateTime.String() != "2026-11-23 23:00:00" {
		t.Errorf("got %+v, want %+v", r, want)
	}
}

// Nothing of an alert may show in the next one.
func TestAlertsAreApart(t *testing.T) {
	full := good + req("url", "/u") + req("request", "r") + req("raw", b64("GET /")) + data("cve_id", "CVE-1") + data("uuid", "u") +
		data("hostname", "h") + data("externalIP", "9.9.9.9") + data("x", "y") + data("path", "/p") + data("binary", "!") + data("username", "n")
	m := mustDecode(t, message(full, good, full+`<Analyzer/>`, good))
	if len(m.Records) != 3 || m.BadPayloads != 1 {
		t.Fatalf("%d records, %d bad payloads", len(m.Records), m.BadPayloads)
	}
	bare := decodeOne(t)
	for n, r := range m.Records[1:] {
		want := bare
		want.ID = repeatedID(bare.ID, n)
		if r != want {
			t.Errorf("got %+v, want %+v", r, want)
		}
	}
}

func TestAttackOnPort(t *testing.T) {
	for _, test := range []struct{ analyzer, port, protocol, want string }{
		{"honeytrap", "80", "tcp", "Attack on port 80/tcp"},
		{"dionaea", "53", "udp", "Attack on port 53/udp"},
		{"x.dio", "53", "UDP", "Attack on port 53/UDP"},
		{"x.ht", "undefined", "sctp", "Attack on port undefined"},
		{"x.ht", "80", "", "Attack on port 80"},
		{"x.ht", "80", "tc", "Attack on port 80"},
		{"tanner", "80", "tcp", "/u"},
	} {
		alert := fmt.Sprintf(`<Analyzer id="%s"/>`+aTime+`<Source protocol="%s">8.8.8.8</Source><Target port="%s">8.8.4.4</Target>`,
			test.analyzer, test.protocol, test.port)
		m := mustDecode(t, message(alert+req("url", "/u"), alert+req("url", "/u")+data("cve_id", "CVE-1")))
		if got := m.Records[0].OriginalRequestString; got != test.want {
			t.Errorf("%+v: request %q", test, got)
		}
		if got := m.Records[1].OriginalRequestString; got != "(CVE-1) "+test.want {
			t.Errorf("%+v: request with a CVE %q", test, got)
		}
	}
}

func TestPayloadKept(t *testing.T) {
	for analyzer, kept := range map[string]bool{
		"tanner": true, "glastopf": true, "dionaea": true, "honeytrap": true, "glutton": true,
		"adbhoney": true, "mailoney": true, "wordpot": true, "miniprint": true, "h0neytr4p": true,
		"cowrie": false, "elasticpot": false, "citrixhoneypot": false, "x": false,
	} {
		alert := `<Analyzer id="` + analyzer + `"/>` + aTime + aSource + aTarget
		m := mustDecode(t, message(alert+req("raw", b64("x")), alert+data("binary", b64("x")), alert+req("payload", b64("x"))))
		for i, r := range m.Records[:2] {
			if (r.Payload != nil) != kept || r.AdditionalData != md5Of("x") {
				t.Errorf("%s, %d: payload %v, data %s: want kept %v", analyzer, i, r.Payload, r.AdditionalData, kept)
			}
		}
		if r := m.Records[2]; r.Payload != nil {
			t.Errorf("%s: a payload of type payload was kept", analyzer)
		}
	}
}

// A payload that cannot be decoded costs nothing but itself.
func TestBadPayload(t *testing.T) {
	honeytrap := `<Analyzer id="honeytrap"/>` + aTime + aSource + aTarget
	for _, text := range []string{"@@ not base64 @@@", "abcde", "QQ", "QQ==QQ==", "QQ%3D%3D", "-_=="} {
		m := mustDecode(t, message(honeytrap+req("raw", text)+data("payload_md5", "0123"), honeytrap+req("raw", text)+`<Analyzer/>`))
		if len(m.Records) != 1 || m.BadPayloads != 1 {
			t.Fatalf("%q: %d records, %d bad payloads: want 1 each", text, len(m.Records), m.BadPayloads)
		}
		if r := m.Records[0]; r.Payload != nil || r.RawHTTP != "-" || r.AdditionalData != `{"payload_md5":"0123"}` {
			t.Errorf("%q: %+v", text, r)
		}
	}
}

func TestCreateTime(t *testing.T) {
	for _, test := range []struct{ text, zone, want string }{
		{"2026-11-24 01:00:00", "+0000", "2026-11-24 01:00:00"},
		{"2026-11-24 01:00:00", "-0000", "2026-11-24 01:00:00"},
		{"2026-11-24 01:00:00", "+0200", "2026-11-23 23:00:00"},
		{"2026-12-31 23:30:01", "-0530", "2027-01-01 05:00:01"},
		{"2026-11-24 01:00:00", "+0545", "2026-11-23 19:15:00"},
		{"2026-11-24 01:00:00", "+1400", "2026-11-23 11:00:00"},
		{"2026-11-24 01:00:00", "-1400", "2026-11-24 15:00:00"},
		{"2024-02-29 00:00:00", "+0001", "2024-02-28 23:59:00"},
		{"0001-01-01 00:00:00", "+0000", "0001-01-01 00:00:00"},
		{"9999-12-31 23:59:59", "+0000", "9999-12-31 23:59:59"},
		{"2026-11-24T01:00:00", "+0000", "2026-11-24 01:00:00"},
		{"2026-11-24 01:00:00.999999", "+0100", "2026-11-24 00:00:00"},
		{"2026-11-24T01:00:00,1", "+0000", "2026-11-24 01:00:00"},
		{"\n 2026-11-24 01:00:00\t", " +0000\n", "2026-11-24 01:00:00"},
		{"2026-11-24T01:00:00Z", "+0000", "2026-11-24 01:00:00"},
		{"2026-11-24T01:00:00.123456Z ", "", "2026-11-24 01:00:00"},
		{"2026-11-24T01:00:00+02:00", "+0000", "2026-11-23 23:00:00"},
		{"2026-11-24 01:00:00.5-0530", "-0530", "2026-11-24 06:30:00"},
	} {
		if got, reason := createTime(test.text, test.zone); got.String() != test.want || reason != "" {
			t.Errorf("%s at %s is %v (%q), want %s", test.text, test.zone, got, reason, test.want)
		}
	}
	for _, text := range []string{
		"", "yesterday", "2026-11-23", "2026-11-23t10:00:00", "2026-11-23 10:00:00.", "2026-11-23 10:00:00.1a", "2026-11-23 10:00:00:1", "2026-11-23 10:00:00z", "2026-11-23 10:00:00.Z", "2026-11-23 10:00:00ZZ", "Z", "2026-11-23 10:00+01:00", "2026-11-23-10:00:00",
		"2026-11-23  10:00:00", "1767225600000", "2026-11-23 1:00:00.1",
		"2026-02-30 10:00:00", "2025-02-29 10:00:00", "2026-13-01 10:00:00", "2026-00-01 10:00:00", "2026-01-00 10:00:00",
		"2026-11-23 24:00:00", "2026-11-23 10:60:00", "2026-11-23 10:00:60", "2026-1-123 10:00:00", "26-11-23 10:00:000",
		"2026-11-23 10:00:0", "-026-11-23 10:00:00", "２026-11-23 10:00", "0000-01-01 00:00:00", "2026-11-23 10:00:\n0", "2026-11-23 1:00:00,1",
	} {
		if got, reason := createTime(text, "+0000"); reason != SkipCreateTime {
			t.Errorf("%q is %v (%q)", text, got, reason)
		}
	}
	for _, test := range []struct{ text, zone string }{
		{"0001-01-01 00:00:00", "+0001"}, {"9999-12-31 23:59:59", "-0001"},
	} {
		if got, reason := createTime(test.text, test.zone); reason != SkipCreateTime {
			t.Errorf("%s at %s is %v (%q): its year has no four digits", test.text, test.zone, got, reason)
		}
	}
	for _, zone := range []string{
		"", "Z", "UTC", "0200", "00200", "+02:00", "+200", "+02000", "+0260", "+0099", "+1401", "-1401", "+1430", "+9999", "+ 200", "±0200", "+02_0", "+ 0200", "+020o",
	} {
		if got, reason := createTime("2026-11-24 01:00:00", zone); reason != SkipTimeZone {
			t.Errorf("zone %q gives %v (%q)", zone, got, reason)
		}
	}
	for _, text := range []string{"2026-11-24 01:00:00+", "2026-11-24 01:00:00+01", "2026-11-24 01:00:00+15:00", "2026-11-24 01:00:00+01:60", "2026-11-24 01:00:00+0:100", "2026-11-24T01:00:00-1401"} {
		if got, reason := createTime(text, "+0000"); reason != SkipTimeZone {
			t.Errorf("%q is %v (%q)", text, got, reason)
		}
	}
}

func TestCanonicalIP(t *testing.T) {
	for text, want := range map[string]string{
		"8.8.8.8": "8.8.8.8", "0.0.0.0": "0.0.0.0", "::ffff:91.121.33.44": "91.121.33.44", "::FFFF:5b79:212c": "91.121.33.44",
		" 8.8.8.8\r\n": "8.8.8.8", "2001:4860:4860:0:0:0:0:8888": "2001:4860:4860::8888", "2001:DB8::A": "2001:db8::a", "::": "::",
		"fe80::A%eth0": "fe80::a", "::ffff:8.8.8.8%1": "8.8.8.8",
		"::1.2.3.4": netip.MustParseAddr("::102:304").String(),
	} {
		if got, ok := canonicalIP(text); got != want || !ok {
			t.Errorf("%s is %q, %v: want %s", text, got, ok, want)
		}
	}
	for _, text := range []string{
		"", " ", "8.8. 8.8", "8.8.08.8", "8.8.8", "999.1.1.1", "8.8.8.8/32", "8.8.8.8:80", "[::1]", "8.8.8.8%eth0", "fe80::1%", "1::2::3", "host", "134744072", "0x8.8.8.8", "٨.8.8.8",
	} {
		if got, ok := canonicalIP(text); ok || got != "" {
			t.Errorf("%q is %q", text, got)
		}
	}
}
