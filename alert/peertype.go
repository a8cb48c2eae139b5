package alert

import "strings"

// Unclassified is the type of a honeypot that none of the known names stands for.
const Unclassified = "Unclassified"

// peerTypes is contract §1.2: the first of these texts that the analyzer id
// contains, letter case included, tells the type. The first block is the Python
// service's, in its order, so that nothing it classified changes.
var peerTypes = [...]struct{ part, peerType string }{
	{"WebHoneypot", "Webpage"},
	{"dionaea", "Network(Dionaea)"},
	{".dio", "Network(Dionaea)"},
	{"honeytrap", "Network(honeytrap)"},
	{".ht", "Network(honeytrap)"},
	{"kippo", "SSH/console(cowrie)"},
	{".kip", "SSH/console(cowrie)"},
	{"cowrie", "SSH/console(cowrie)"},
	{".cow", "SSH/console(cowrie)"},
	{"glastopf", "Webpage"},
	{".gt3", "Webpage"},
	{"vnclowpot", "VNC(vnclowpot)"},
	{".vnc", "VNC(vnclowpot)"},
	{"rdpy", "RDP(rdpy)"},
	{".rdp", "RDP(rdpy)"},
	{"mailoney", "E-Mail(mailoney)"},
	{".mail", "E-Mail(mailoney)"},
	{"heralding", "Passwords(heralding)"},
	{".her", "Passwords(heralding)"},
	{"ciscoasa", "Network(cisco-asa)"},
	{"elasticpot", "Service(ES)"},
	{".elk", "Service(ES)"},
	{"suricata", "Network(suricata)"},
	{"tanner", "Webpage"},
	{".tan", "Webpage"},
	{"medpot", "Service(Medicine)"},
	{"emobility", "Service(emobility)"},
	{"conpot", "Industrial(conpot)"},
	{".con", "Industrial(conpot)"},
	{"glutton", "Network(glutton)"},

	{"adbhoney", "Android(adbhoney)"},
	{"beelzebub", "LLM(beelzebub)"},
	{"galah", "LLM(galah)"},
	{"citrix", "Web(citrix)"},
	{"ddospot", "DDoS(ddospot)"},
	{"dicompot", "Service(dicompot)"},
	{"endlessh", "SSH/console(endlessh)"},
	{"fatt", "Network(fatt)"},
	{"gopot", "Web(go-pot)"},
	{"h0neytr4p", "Web(h0neytr4p)"},
	{"hellpot", "Web(hellpot)"},
	{"honeyaml", "Web(honeyaml)"},
	{"honeypots", "Multi(honeypots)"},
	{"honeypy", "Network(honeypy)"},
	{"honeysap", "Service(SAP)"},
	{"ipphoney", "Printer(ipphoney)"},
	{"miniprint", "Printer(miniprint)"},
	{"log4pot", "Web(log4pot)"},
	{"redishoneypot", "Database(redis)"},
	{"sentrypeer", "VoIP(sentrypeer)"},
	{"wordpot", "Web(wordpot)"},
}

// PeerType returns the honeypot type that an analyzer id stands for (contract §1.2).
func PeerType(analyzerID string) string {
	for _, t := range &peerTypes {
		if strings.Contains(analyzerID, t.part) {
			return t.peerType
		}
	}
	return Unclassified
}

// isHoneytrap tells the honeypots whose clocks are in UTC whatever they say.
func isHoneytrap(peerType string) bool { return strings.Contains(peerType, "honeytrap") }

// namesPort tells the honeypots whose request string is the attacked port.
func namesPort(peerType string) bool {
	return isHoneytrap(peerType) || strings.Contains(peerType, "Dionaea")
}

// keepsPayload tells the honeypots whose payloads are kept (contract §1.3).
func keepsPayload(peerType string) bool {
	switch peerType {
	case "Webpage", "Network(Dionaea)", "Network(honeytrap)", "Network(glutton)":
		return true
	default:
		return false
	}
}
