package alert

import "strings"

// Reasons to doubt that an alert's source is its attacker. A list of bad addresses
// made from such alerts would name victims.
const (
	// SourceSpoofable marks an alert that a single packet with a forged source
	// address can cause.
	SourceSpoofable = "spoofable"
	// SourceOwn marks an alert whose source is the sensor's own external
	// address.
	SourceOwn = "own"
)

// SourceDoubt returns why the alert's source may not be its attacker, or "". It
// depends on PeerType, TargetPort, SourceEntryIP and ExternalIP only, so that
// stores can group by it.
//
// UDP and ICMP have no handshake that proves the source, and hardly any of their
// honeypots reports whether its client received an answer. The exception is
// sentrypeer: calls with a forged source are useless to a SIP client. The sources
// that ddospot reports are the targets of reflection attacks.
func (d *Document) SourceDoubt() string {
	switch {
	case d.SourceEntryIP == d.ExternalIP && d.ExternalIP != UnknownIP && d.ExternalIP != "":
		return SourceOwn
	case d.PeerType == "DDoS(ddospot)":
		return SourceSpoofable
	case d.PeerType != "VoIP(sentrypeer)" && hasNoHandshake(d.TargetPort):
		return SourceSpoofable
	}
	return ""
}

// hasNoHandshake reports whether nothing proves the source addresses of a
// transport protocol. Sensors write protocols in either case.
func hasNoHandshake(transport string) bool {
	for _, name := range [...]string{"udp", "icmp", "icmpv6", "ipv6-icmp"} {
		if strings.EqualFold(transport, name) {
			return true
		}
	}
	return false
}
