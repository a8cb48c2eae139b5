package esclient

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
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
const templateVersion = 2

// templatePriority is above that of Elasticsearch's own templates (100 to 200) and
// of the catch-all templates that operators install (often 500): the template that
// wins decides whether a bulk request may create an index.
const templatePriority = 1000

type object = map[string]any

// layout is how indices are to be.
type layout struct {
	// templates are the index templates by name: that of alerts, and the one that
	// keeps bulk requests from creating any of the other indices.
	templates map[string]object
	// alerts is what an index of alerts is created with. Settings and mappings in
	// the body of a request win against every template.
	alerts object
	// bodies are what the other indices are created with, by name.
	bodies map[string]object
	// fields are the types of fields, by the expression that a search names indices with.
	fields map[string]map[string]string
	// needed are those that some question or the retention needs, and for what.
	needed map[string]map[string]use
}

// body returns what the index of that name is created with.
func (l *layout) body(index string) object {
	if body, ok := l.bodies[index]; ok {
		return body
	}
	return l.alerts
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
	l := &layout{
		alerts: body(fields["alerts"], m.Shards),
		bodies: map[string]object{
			m.Index.Users:      body(fields["users"], 1),
			m.Index.CVEs:       body(cve, 1),
			m.Index.Payloads:   body(fields["payloads"], 1),
			m.Index.Statistics: body(fields["statistics"], 1),
			m.Index.Sensors:    body(fields["sensors"], 1),
		},
		fields: map[string]map[string]string{
			m.Index.read():     types(fields["alerts"]),
			m.Index.Payloads:   types(fields["payloads"]),
			m.Index.Statistics: types(fields["statistics"]),
			m.Index.Sensors:    types(fields["sensors"]),
		},
	}
	l.needed = map[string]map[string]use{
		m.Index.read():     neededOfAlerts(),
		m.Index.Payloads:   {"hash": sought, "hashfuzzyhttp": grouped, "lastSeen": exact},
		m.Index.Statistics: {fieldFrom: exact},
		m.Index.Sensors:    {"community": exact, "key": exact, "updated": exact},
	}
	others := []any{}
	for _, name := range slices.Sorted(maps.Keys(l.bodies)) {
		others = append(others, name)
	}
	l.templates = map[string]object{
		templateOfAlerts(&m.Index): newTemplate(l.alerts, m.Index.Alerts+"-*"),
		templateOfOthers(&m.Index): newTemplate(nil, others...),
	}
	return l, nil
}

func templateOfAlerts(n *Indices) string { return "peba-" + n.Alerts }
func templateOfOthers(n *Indices) string { return "peba-" + n.Alerts + "-others" }

// newTemplate returns a template of indices that only a request of their own
// creates, never a document that is written into one that is missing.
func newTemplate(body object, patterns ...any) object {
	t := object{
		"index_patterns":    patterns,
		"priority":          float64(templatePriority),
		"version":           float64(templateVersion),
		"allow_auto_create": false,
	}
	if body != nil {
		t["template"] = body
	}
	return t
}

// types returns the types of mapped fields.
func types(properties object) map[string]string {
	all := make(map[string]string, len(properties))
	for name, field := range properties {
		all[name] = field.(object)["type"].(string)
	}
	return all
}
