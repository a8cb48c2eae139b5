package alert

// ownHost makes sure that the host name is the sensor's. The module for h0neytr4p
// sends the attacker's Host header under that meaning: it stays an additional datum.
func (a *alertFields) ownHost() {
	if a.doc.Hostname != unknownHost && PeerType(a.doc.PeerIdent) == "Web(h0neytr4p)" {
		a.keep("hostname", a.doc.Hostname)
		a.doc.Hostname = unknownHost
	}
}
