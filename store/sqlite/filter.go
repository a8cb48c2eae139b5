package sqlite

import (
	"fmt"
	"strings"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
)

// conditions are the terms of a WHERE clause over alerts, with their values.
type conditions struct {
	terms  []string
	values []any
}

func (c *conditions) add(term string, values ...any) {
	c.terms = append(c.terms, term)
	c.values = append(c.values, values...)
}

func (c *conditions) where() string { return " WHERE " + strings.Join(c.terms, " AND ") }

// communities returns the values of alerts.community in a domain. They are
// literals in the SQL, so that the planner sees them.
func communities(d store.Domain) ([]string, error) {
	switch d {
	case store.Community:
		return []string{"1"}, nil
	case store.Private:
		return []string{"0"}, nil
	case store.Both:
		return []string{"0", "1"}, nil
	}
	return nil, fmt.Errorf("unknown domain %d: must be Community, Private or Both", d)
}

// timeColumn returns the column of a time field.
func timeColumn(t store.TimeField) (string, error) {
	switch t {
	case store.Received:
		return "received", nil
	case store.Created:
		return "created", nil
	}
	return "", fmt.Errorf("unknown time field %d: must be Received or Created", t)
}

// selected returns the conditions of a filter without its domain, and the
// column of its time.
func selected(f store.Filter) (c conditions, column string, err error) {
	column, err = timeColumn(f.Time)
	if err != nil {
		return c, "", err
	}
	if !f.From.IsZero() {
		c.add(column+" >= ?", secondsFrom(f.From))
	}
	if !f.To.IsZero() {
		c.add(column+" < ?", secondsFrom(f.To))
	}
	if f.SourceIP != "" {
		c.add("source_ip = ?", encodeAddr(f.SourceIP))
	}
	if f.PeerType != "" {
		c.add("sensor IN (SELECT id FROM sensors WHERE type = ?)", f.PeerType)
	}
	if f.Web {
		types := alert.WebTypes()
		values := make([]any, len(types))
		for i, t := range types {
			values[i] = t
		}
		c.add("sensor IN (SELECT id FROM sensors WHERE type IN (?"+strings.Repeat(",?", len(types)-1)+"))", values...)
	}
	return c, column, nil
}

// createdSpan is the maximum span of created time for an index that leads to
// alerts one by one, instead of a full scan.
const createdSpan = 12 * time.Hour

// allBlocks lists all blocks of arrival: the index of sources has the block before
// the source.
const allBlocks = `WITH RECURSIVE blocks(n) AS (
		SELECT block FROM (SELECT block FROM alerts ORDER BY seq LIMIT 1)
		UNION ALL SELECT n + 1 FROM blocks WHERE n < (SELECT block FROM alerts ORDER BY seq DESC LIMIT 1))
	SELECT n FROM blocks`

// from returns the alerts table with all conditions, including the domain, for
// questions that read all matching alerts.
func from(f store.Filter) (clause string, values []any, err error) {
	c, _, err := selected(f)
	if err != nil {
		return "", nil, err
	}
	domain, err := communities(f.Domain)
	if err != nil {
		return "", nil, err
	}
	c.add("community IN (" + strings.Join(domain, ", ") + ")")
	table := "alerts NOT INDEXED"
	switch {
	case f.SourceIP != "" && (f.Time == store.Created || f.From.IsZero()):
		table = "alerts INDEXED BY alerts_source"
		c.add("block IN (" + allBlocks + ")")
	case f.Time == store.Received:
		table = "alerts INDEXED BY alerts_received"
	case !f.From.IsZero() && !f.To.IsZero() && f.To.Sub(f.From) <= createdSpan:
		table = "alerts INDEXED BY alerts_id"
	}
	return table + c.where(), c.values, nil
}
