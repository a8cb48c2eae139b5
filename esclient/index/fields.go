package index

import (
	"slices"
	"strings"

	"github.com/peba-edge/peba/esclient/cluster"
)

// use is what a search uses a field for.
type use int8

const (
	// grouped is a field that documents are grouped by. Its values come back as
	// text; documents that lack it are read from their _source.
	grouped use = iota
	// sought is a field that documents are looked for by, in itself and in the keyword
	// that Elasticsearch puts below a text when it maps a field by itself.
	sought
	// exact is a field that is compared or sorted by, or divided into buckets of time.
	exact
)

// takes tells whether a field of another type than ours can be used in that way.
func (u use) takes(want string, got fieldType) bool {
	switch want {
	case "date":
		return got.name == "date_nanos"
	case "keyword":
		if got.name == "constant_keyword" || got.name == "wildcard" || u == sought && got.keyword {
			return true
		}
	}
	numbers := []string{"byte", "short", "integer", "long", "unsigned_long"}
	return u == grouped && (got.name == unmapped || got.name == "keyword" || slices.Contains(numbers, got.name))
}

// neededOfAlerts are the fields of alerts that some question uses.
func neededOfAlerts() map[string]use {
	needed := make(map[string]use)
	for _, dim := range Dimensions {
		needed[dim.Field] = grouped
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

// LookFor is the query for documents that have a value in a field, however
// Elasticsearch mapped it.
func LookFor(field, value string) object {
	return object{"dis_max": object{"queries": []object{
		{"term": object{field: value}}, {"term": object{field + cluster.KeywordBelow: value}},
	}}}
}

// addQueried adds the fields of a query's range, term and prefix clauses, and of LookFor's.
func addQueried(used map[string]use, part any) {
	switch part := part.(type) {
	case []object:
		for _, clause := range part {
			addQueried(used, clause)
		}
	case object:
		for name, inner := range part {
			switch name {
			case "range", "term", "terms", "prefix":
				addExact(used, inner.(object))
			case "dis_max":
				addSought(used, inner)
			default:
				addQueried(used, inner)
			}
		}
	}
}

// addSought adds the field of LookFor's query.
func addSought(used map[string]use, part any) {
	both := make(map[string]use)
	addQueried(both, part)
	for name := range both {
		if field, ok := strings.CutSuffix(name, cluster.KeywordBelow); ok {
			used[field] = max(used[field], sought)
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
