package esclient

import (
	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
)

// dimension is what alerts are grouped by.
type dimension struct {
	field   string
	value   func(d *alert.Document) string
	address bool
	// optional fields are not in documents in which they are empty.
	optional bool
	// derived, if not nil, are the fields that the value is made of, in place of field.
	derived []part
}

// part is a field that a derived value is made of.
type part struct {
	field string
	of    func(d *alert.Document) *string
}

// plain says whether one field of all documents has the value.
func (d *dimension) plain() bool { return d.derived == nil && !d.optional }

var dimensions = map[store.Dimension]dimension{
	store.SourceIP:          {field: "sourceEntryIp", value: func(d *alert.Document) string { return d.SourceEntryIP }, address: true},
	store.PeerType:          {field: "peerType", value: func(d *alert.Document) string { return d.PeerType }},
	store.PeerIdent:         {field: "peerIdent", value: func(d *alert.Document) string { return d.PeerIdent }},
	store.Hostname:          {field: "hostname", value: func(d *alert.Document) string { return d.Hostname }},
	store.TargetIP:          {field: "targetEntryIp", value: func(d *alert.Document) string { return d.TargetEntryIP }, address: true},
	store.TargetPort:        {field: "targetEntryPort", value: func(d *alert.Document) string { return d.TargetEntryPort }},
	store.Request:           {field: "originalRequestString", value: func(d *alert.Document) string { return d.OriginalRequestString }},
	store.SourceCountry:     {field: "country", value: func(d *alert.Document) string { return d.Country }},
	store.SourceCountryName: {field: "countryName", value: func(d *alert.Document) string { return d.CountryName }},
	store.TargetCountry:     {field: "targetCountry", value: func(d *alert.Document) string { return d.TargetCountry }},
	store.TargetCountryName: {field: "targetCountryName", value: func(d *alert.Document) string { return d.TargetCountryName }},
	store.SourceLocation:    {field: "location", value: func(d *alert.Document) string { return d.Location }},
	store.TargetLocation:    {field: "locationDestination", value: func(d *alert.Document) string { return d.LocationDestination }},
	store.SensorUUID:        {field: "sensorUUID", value: func(d *alert.Document) string { return d.SensorUUID }, optional: true},
	store.SourceDoubt: {value: (*alert.Document).SourceDoubt, derived: []part{
		{"peerType", func(d *alert.Document) *string { return &d.PeerType }},
		{"targetport", func(d *alert.Document) *string { return &d.TargetPort }},
		{"sourceEntryIp", func(d *alert.Document) *string { return &d.SourceEntryIP }},
		{"externalIP", func(d *alert.Document) *string { return &d.ExternalIP }},
	}},
	store.Username: {field: "username", value: func(d *alert.Document) string { return d.Username }},
	store.Password: {field: "password", value: func(d *alert.Document) string { return d.Password }},
	store.VulnID:   {field: "vulnid", value: func(d *alert.Document) string { return d.VulnID }},
}
