package alert

import "testing"

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

		// the first match wins, wherever it stands
		"cowrie-dionaea-x": "Network(Dionaea)", "x.tanner.ht": "Network(honeytrap)", "suricata.con": "Network(suricata)",
		"host.container-1": "Industrial(conpot)", "beelzebub.cow": "SSH/console(cowrie)",
		// letter case counts
		"Cowrie-01": Unclassified, "DIONAEA-1": Unclassified, "webhoneypot": Unclassified,
		"": Unclassified, "foobar": Unclassified, "dio": Unclassified,
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
