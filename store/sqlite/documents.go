package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/peba-edge/peba/alert"
)

// documentQuery reads alerts by a JSON array of their seq; key is the index in
// the array. If a dictionary row were missing, only its texts would be lost.
const documentQuery = `
	SELECT wanted.key, a.created, a.id, a.received, a.community,
		s.ident, s.type, s.hostname, s.uuid, s.external_ip, s.internal_ip,
		a.source_ip, a.source_port, sp.country, sp.country_name, sp.location, sp.system,
		a.target_ip, a.target_port, tp.country, tp.country_name, tp.location, tp.system,
		a.request, a.texts
	FROM json_each(?) AS wanted CROSS JOIN alerts AS a ON a.seq = wanted.value
		LEFT JOIN sensors AS s ON s.id = a.sensor
		LEFT JOIN places AS sp ON sp.id = a.source_place
		LEFT JOIN places AS tp ON tp.id = a.target_place`

// documentColumns is the number of columns of documentQuery.
const documentColumns = 25

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
		if err := document(&row, &docs[row.number()]); err != nil {
			return nil, err
		}
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	if read != len(found) {
		return nil, fmt.Errorf("read %d of %d alerts", read, len(found))
	}
	return docs, nil
}

// document sets an alert from the columns of documentQuery, in order.
func document(row *columns, d *alert.Document) error {
	created := row.number()
	*d = alert.Document{
		CreateTime:            alert.At(decodeTime(created)),
		ID:                    decodeID(row.next(), created),
		RecievedTime:          alert.At(decodeTime(row.number())),
		ClientDomain:          row.number() != 0,
		PeerIdent:             row.text(),
		PeerType:              row.text(),
		Hostname:              row.text(),
		SensorUUID:            row.text(),
		ExternalIP:            row.text(),
		InternalIP:            row.text(),
		SourceEntryIP:         row.addr(),
		SourceEntryPort:       row.port(),
		Country:               row.text(),
		CountryName:           row.text(),
		Location:              row.text(),
		SourceEntryAS:         row.text(),
		TargetEntryIP:         row.addr(),
		TargetEntryPort:       row.port(),
		TargetCountry:         row.text(),
		TargetCountryName:     row.text(),
		LocationDestination:   row.text(),
		TargetEntryAS:         row.text(),
		OriginalRequestString: row.text(),
	}
	texts, _ := row.next().([]byte) // NULL when all are as usual
	return decodeTexts(texts, d)
}

// columns reads the values of a row one by one.
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

func (c *columns) text() string { return decodeText(c.next()) }
func (c *columns) port() string { return decodePort(c.next()) }
