package sqlite

import (
	"slices"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
)

// dimension says how alerts are grouped by something.
type dimension struct {
	// column of alerts that is counted by.
	column string
	// text is the column of the answer, where column is the id of a row in the
	// dictionary joined as from.
	text, from string
	// derived, if not nil, is the text of an alert of which only hiddenColumns are read.
	derived func(d *alert.Document) string
}

var dimensions = map[store.Dimension]dimension{
	store.SourceIP:          {column: "source_ip"},
	store.PeerType:          {column: "sensor", text: "s.type", from: "sensors AS s ON s.id = g.sensor"},
	store.PeerIdent:         {column: "sensor", text: "s.ident", from: "sensors AS s ON s.id = g.sensor"},
	store.Hostname:          {column: "sensor", text: "s.hostname", from: "sensors AS s ON s.id = g.sensor"},
	store.TargetIP:          {column: "target_ip"},
	store.TargetPort:        {column: "target_port"},
	store.Request:           {column: "request"},
	store.SourceCountry:     {column: "source_place", text: "sp.country", from: "places AS sp ON sp.id = g.source_place"},
	store.SourceCountryName: {column: "source_place", text: "sp.country_name", from: "places AS sp ON sp.id = g.source_place"},
	store.SourceLocation:    {column: "source_place", text: "sp.location", from: "places AS sp ON sp.id = g.source_place"},
	store.TargetCountry:     {column: "target_place", text: "tp.country", from: "places AS tp ON tp.id = g.target_place"},
	store.TargetCountryName: {column: "target_place", text: "tp.country_name", from: "places AS tp ON tp.id = g.target_place"},
	store.TargetLocation:    {column: "target_place", text: "tp.location", from: "places AS tp ON tp.id = g.target_place"},
	store.SensorUUID:        {column: "sensor", text: "s.uuid", from: "sensors AS s ON s.id = g.sensor"},
	store.SourceDoubt:       {derived: (*alert.Document).SourceDoubt},
	store.Username:          {derived: func(d *alert.Document) string { return d.Username }},
	store.Password:          {derived: func(d *alert.Document) string { return d.Password }},
	store.VulnID:            {derived: func(d *alert.Document) string { return d.VulnID }},
}

// hiddenColumns are what derived dimensions are made of, with the columns of alerts
// that they need. Nearly each alert is a group of its own by them: whoever asks for
// one asks for few alerts, or waits.
var hiddenColumns, hiddenCounted = []string{"g.source_ip", "s.type", "s.external_ip", "g.texts"}, []string{"source_ip", "sensor", "texts"}

// isDerived says whether a dimension is none of the columns.
func isDerived(g store.Grouping) bool {
	return slices.ContainsFunc(g.By, func(by store.Dimension) bool { return dimensions[by].derived != nil })
}
