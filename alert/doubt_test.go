package alert

import "testing"

func TestSourceDoubt(t *testing.T) {
	const source = "203.0.113.7"
	tests := []struct{ name, peerType, transport, external, want string }{
		{"TCP", "SSH/console(cowrie)", "tcp", "198.51.100.9", ""},
		{"no transport", "Webpage", "", "198.51.100.9", ""},
		{"UDP", "Network(honeytrap)", "udp", "198.51.100.9", SourceSpoofable},
		{"UDP in capitals", "Network(suricata)", "UDP", "198.51.100.9", SourceSpoofable},
		{"ICMP", "Network(suricata)", "ICMP", "198.51.100.9", SourceSpoofable},
		{"SIP over UDP", "VoIP(sentrypeer)", "udp", "198.51.100.9", ""},
		{"ddospot, whatever it says", "DDoS(ddospot)", "tcp", "198.51.100.9", SourceSpoofable},
		{"own address", "Network(suricata)", "tcp", source, SourceOwn},
		{"no external address", "Network(suricata)", "tcp", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := Document{PeerType: tt.peerType, TargetPort: tt.transport, SourceEntryIP: source, ExternalIP: tt.external}
			if got := d.SourceDoubt(); got != tt.want {
				t.Errorf("doubt is %q, want %q", got, tt.want)
			}
		})
	}
	t.Run("unknown external address", func(t *testing.T) {
		d := Document{PeerType: "Webpage", TargetPort: "tcp", SourceEntryIP: UnknownIP, ExternalIP: UnknownIP}
		if got := d.SourceDoubt(); got != "" {
			t.Errorf("doubt is %q of an alert from the address that stands for an unknown one", got)
		}
	})
}
