package esclient

import (
	"slices"
	"strings"
)

// use is what a search uses a field for.
type use int8

const (
	// grouped is a field that documents are grouped by. Its values come back as
	// text; documents that lack it are read from their _source.
	grouped use = iota
	// exact is a field that is compared or sorted by, or divided into buckets of time.
	exact
)

// takes tells whether a field of another type than ours can be used in that way.
func (u use) takes(want, got string) bool {
	switch want {
	case "date":
		return got == "date_nanos"
	case "keyword":
		if got == "constant_keyword" || got == "wildcard" {
			return true
		}
	}
	numbers := []string{"byte", "short", "integer", "long", "unsigned_long"}
	return u == grouped && (got == unmapped || got == "keyword" || slices.Contains(numbers, got))
}

// neededOfAlerts are the fields of alerts that some question uses.
func neededOfAlerts() map[string]use {
	needed := make(map[string]use)
	for _, dim := range dimensions {
		needed[dim.field] = grouped
	}
	for _, field := range []string{"clientDomain", "createTime", "peerType", "recievedTime", "sourceEntryIp"} {
		needed[field] = exact
	}
	return needed
}

// fieldsOf returns the fields that a search uses, from its body. So no search can
// be written that is not verified.
func fieldsOf(body object) map[string]use {
	used := make(map[string]use)
	for name, part := range body {
		switch name {
		case "query":
			addQueried(used, part)
		case "sort":
			for _, by := range part.([]object) {
				addExact(used, by)
			}
		case "aggs":
			addAggregated(used, part.(object))
		}
	}
	return used
}

func addExact(used map[string]use, fields object) {
	for field := range fields {
		if !strings.HasPrefix(field, "_") { // _seq_no, _index
			used[field] = exact
		}
	}
}

// addQueried adds the fields of a query's range and term clauses.
func addQueried(used map[string]use, part any) {
	switch part := part.(type) {
	case []object:
		for _, clause := range part {
			addQueried(used, clause)
		}
	case object:
		for name, inner := range part {
			if name == "range" || name == "term" {
				addExact(used, inner.(object))
				continue
			}
			addQueried(used, inner)
		}
	}
}

// addAggregated adds the fields of aggregations.
func addAggregated(used map[string]use, part object) {
	for name, inner := range part {
		switch inner := inner.(type) {
		case []object:
			for _, source := range inner {
				addAggregated(used, source)
			}
		case object:
			field, ok := inner["field"].(string)
			switch {
			case !ok:
				addAggregated(used, inner)
			case name == "date_histogram":
				used[field] = exact
			default:
				used[field] = max(used[field], grouped)
			}
		}
	}
}
