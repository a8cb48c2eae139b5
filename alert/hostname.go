package alert

// ownHost makes sure that the host name is the sensor's. The h0neytr4p module sends
// the attacker's Host header with that meaning: it stays in additionalData.
func (a *alertFields) ownHost() {
	if a.doc.Hostname != UnknownHost && PeerType(a.doc.PeerIdent) == "Web(h0neytr4p)" {
		a.keep("hostname", a.doc.Hostname)
		a.doc.Hostname = UnknownHost
	}
}
