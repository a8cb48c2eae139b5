package alert

import (
	"slices"
	"strings"
)

// Unclassified is the type of a honeypot whose analyzer id contains no known name.
const Unclassified = "Unclassified"

const suricata = "Network(suricata)"

// peerTypes is docs/CONTRACT.md §1.2. The first block is in the order of the Python service.
var peerTypes = [...]struct {
	peerType string
	// names are full names, of which an analyzer id contains one.
	names []string
	// labels are abbreviations: whole labels of an analyzer id, but not its first.
	labels []string
	kind   peerKind
}{
	{"Webpage", []string{"webhoneypot"}, nil, isWeb | keepsPayloads},
	{"Network(Dionaea)", []string{"dionaea"}, []string{"dio"}, keepsPayloads},
	{"Network(honeytrap)", []string{"honeytrap"}, []string{"ht"}, keepsPayloads},
	{"SSH/console(cowrie)", []string{"kippo", "cowrie"}, []string{"kip", "cow"}, isShell},
	{"Webpage", []string{"glastopf"}, []string{"gt3"}, isWeb | keepsPayloads},
	{"VNC(vnclowpot)", []string{"vnclowpot"}, []string{"vnc"}, 0},
	{"RDP(rdpy)", []string{"rdpy"}, []string{"rdp"}, 0},
	{"E-Mail(mailoney)", []string{"mailoney"}, []string{"mail"}, keepsPayloads},
	{"Passwords(heralding)", []string{"heralding"}, []string{"her"}, 0},
	{"Network(cisco-asa)", []string{"ciscoasa"}, nil, 0},
	{"Service(ES)", []string{"elasticpot"}, []string{"elk"}, 0},
	{suricata, []string{"suricata"}, nil, 0},
	{"Webpage", []string{"tanner", "snare"}, []string{"tan"}, isWeb | keepsPayloads},
	{"Service(Medicine)", []string{"medpot"}, nil, 0},
	{"Service(emobility)", []string{"emobility"}, nil, 0},
	{"Industrial(conpot)", []string{"conpot"}, []string{"con"}, 0},
	{"Network(glutton)", []string{"glutton"}, nil, keepsPayloads},

	{"Android(adbhoney)", []string{"adbhoney"}, nil, keepsPayloads | isShell},
	{"LLM(beelzebub)", []string{"beelzebub"}, nil, isShell},
	{"LLM(galah)", []string{"galah"}, nil, isWeb},
	{"Web(citrix)", []string{"citrix"}, nil, isWeb},
	{"DDoS(ddospot)", []string{"ddospot"}, nil, 0},
	{"Service(dicompot)", []string{"dicompot"}, nil, 0},
	{"SSH/console(endlessh)", []string{"endlessh"}, nil, 0},
	{"Network(fatt)", []string{"fatt"}, nil, 0},
	{"Web(go-pot)", []string{"gopot", "go-pot"}, nil, isWeb},
	{"Web(h0neytr4p)", []string{"h0neytr4p"}, nil, isWeb | keepsPayloads},
	{"Web(hellpot)", []string{"hellpot"}, nil, isWeb},
	{"Web(honeyaml)", []string{"honeyaml"}, nil, isWeb},
	{"Multi(honeypots)", []string{"honeypots"}, nil, 0},
	{"Network(honeypy)", []string{"honeypy"}, nil, 0},
	{"Service(SAP)", []string{"honeysap"}, nil, 0},
	{"Printer(ipphoney)", []string{"ipphoney"}, nil, 0},
	{"Printer(miniprint)", []string{"miniprint"}, nil, keepsPayloads},
	{"Web(log4pot)", []string{"log4pot"}, nil, isWeb},
	{"RDP(rdphoneypot)", []string{"rdphoneypot"}, nil, 0},
	{"Database(redis)", []string{"redishoneypot"}, nil, 0},
	{"VoIP(sentrypeer)", []string{"sentrypeer"}, nil, 0},
	{"Web(wordpot)", []string{"wordpot"}, nil, isWeb | keepsPayloads},
}

// peerKind has the properties of a type.
type peerKind uint8

const (
	isWeb         peerKind = 1 << iota // its requests are URLs
	keepsPayloads                      // its payloads are kept (docs/CONTRACT.md §1.3)
	isShell                            // its requests are commands that an attacker typed
)

// PeerType returns the honeypot type of an analyzer id, or Unclassified (docs/CONTRACT.md §1.2). It
// ignores case. Because an id may end in the host's name, its first label takes precedence over the
// others, and a full name over an abbreviation.
func PeerType(analyzerID string) string {
	id := strings.ToLower(analyzerID)
	first, _, _ := strings.Cut(id, ".")
	for _, part := range [...]string{first, id} {
		for i := range peerTypes {
			for _, name := range peerTypes[i].names {
				if strings.Contains(part, name) {
					return peerTypes[i].peerType
				}
			}
		}
		if len(part) == len(id) {
			break // the only label, or all of them
		}
	}
	return abbreviatedType(id[len(first):])
}

// abbreviatedType returns the type of the first row with an abbreviation among the
// labels.
func abbreviatedType(labels string) string {
	for i := range peerTypes {
		for label := range strings.SplitSeq(labels, ".") {
			for _, short := range peerTypes[i].labels {
				if label == short {
					return peerTypes[i].peerType
				}
			}
		}
	}
	return Unclassified
}

// PeerTypes returns all types, Unclassified last.
func PeerTypes() []string {
	var types []string
	for i := range peerTypes {
		if t := peerTypes[i].peerType; !slices.Contains(types, t) {
			types = append(types, t)
		}
	}
	return append(types, Unclassified)
}

// WebTypes returns the types of all web honeypots, whose requests are URLs.
func WebTypes() []string {
	var types []string
	for i := range peerTypes {
		if t := &peerTypes[i]; t.kind&isWeb != 0 && !slices.Contains(types, t.peerType) {
			types = append(types, t.peerType)
		}
	}
	return types
}

// IsWeb reports whether a type is one of WebTypes.
func IsWeb(peerType string) bool { return kindOf(peerType)&isWeb != 0 }

// kindOf returns the kind of a type, 0 if it is unknown.
func kindOf(peerType string) peerKind {
	for i := range peerTypes {
		if peerTypes[i].peerType == peerType {
			return peerTypes[i].kind
		}
	}
	return 0
}

// isHoneytrap reports whether a honeypot's clock is in UTC whatever its zone.
func isHoneytrap(peerType string) bool { return strings.Contains(peerType, "honeytrap") }

// namesPort reports whether the request string of a honeypot is the attacked port.
func namesPort(peerType string) bool {
	return isHoneytrap(peerType) || strings.Contains(peerType, "Dionaea")
}

// keepsPayload reports whether a honeypot's payloads are stored (docs/CONTRACT.md §1.3).
func keepsPayload(peerType string) bool { return kindOf(peerType)&keepsPayloads != 0 }

// takesCommands reports whether the requests of a honeypot are commands.
func takesCommands(peerType string) bool { return kindOf(peerType)&isShell != 0 }
