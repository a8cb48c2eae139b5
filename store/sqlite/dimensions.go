package sqlite

import (
	"context"
	"database/sql"
	"slices"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
)

// dimension describes how alerts are grouped by a store.Dimension.
type dimension struct {
	// column of alerts to count by.
	column string
	// text is the column of a dictionary, if column is the id of a row in that.
	text, dictionary string
	// derived, if not nil, computes the text of an alert from hidden columns only, in place
	// of a column.
	derived func(d *alert.Document) string
	hidden  []*hidden
}

// hidden is a column that a query has for a derived dimension.
type hidden struct {
	dimension
	set func(d *alert.Document, value any) error
}

// Columns that are also hidden ones.
var (
	peerType   = dimension{column: "sensor", text: "type", dictionary: "sensors"}
	externalIP = dimension{column: "sensor", text: "external_ip", dictionary: "sensors"}
	transport  = dimension{column: "sensor", text: "transport", dictionary: "sensors"}
)

var dimensions = map[store.Dimension]dimension{
	store.SourceIP:          {column: "source_ip"},
	store.PeerType:          peerType,
	store.PeerIdent:         {column: "sensor", text: "ident", dictionary: "sensors"},
	store.Hostname:          {column: "sensor", text: "hostname", dictionary: "sensors"},
	store.TargetIP:          {column: "target_ip"},
	store.TargetPort:        {column: "target_port"},
	store.Request:           {column: "request"},
	store.SourceCountry:     {column: "source_place", text: "country", dictionary: "places"},
	store.SourceCountryName: {column: "source_place", text: "country_name", dictionary: "places"},
	store.SourceLocation:    {column: "source_place", text: "location", dictionary: "places"},
	store.TargetCountry:     {column: "target_place", text: "country", dictionary: "places"},
	store.TargetCountryName: {column: "target_place", text: "country_name", dictionary: "places"},
	store.TargetLocation:    {column: "target_place", text: "location", dictionary: "places"},
	store.SensorUUID:        {column: "sensor", text: "uuid", dictionary: "sensors"},
	store.ExternalIP:        externalIP,
	store.Transport:         transport,
	store.Interaction:       {column: "sensor", text: "interaction", dictionary: "sensors"},
	store.SourceDoubt:       {derived: (*alert.Document).SourceDoubt, hidden: []*hidden{hiddenSource, hiddenType, hiddenExternal, hiddenTransport}},
	store.Username:          {derived: func(d *alert.Document) string { return d.Username }, hidden: packed},
	store.Password:          {derived: func(d *alert.Document) string { return d.Password }, hidden: packed},
	store.VulnID:            {derived: func(d *alert.Document) string { return d.VulnID }, hidden: packed},
}

// older are the dimensions that are different for alerts from before schema version 3, whose
// rows of sensors have neither transport nor interaction.
var older = map[store.Dimension]dimension{
	store.Transport:   {derived: func(d *alert.Document) string { return d.TargetPort }, hidden: packed},
	store.Interaction: {derived: (*alert.Document).Interaction, hidden: []*hidden{hiddenType, hiddenRequest, hiddenTexts}},
	store.SourceDoubt: {derived: (*alert.Document).SourceDoubt, hidden: []*hidden{hiddenSource, hiddenType, hiddenExternal, hiddenTexts}},
}

var (
	hiddenSource    = &hidden{dimension{column: "source_ip"}, func(d *alert.Document, v any) error { d.SourceEntryIP, _ = decodeAddr(v); return nil }}
	hiddenType      = &hidden{peerType, func(d *alert.Document, v any) error { d.PeerType = decodeText(v); return nil }}
	hiddenExternal  = &hidden{externalIP, func(d *alert.Document, v any) error { d.ExternalIP = decodeText(v); return nil }}
	hiddenTransport = &hidden{transport, func(d *alert.Document, v any) error { d.TargetPort = decodeText(v); return nil }}
	hiddenRequest   = &hidden{dimension{column: "request"}, func(d *alert.Document, v any) error { d.OriginalRequestString = decodeText(v); return nil }}
	// By texts nearly every alert is a group of its own: what needs them is for few alerts,
	// or slow.
	hiddenTexts = &hidden{dimension{column: "texts"}, func(d *alert.Document, v any) error {
		texts, _ := v.([]byte) // NULL when all are as usual
		return decodeTexts(texts, d)
	}}
	packed = []*hidden{hiddenTexts}
)

// portion is a part of the alerts that are grouped in the same way.
type portion struct {
	older bool
	// where are more terms of the query's WHERE clause.
	where string
}

// olderSensors are the rows of sensors from before schema version 3.
const olderSensors = "SELECT id FROM sensors INDEXED BY sensors_older WHERE transport IS NULL"

// portions returns how to divide the alerts for a grouping. Alerts from before schema version
// 3 are grouped apart, as long as there are any.
func portions(ctx context.Context, tx *sql.Tx, g store.Grouping) ([]portion, error) {
	differs := func(by store.Dimension) bool { _, ok := older[by]; return ok }
	all := []portion{{}}
	if !slices.ContainsFunc(g.By, differs) {
		return all, nil
	}
	var any bool
	if err := tx.QueryRowContext(ctx, "SELECT EXISTS ("+olderSensors+")").Scan(&any); err != nil || !any {
		return all, err
	}
	return []portion{
		{older: true, where: " AND sensor IN (" + olderSensors + ")"},
		{where: " AND sensor NOT IN (" + olderSensors + ")"},
	}, nil
}
