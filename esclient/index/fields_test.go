package index

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"
)

// TestFieldsOf wants each field that a search compares or counts by.
func TestFieldsOf(t *testing.T) {
	filter := object{"bool": object{"filter": []object{
		{"range": object{"recievedTime": Window(time.Now(), time.Time{})}},
		{"term": object{"clientDomain": false}}, {"term": object{"sourceEntryIp": "192.0.2.1"}},
		{"terms": object{"peerType": []string{"x", "y"}}},
	}}}
	query := object{"bool": object{"should": []object{filter, LookFor("hash", "x")}}}
	body := object{
		"size": 0, "query": query,
		"sort": []object{{"createTime": object{"order": "desc"}}, {"_seq_no": "desc"}},
		"aggs": object{
			"keys":   object{"terms": object{"field": "country"}, "aggs": object{"times": object{"date_histogram": object{"field": "updated"}}}},
			"groups": object{"composite": object{"sources": []object{{"0": object{"terms": object{"field": "hostname"}}}}}},
		},
	}
	used := fieldsOf(body)
	var got []string
	for _, field := range slices.Sorted(maps.Keys(used)) {
		got = append(got, fmt.Sprint(field, " ", used[field]))
	}
	want := []string{"clientDomain 2", "country 0", "createTime 2", "hash 1", "hostname 0", "peerType 2", "recievedTime 2", "sourceEntryIp 2", "updated 2"}
	if !slices.Equal(got, want) {
		t.Errorf("fields are %q, want %q", got, want)
	}
}
