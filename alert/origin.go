package alert

// Origin is the sensor of consecutive alerts of a message, as far as known, and
// what became of them. It includes skipped alerts.
type Origin struct {
	// UUID and Hostname are the sensor's; empty if not sent. Target is the
	// attacked address.
	UUID, Hostname, Target string
	// Analyzer is the honeypot's id.
	Analyzer string
	// Accepted is the number of alerts among the message's records, Skipped the
	// number of skipped ones.
	Accepted int
	Skipped  map[SkipReason]int
}

// Alerts is the total number of alerts.
func (o *Origin) Alerts() int {
	n := o.Accepted
	for _, skipped := range o.Skipped {
		n += skipped
	}
	return n
}

// isOf reports whether o is the origin of an alert. The address counts only for
// sensors without a name: one sensor may be attacked at many addresses.
func (o *Origin) isOf(d *Document) bool {
	return o.UUID == d.SensorUUID && o.Hostname == sentHost(d) && o.Analyzer == d.PeerIdent &&
		(o.UUID != "" || o.Hostname != "" || o.Target == d.TargetEntryIP)
}

// sentHost is the host name, empty if the sensor sent none.
func sentHost(d *Document) string {
	if d.Hostname == UnknownHost {
		return ""
	}
	return d.Hostname
}

// originOf returns the origin of the alert that just ended. Usually a message
// is from one sensor and one honeypot, so that the last origin matches.
func (m *Message) originOf(d *Document) *Origin {
	if n := len(m.Origins); n > 0 && m.Origins[n-1].isOf(d) {
		return &m.Origins[n-1]
	}
	m.Origins = append(m.Origins, Origin{
		UUID: d.SensorUUID, Hostname: sentHost(d), Target: d.TargetEntryIP, Analyzer: d.PeerIdent,
	})
	return &m.Origins[len(m.Origins)-1]
}
