package index

import (
	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
)

// Dimension is where an index has what alerts are grouped by.
type Dimension struct {
	Field string
	// Optional fields are not in documents in which they are empty.
	Optional bool
	// Sources, if not nil, are the fields that Field was computed from. A document without it,
	// from an older version or another program, has the value of these.
	Sources []string
	// Derived, if not nil, are the fields that the value is made of, in place of Field.
	Derived []Part
}

// Part is a field that a derived value is made of.
type Part struct {
	Field string
	Of    func(d *alert.Document) *string
}

// Plain says whether one field of all documents has the value.
func (d *Dimension) Plain() bool { return d.Derived == nil && !d.Optional }

// Dimensions are all of them.
var Dimensions = map[store.Dimension]Dimension{
	store.SourceIP:          {Field: "sourceEntryIp"},
	store.PeerType:          {Field: "peerType"},
	store.PeerIdent:         {Field: "peerIdent"},
	store.Hostname:          {Field: "hostname"},
	store.TargetIP:          {Field: "targetEntryIp"},
	store.TargetPort:        {Field: "targetEntryPort"},
	store.Request:           {Field: "originalRequestString"},
	store.SourceCountry:     {Field: "country"},
	store.SourceCountryName: {Field: "countryName"},
	store.TargetCountry:     {Field: "targetCountry"},
	store.TargetCountryName: {Field: "targetCountryName"},
	store.SourceLocation:    {Field: "location"},
	store.TargetLocation:    {Field: "locationDestination"},
	store.SensorUUID:        {Field: "sensorUUID", Optional: true},
	store.SourceDoubt: {Derived: []Part{
		{"peerType", func(d *alert.Document) *string { return &d.PeerType }},
		{"targetport", func(d *alert.Document) *string { return &d.TargetPort }},
		{"sourceEntryIp", func(d *alert.Document) *string { return &d.SourceEntryIP }},
		{"externalIP", func(d *alert.Document) *string { return &d.ExternalIP }},
	}},
	store.Username: {Field: "username"},
	store.Password: {Field: "password"},
	store.VulnID:   {Field: "vulnid"},

	store.Transport:  {Field: "targetport"},
	store.ExternalIP: {Field: "externalIP"},
	store.Interaction: {Field: "interaction", Sources: []string{
		"peerType", "vulnid", "additionalData", "rawhttp", "originalRequestString", "login", "username", "password",
	}},
}
