package alert

import "strings"

// Reasons to doubt that an alert's source is its attacker: a list of bad addresses
// made of such alerts names victims.
const (
	// SourceSpoofable is an alert that one packet with a forged source address
	// causes.
	SourceSpoofable = "spoofable"
	// SourceOwn is an alert whose source is the sensor's own external address.
	SourceOwn = "own"
)

// SourceDoubt returns why the alert's source may not be its attacker, or "". It
// depends on PeerType, TargetPort, SourceEntryIP and ExternalIP only, so that
// stores can group by it.
//
// UDP and ICMP have no handshake that proves the source, and hardly any honeypot
// that listens there says whether its client received an answer. The exception is
// sentrypeer: a SIP client has no use for calls whose answers go elsewhere. The
// sources that ddospot reports are the targets of reflection attacks.
func (d *Document) SourceDoubt() string {
	switch {
	case d.SourceEntryIP == d.ExternalIP && d.ExternalIP != unknownIP && d.ExternalIP != "":
		return SourceOwn
	case d.PeerType == "DDoS(ddospot)":
		return SourceSpoofable
	case d.PeerType != "VoIP(sentrypeer)" && hasNoHandshake(d.TargetPort):
		return SourceSpoofable
	}
	return ""
}

// hasNoHandshake tells transport protocols whose source addresses nothing proves.
// Sensors write them in either case.
func hasNoHandshake(transport string) bool {
	for _, name := range [...]string{"udp", "icmp", "icmpv6", "ipv6-icmp"} {
		if strings.EqualFold(transport, name) {
			return true
		}
	}
	return false
}
