package alert

// Origin is where alerts of a message, in a row, came from, and what became of
// them: as far as they told, also of those that were skipped.
type Origin struct {
	// UUID and Hostname are what the sensor calls itself; empty if it did not
	// tell. Target is the address that was attacked.
	UUID, Hostname, Target string
	// Analyzer is the honeypot's id.
	Analyzer string
	// Accepted is how many alerts are among the message's records, and Skipped
	// how many were left out.
	Accepted int
	Skipped  map[SkipReason]int
}

// Alerts is how many there were in all.
func (o *Origin) Alerts() int {
	n := o.Accepted
	for _, skipped := range o.Skipped {
		n += skipped
	}
	return n
}

// isOf tells whether it is that of an alert. The address counts only where the
// sensor has no name: one sensor may be attacked at many.
func (o *Origin) isOf(d *Document) bool {
	return o.UUID == d.SensorUUID && o.Hostname == toldHost(d) && o.Analyzer == d.PeerIdent &&
		(o.UUID != "" || o.Hostname != "" || o.Target == d.TargetEntryIP)
}

// toldHost is the host name, empty where the sensor told none.
func toldHost(d *Document) string {
	if d.Hostname == unknownHost {
		return ""
	}
	return d.Hostname
}

// originOf returns the origin of the alert that has just ended: a message is of
// one sensor and one honeypot as a rule, so that the last one is mostly right.
func (m *Message) originOf(d *Document) *Origin {
	if n := len(m.Origins); n > 0 && m.Origins[n-1].isOf(d) {
		return &m.Origins[n-1]
	}
	m.Origins = append(m.Origins, Origin{
		UUID: d.SensorUUID, Hostname: toldHost(d), Target: d.TargetEntryIP, Analyzer: d.PeerIdent,
	})
	return &m.Origins[len(m.Origins)-1]
}
