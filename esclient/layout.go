package esclient

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"strconv"
)

// mappingsJSON has the fields of each index. Nothing but these is indexed,
// whatever a document holds; a text of more than 8191 characters, which
// Elasticsearch could not index, and a date or address that is none cost a
// document that field in searches, and are found in its _source.
//
//go:embed mappings.json
var mappingsJSON []byte

// templateVersion counts the versions of template and mappings.
const templateVersion = 1

// templatePriority is above that of Elasticsearch's own templates (100 to 200).
const templatePriority = 300

type object = map[string]any

// layout is how indices are to be.
type layout struct {
	template object // of alerts, as it is put
	// bodies are what the other indices are created with, by name.
	bodies map[string]object
}

func newLayout(m *Module) (*layout, error) {
	var fields map[string]object
	if err := json.Unmarshal(mappingsJSON, &fields); err != nil {
		return nil, fmt.Errorf("mappings.json: %w", err)
	}
	// Numbers are texts, as Elasticsearch gives them back: so the two can be compared.
	settings := func(shards int) object {
		index := object{
			"number_of_shards": strconv.Itoa(shards),
			"refresh_interval": "5s",
		}
		if m.Replicas == nil {
			index["auto_expand_replicas"] = "0-1"
		} else {
			index["number_of_replicas"] = strconv.Itoa(*m.Replicas)
		}
		return object{"index": index}
	}
	body := func(properties object, shards int) object {
		return object{
			"settings": settings(shards),
			"mappings": object{"dynamic": false, "properties": properties},
		}
	}
	cve := maps.Clone(fields["alerts"])
	delete(cve, "rawhttp")
	return &layout{
		template: object{
			"index_patterns": []any{m.Index.Alerts + "-*"},
			"priority":       float64(templatePriority),
			"version":        float64(templateVersion),
			"template":       body(fields["alerts"], m.Shards),
		},
		bodies: map[string]object{
			m.Index.Users:      body(fields["users"], 1),
			m.Index.CVEs:       body(cve, 1),
			m.Index.Payloads:   body(fields["payloads"], 1),
			m.Index.Statistics: body(fields["statistics"], 1),
			m.Index.Sensors:    body(fields["sensors"], 1),
		},
	}, nil
}
