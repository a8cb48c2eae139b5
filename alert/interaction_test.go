package alert

import "testing"

func TestInteraction(t *testing.T) {
	const cowrie, md5 = "SSH/console(cowrie)", `{"payload_md5":"0123456789abcdef0123456789abcdef"}`
	tests := []struct {
		name string
		d    Document
		want string
	}{
		{"nothing", Document{}, ""},
		{"a connection", Document{PeerType: cowrie, AdditionalData: `{"sessionid":"x"}`}, ""},
		{"a CVE", Document{PeerType: cowrie, VulnID: "CVE-2021-44228", AdditionalData: md5, OriginalRequestString: "id", Login: "Success"}, "exploit"},
		{"no CVE", Document{VulnID: "-1"}, ""},
		{"a payload", Document{PeerType: cowrie, AdditionalData: md5, OriginalRequestString: "id", Login: "Success"}, "payload"},
		{"a payload as Python wrote it", Document{AdditionalData: `{"a": "x", "payload_md5": "0"}`}, "payload"},
		{"a payload that was too large", Document{AdditionalData: `{"payload_dropped":"99999999"}`}, "payload"},
		{"no payload, but its name as a value", Document{AdditionalData: `{"a":"payload_md5","b":"\"payload_md5\":\"x\""}`}, ""},
		{"no payload, but its name at the end of a value", Document{AdditionalData: `{"a":"x\"payload_md5"}`}, ""},
		{"no payload, but its name at the end of a name", Document{AdditionalData: `{"x\"payload_md5":"0"}`}, ""},
		{"no payload, but its name at the start of a name", Document{AdditionalData: `{"payload_md5sum":"0"}`}, ""},
		{"no payload, but one within", Document{AdditionalData: `{"a":{"payload_md5":"0"}}`}, ""},
		{"no payload, but a list", Document{AdditionalData: `["payload_md5","0"]`}, ""},
		{"no payload, but half an object", Document{AdditionalData: `{"a":["payload_md5`}, ""},
		{"a command", Document{PeerType: cowrie, OriginalRequestString: "uname -a", Login: "Success"}, "command"},
		{"a command to Android", Document{PeerType: "Android(adbhoney)", OriginalRequestString: "pm path x"}, "command"},
		{"a command to a model", Document{PeerType: "LLM(beelzebub)", OriginalRequestString: "ls", Username: "root"}, "command"},
		{"empty lines", Document{PeerType: cowrie, OriginalRequestString: " \n\n", Login: "Success"}, "login"},
		{"a URL", Document{PeerType: "Webpage", OriginalRequestString: "/.env"}, ""},
		{"an HTTP request", Document{PeerType: "Webpage", RawHTTP: "GET / HTTP/1.1", AdditionalData: `{"payload_md5":"0123"}`}, ""},
		{"a file for a web honeypot", Document{PeerType: "Webpage", RawHTTP: "-", AdditionalData: `{"payload_md5":"0123"}`}, InteractionPayload},
		{"a URL with a password", Document{PeerType: "Web(wordpot)", OriginalRequestString: "/wp-login.php", Username: "admin", Password: "x"}, "attempt"},
		{"an attack on a port", Document{PeerType: "Network(honeytrap)", OriginalRequestString: "Attack on port 445/tcp"}, ""},
		{"a text of Redis", Document{PeerType: "Database(redis)", OriginalRequestString: "NewConnect"}, ""},
		{"a login", Document{PeerType: cowrie, Login: "sUCCESS", Username: "root"}, "login"},
		{"a failed login", Document{PeerType: cowrie, Login: "Fail"}, "attempt"},
		{"a user name", Document{PeerType: "Passwords(heralding)", Username: "info"}, "attempt"},
		{"a password", Document{PeerType: "VNC(vnclowpot)", Password: "x"}, "attempt"},
	}
	for _, test := range tests {
		if got := test.d.Interaction(); got != test.want {
			t.Errorf("%s: interaction is %q, want %q", test.name, got, test.want)
		}
	}
}

// TestInteractionOfMessages decodes what sensors send.
func TestInteractionOfMessages(t *testing.T) {
	tests := []struct{ analyzer, parts, want string }{
		{"cowrie-01", data("input", "['']") + data("login", "Success"), "login"},
		{"cowrie-01", data("input", "['uname -a', 'id']") + data("login", "Success"), "command"},
		{"adbhoney-01", data("input", "uname -a"), "command"},
		{"dionaea-01", req("binary", "R0VU"), "payload"},
		{"dionaea-01", "", ""},
		{"tanner-01", req("url", "/"), ""},
		{"suricata-01", data("cve_id", "CVE-2021-44228"), "exploit"},
		{"heralding-01", data("username", "a"), "attempt"},
	}
	for _, test := range tests {
		r := decodeOne(t, `<Analyzer id="`+test.analyzer+`"/>`, test.parts)
		if got := r.Interaction(); got != test.want {
			t.Errorf("%s with %s: interaction is %q, want %q", test.analyzer, test.parts, got, test.want)
		}
	}
}

func BenchmarkInteraction(b *testing.B) {
	d := Document{PeerType: "Web(wordpot)", OriginalRequestString: "/x", AdditionalData: `{"sessionid":"0123456789ab","protocol":"http"}`}
	for b.Loop() {
		_ = d.Interaction()
	}
}
