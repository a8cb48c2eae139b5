package query

import (
	"testing"

	"github.com/peba-edge/peba/alert"
)

func TestRequestString(t *testing.T) {
	const cowrie, heralding, web = "SSH/console(cowrie)", "Passwords(heralding)", "Webpage"
	tests := []struct {
		name string
		doc  alert.Document
		want string
	}{
		{"nothing", alert.Document{PeerType: web}, "Attack"},
		{"a port", alert.Document{PeerType: web, TargetEntryPort: "9200", TargetPort: "tcp"}, "Attack on port 9200/tcp"},
		{"a port and an odd protocol", alert.Document{PeerType: web, TargetEntryPort: "9200", TargetPort: "8080"}, "Attack on port 9200"},
		{"no port", alert.Document{PeerType: web, TargetPort: "udp"}, "Attack over udp"},
		{"lines", alert.Document{PeerType: web, OriginalRequestString: "%0d%0Aa\r\nb\vc%e2%80%a8d\u0085"}, "a; b; c; d"},
		{"nothing but lines", alert.Document{PeerType: web, OriginalRequestString: "%0a\n", TargetEntryPort: "1"}, "Attack on port 1"},
		{"lines in credentials", alert.Document{PeerType: web, Username: "a%0Ab", Password: "c\rd"}, "Username: &quot;a; b&quot; | Password: &quot;c; d&quot;"},
		{"all that is escaped", alert.Document{PeerType: web, OriginalRequestString: `/?a=<b>&c="d"'e'`},
			"/?a=&lt;b&gt;&amp;c=&quot;d&quot;&#x27;e&#x27;"},
		{"decoded, then escaped", alert.Document{PeerType: web, OriginalRequestString: "/%3Cscript%3e%26+"}, "/&lt;script&gt;&amp;+"},
		{"not decoded twice", alert.Document{PeerType: web, OriginalRequestString: "/%253C"}, "/%3C"},
		{"bad escapes stay", alert.Document{PeerType: web, OriginalRequestString: "/%zz%4%"}, "/%zz%4%"},
		{"umlaut", alert.Document{PeerType: web, OriginalRequestString: "/%C3%a4"}, "/ä"},
		{"no UTF-8", alert.Document{PeerType: web, OriginalRequestString: "/%ff%FEä"}, "/\uFFFD\uFFFDä"},
		{"no escapes, no change", alert.Document{PeerType: web, OriginalRequestString: "Attack on port 22/tcp"}, "Attack on port 22/tcp"},

		{"log-in", alert.Document{PeerType: cowrie, Username: "root", Password: "a%22b", Login: "Fail"},
			"Username: &quot;root&quot; | Password: &quot;a&quot;b&quot; | Status: Fail"},
		{"log-in without status", alert.Document{PeerType: cowrie, Username: "root", Password: "x"},
			"Username: &quot;root&quot; | Password: &quot;x&quot;"},
		{"log-in with nothing", alert.Document{PeerType: cowrie}, "Username: &lt;none&gt; | Password: &lt;none&gt;"},
		{"heralding tells no status", alert.Document{PeerType: heralding, Username: "u", Login: "Fail"},
			"Username: &quot;u&quot; | Password: &lt;none&gt;"},
		{"heralding with a request", alert.Document{PeerType: heralding, Username: "u", OriginalRequestString: "/ftp%20thing\n"}, "/ftp thing"},
		{"any honeypot shows credentials", alert.Document{PeerType: "RDP(rdphoneypot)", Username: "u", Password: "p", Login: "Fail"},
			"Username: &quot;u&quot; | Password: &quot;p&quot;"},
		{"a request before credentials", alert.Document{PeerType: "Web(wordpot)", Username: "u", OriginalRequestString: "/wp-login.php"}, "/wp-login.php"},

		{"commands", alert.Document{PeerType: cowrie, OriginalRequestString: "\nuname -a\ncat /proc/cpuinfo\nexit"},
			"uname -a; cat /proc/cpuinfo; exit"},
		{"commands keep their first characters", alert.Document{PeerType: cowrie, OriginalRequestString: "uname -a\r\nid"}, "uname -a; id"},
		{"one leading line break goes", alert.Document{PeerType: cowrie, OriginalRequestString: "\n\n"}, "; "},
		{"commands are not decoded", alert.Document{PeerType: cowrie, OriginalRequestString: "echo %41 > f"}, "echo %41 &gt; f"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := requestString(&tt.doc); got != tt.want {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}

func TestCoordinates(t *testing.T) {
	s := Settings{HomeLatitude: 50.708021, HomeLongitude: 7}
	for location, want := range map[string][2]string{
		"-33.4521 , -70.6536": {"-33.4521", "-70.6536"},
		"0.0 , 0.0":           {"50.708021", "7.0"},
		"":                    {"50.708021", "7.0"},
		"0.0 , 5.5":           {"0.0", "5.5"},
	} {
		if lat, lng := s.coordinatesOrHome(location); lat != want[0] || lng != want[1] {
			t.Errorf("%q is shown at %s, %s, want %v", location, lat, lng, want)
		}
	}
}
