package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
)

// dimension describes how alerts are grouped by a store.Dimension.
type dimension struct {
	// column of alerts to count by.
	column string
	// text is the column of the answer if column is the id of a row in the dictionary
	// joined as from.
	text, from string
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

// Joins of the dictionaries.
const (
	fromSensors      = "sensors AS s ON s.id = g.sensor"
	fromSourcePlaces = "places AS sp ON sp.id = g.source_place"
	fromTargetPlaces = "places AS tp ON tp.id = g.target_place"
)

// Columns that are also hidden ones.
var (
	peerType   = dimension{column: "sensor", text: "s.type", from: fromSensors}
	externalIP = dimension{column: "sensor", text: "s.external_ip", from: fromSensors}
	transport  = dimension{column: "sensor", text: "s.transport", from: fromSensors}
)

var dimensions = map[store.Dimension]dimension{
	store.SourceIP:          {column: "source_ip"},
	store.PeerType:          peerType,
	store.PeerIdent:         {column: "sensor", text: "s.ident", from: fromSensors},
	store.Hostname:          {column: "sensor", text: "s.hostname", from: fromSensors},
	store.TargetIP:          {column: "target_ip"},
	store.TargetPort:        {column: "target_port"},
	store.Request:           {column: "request"},
	store.SourceCountry:     {column: "source_place", text: "sp.country", from: fromSourcePlaces},
	store.SourceCountryName: {column: "source_place", text: "sp.country_name", from: fromSourcePlaces},
	store.SourceLocation:    {column: "source_place", text: "sp.location", from: fromSourcePlaces},
	store.TargetCountry:     {column: "target_place", text: "tp.country", from: fromTargetPlaces},
	store.TargetCountryName: {column: "target_place", text: "tp.country_name", from: fromTargetPlaces},
	store.TargetLocation:    {column: "target_place", text: "tp.location", from: fromTargetPlaces},
	store.SensorUUID:        {column: "sensor", text: "s.uuid", from: fromSensors},
	store.ExternalIP:        externalIP,
	store.Transport:         transport,
	store.Interaction:       {column: "sensor", text: "s.interaction", from: fromSensors},
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

// plan is how a portion of the alerts is grouped.
type plan struct {
	store.Grouping
	dims   []dimension // of Grouping.By
	hidden []*hidden
	// columns are all that are counted by, each once: those of dims that are not derived,
	// and those of hidden, whose places dimAt and hiddenAt are.
	columns         []dimension
	dimAt, hiddenAt []int
}

func newPlan(g store.Grouping, before bool) (*plan, error) {
	p := &plan{Grouping: g}
	for _, by := range g.By {
		dim, ok := dimensions[by]
		if !ok {
			return nil, fmt.Errorf("unknown dimension %d to group by", by)
		}
		if other, ok := older[by]; ok && before {
			dim = other
		}
		p.dims = append(p.dims, dim)
		at := -1
		if dim.derived == nil {
			at = p.place(dim)
		}
		p.dimAt = append(p.dimAt, at)
		for _, h := range dim.hidden {
			if !slices.Contains(p.hidden, h) {
				p.hidden = append(p.hidden, h)
				p.hiddenAt = append(p.hiddenAt, p.place(h.dimension))
			}
		}
	}
	return p, nil
}

// place returns the index of a column in p.columns, to which it may be added.
func (p *plan) place(c dimension) int {
	at := slices.IndexFunc(p.columns, func(other dimension) bool { return other.column == c.column && other.text == c.text })
	if at < 0 {
		at = len(p.columns)
		p.columns = append(p.columns, c)
	}
	return at
}
