package search

import (
	"fmt"
	"net/netip"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/esclient/index"
	"github.com/peba-edge/peba/store"
)

// selected returns the query of a filter. All its clauses are filters: nothing is
// scored, and Elasticsearch may keep what they found.
func selected(f store.Filter) (query object, err error) {
	field, err := timeField(f.Time)
	if err != nil {
		return nil, err
	}
	clauses := []object{}
	if bounds := index.Window(f.From, f.To); bounds != nil {
		clauses = append(clauses, object{"range": object{field: bounds}})
	}
	switch f.Domain {
	case store.Community:
		clauses = append(clauses, object{"term": object{"clientDomain": true}})
	case store.Private:
		clauses = append(clauses, object{"term": object{"clientDomain": false}})
	case store.Both:
	default:
		return nil, fmt.Errorf("unknown domain %d: must be Community, Private or Both", f.Domain)
	}
	if f.SourceIP != "" {
		if !isAddress(f.SourceIP) {
			return object{"match_none": object{}}, nil // nothing is stored under it
		}
		clauses = append(clauses, object{"term": object{"sourceEntryIp": f.SourceIP}})
	}
	if f.PeerType != "" {
		clauses = append(clauses, object{"term": object{"peerType": f.PeerType}})
	}
	if f.Web {
		clauses = append(clauses, object{"terms": object{"peerType": alert.WebTypes()}})
	}
	return allOf(clauses...), nil
}

// isAddress tells whether Elasticsearch takes text for an address.
func isAddress(text string) bool {
	addr, err := netip.ParseAddr(text)
	return err == nil && addr.Zone() == ""
}

// allOf returns a query that wants all clauses.
func allOf(clauses ...object) object { return object{"bool": object{"filter": clauses}} }
