package esclient

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
)

// dateFormat is that of range bounds, in Elasticsearch's words. It stands in each
// query, so that it does not matter which ones a mapping has.
const dateFormat = "yyyy-MM-dd HH:mm:ss"

// selected returns the query of a filter. All its clauses are filters: nothing is
// scored, and Elasticsearch may keep what they found.
func selected(f store.Filter) (query object, err error) {
	field, err := timeField(f.Time)
	if err != nil {
		return nil, err
	}
	clauses := []object{}
	if bounds := window(f.From, f.To); bounds != nil {
		clauses = append(clauses, object{"range": object{field: bounds}})
	}
	switch f.Domain {
	case store.Community:
		clauses = append(clauses, object{"term": object{"clientDomain": true}})
	case store.Private:
		clauses = append(clauses, object{"term": object{"clientDomain": false}})
	case store.Both:
	default:
		return nil, fmt.Errorf("unknown domain %d: allowed are Community, Private and Both", f.Domain)
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

// window returns the bounds of a range over seconds, from inclusive and to
// exclusive, or nil where both ends are open.
func window(from, to time.Time) object {
	bounds := object{}
	if !from.IsZero() {
		bounds["gte"] = boundText(from)
	}
	if !to.IsZero() {
		bounds["lt"] = boundText(to)
	}
	if len(bounds) == 0 {
		return nil
	}
	bounds["format"] = dateFormat
	return bounds
}

var (
	earliest = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	latest   = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
)

// boundText returns the first whole second that is not before t, within the
// years that the format can say.
func boundText(t time.Time) string {
	if t.Nanosecond() > 0 {
		t = t.Add(time.Second)
	}
	switch {
	case t.Before(earliest):
		t = earliest
	case t.After(latest):
		t = latest
	}
	return alert.At(t).String()
}
