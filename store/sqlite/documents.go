package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/peba-edge/peba/alert"
)

// documentQuery reads alerts by a JSON array of their seq; key is the place in
// the array. A dictionary row that were missing would cost its texts only.
const documentQuery = `
	SELECT wanted.key, a.id, a.received, a.created, a.community,
		s.ident, s.type, s.hostname, s.uuid, s.external_ip, s.internal_ip,
		a.source_ip, a.source_port, sp.country, sp.country_name, sp.location, sp.system,
		a.target_ip, a.target_port, tp.country, tp.country_name, tp.location, tp.system,
		a.protocol, a.request, a.raw_http, a.username, a.password, a.login, a.client_version,
		a.session_start, a.session_end, a.vulnerability, a.additional, a.client
	FROM json_each(?) AS wanted CROSS JOIN alerts AS a ON a.seq = wanted.value
		LEFT JOIN sensors AS s ON s.id = a.sensor
		LEFT JOIN places AS sp ON sp.id = a.source_place
		LEFT JOIN places AS tp ON tp.id = a.target_place`

// documentColumns is the number of columns of documentQuery.
const documentColumns = 35

// documents reads the alerts at the given positions, in their order.
func documents(ctx context.Context, tx *sql.Tx, found []position) ([]alert.Document, error) {
	if len(found) == 0 {
		return nil, nil
	}
	seqs := make([]int64, len(found))
	for i, p := range found {
		seqs[i] = p.seq
	}
	wanted, err := json.Marshal(seqs)
	if err != nil {
		return nil, err
	}
	rows, err := tx.QueryContext(ctx, documentQuery, string(wanted))
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()

	docs := make([]alert.Document, len(found))
	values, dest := make([]any, documentColumns), make([]any, documentColumns)
	for i := range values {
		dest[i] = &values[i]
	}
	read := 0
	for ; rows.Next(); read++ {
		if err := rows.Scan(dest...); err != nil {
			return nil, err
		}
		row := columns{values}
		docs[row.number()] = document(&row)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	if read != len(found) {
		return nil, fmt.Errorf("read %d of %d alerts", read, len(found))
	}
	return docs, nil
}

// document takes an alert from the columns of documentQuery, in their order.
func document(row *columns) alert.Document {
	return alert.Document{
		ID:                    row.hex(),
		RecievedTime:          row.time(),
		CreateTime:            row.time(),
		ClientDomain:          row.number() != 0,
		PeerIdent:             row.text(""),
		PeerType:              row.text(""),
		Hostname:              row.text(""),
		SensorUUID:            row.text(""),
		ExternalIP:            row.text(""),
		InternalIP:            row.text(""),
		SourceEntryIP:         row.addr(),
		SourceEntryPort:       row.port(),
		Country:               row.text(""),
		CountryName:           row.text(""),
		Location:              row.text(""),
		SourceEntryAS:         row.text(""),
		TargetEntryIP:         row.addr(),
		TargetEntryPort:       row.port(),
		TargetCountry:         row.text(""),
		TargetCountryName:     row.text(""),
		LocationDestination:   row.text(""),
		TargetEntryAS:         row.text(""),
		TargetPort:            row.text(""),
		OriginalRequestString: row.text(""),
		RawHTTP:               row.text(usualRawHTTP),
		Username:              row.text(""),
		Password:              row.text(""),
		Login:                 row.text(""),
		ClientVersion:         row.text(""),
		SessionStart:          row.text(""),
		SessionEnd:            row.text(""),
		VulnID:                row.text(""),
		AdditionalData:        row.text(usualAdditional),
		Client:                row.text(usualClient),
	}
}

// columns takes the values of a row one by one.
type columns struct{ left []any }

func (c *columns) next() any {
	v := c.left[0]
	c.left = c.left[1:]
	return v
}

func (c *columns) number() int64 {
	n, _ := c.next().(int64)
	return n
}

func (c *columns) addr() string {
	text, _ := decodeAddr(c.next())
	return text
}

func (c *columns) time() alert.Time         { return alert.At(decodeTime(c.number())) }
func (c *columns) text(usual string) string { return decodeText(c.next(), usual) }
func (c *columns) port() string             { return decodePort(c.next()) }
func (c *columns) hex() string              { return decodeHex(c.next()) }
