package alert

import (
	"strings"
	"testing"
)

func TestPeerType(t *testing.T) {
	for id, want := range map[string]string{
		"WebHoneypot-1": "Webpage", "dionaea-1": "Network(Dionaea)", "s.dio": "Network(Dionaea)", "honeytrap-1": "Network(honeytrap)",
		"s.ht": "Network(honeytrap)", "kippo-1": "SSH/console(cowrie)", "s.kip": "SSH/console(cowrie)", "cowrie-1": "SSH/console(cowrie)",
		"s.cow": "SSH/console(cowrie)", "glastopf-1": "Webpage", "s.gt3": "Webpage", "vnclowpot-1": "VNC(vnclowpot)", "s.vnc": "VNC(vnclowpot)",
		"rdpy-1": "RDP(rdpy)", "s.rdp": "RDP(rdpy)", "mailoney-1": "E-Mail(mailoney)", "s.mail": "E-Mail(mailoney)",
		"heralding-1": "Passwords(heralding)", "s.her": "Passwords(heralding)", "ciscoasa-1": "Network(cisco-asa)", "elasticpot-1": "Service(ES)",
		"s.elk": "Service(ES)", "suricata-1": "Network(suricata)", "tanner-1": "Webpage", "s.tan": "Webpage", "medpot-1": "Service(Medicine)",
		"emobility-1": "Service(emobility)", "conpot-1": "Industrial(conpot)", "s.con": "Industrial(conpot)", "glutton-1": "Network(glutton)",

		"adbhoney-1": "Android(adbhoney)", "beelzebub-1": "LLM(beelzebub)", "galah-1": "LLM(galah)", "citrixhoneypot-1": "Web(citrix)",
		"ddospot-1": "DDoS(ddospot)", "dicompot-1": "Service(dicompot)", "endlessh-1": "SSH/console(endlessh)", "fatt-1": "Network(fatt)",
		"gopot-1": "Web(go-pot)", "h0neytr4p-1": "Web(h0neytr4p)", "hellpot-1": "Web(hellpot)", "honeyaml-1": "Web(honeyaml)",
		"honeypots-1": "Multi(honeypots)", "honeypy-1": "Network(honeypy)", "honeysap-1": "Service(SAP)", "ipphoney-1": "Printer(ipphoney)",
		"miniprint-1": "Printer(miniprint)", "log4pot-1": "Web(log4pot)", "redishoneypot-1": "Database(redis)", "sentrypeer-1": "VoIP(sentrypeer)",
		"wordpot-1": "Web(wordpot)",

		// names that newer clients use
		"rdphoneypot-1": "RDP(rdphoneypot)", "go-pot-community-01": "Web(go-pot)", "snare-1": "Webpage",
		// letter case does not count
		"Cowrie-01": "SSH/console(cowrie)", "DIONAEA-1": "Network(Dionaea)", "webhoneypot": "Webpage", "S.HT": "Network(honeytrap)",
		// of several full names the first in the table counts
		"cowrie-dionaea-x": "Network(Dionaea)",
		// full names come before abbreviations
		"x.tanner.ht": "Webpage", "suricata.con": "Network(suricata)", "beelzebub.cow": "LLM(beelzebub)", "dionaea.example.her": "Network(Dionaea)",
		// the first label comes before the others
		"tanner-1.cowrie.example": "Webpage", "sensor.cowrie-1.example": "SSH/console(cowrie)",
		// abbreviations are whole labels, and not the first
		"cowrie-1.htw.example": "SSH/console(cowrie)", "host.container-1": Unclassified, "x.htw": Unclassified, "ht": Unclassified, "ht.x": Unclassified,
		"x-ht": Unclassified, "x.her.example": "Passwords(heralding)", "x.con.": "Industrial(conpot)",

		"": Unclassified, ".": Unclassified, "foobar": Unclassified, "dio": Unclassified,
	} {
		if got := PeerType(id); got != want {
			t.Errorf("%q is %s, want %s", id, got, want)
		}
	}
}

func TestCVE(t *testing.T) {
	for vulnID, want := range map[string]bool{"": false, "ab": false, "äö": false, "abc": true, "äöü": true, "CVE-2017-5638": true} {
		d := Document{VulnID: vulnID}
		if id, ok := d.CVE(); ok != want || ok && id != vulnID {
			t.Errorf("%q is %q, %v: want %v", vulnID, id, ok, want)
		}
	}
}

// TestStockTypes holds that no id of a stock T-Pot's configuration is unclassified.
func TestStockTypes(t *testing.T) {
	for _, name := range strings.Fields(`adbhoney beelzebub ciscoasa citrix conpot cowrie ddospot dicompot dionaea elasticpot emobility endlessh
		fatt galah glastopfv3 glutton gopot h0neytr4p hellpot heralding honeyaml honeypots honeypy honeysap honeytrap ipphoney log4pot mailoney
		medpot miniprint rdpy redishoneypot sentrypeer suricata tanner vnclowpot wordpot`) {
		if got := PeerType(name + "-community-01"); got == Unclassified {
			t.Errorf("%s is %s", name, got)
		}
	}
}
