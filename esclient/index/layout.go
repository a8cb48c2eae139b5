package index

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
const templateVersion = 3

// TemplatePriority is above that of Elasticsearch's own templates (100 to 200) and
// of the catch-all templates that operators install (often 500): the template that
// wins decides whether a bulk request may create an index.
const TemplatePriority = 1000

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

func newLayout(n *Names, shards int, replicas *int) (*layout, error) {
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
		if replicas == nil {
			index["auto_expand_replicas"] = "0-1"
		} else {
			index["number_of_replicas"] = strconv.Itoa(*replicas)
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
	delete(cve, "interaction")
	l := &layout{
		alerts: body(fields["alerts"], shards),
		bodies: map[string]object{
			n.Users:      body(fields["users"], 1),
			n.CVEs:       body(cve, 1),
			n.Payloads:   body(fields["payloads"], 1),
			n.Statistics: body(fields["statistics"], 1),
			n.Sensors:    body(fields["sensors"], 1),
			n.Feeds:      body(fields["feeds"], 1),
		},
		fields: map[string]map[string]string{
			n.Read():     types(fields["alerts"]),
			n.Payloads:   types(fields["payloads"]),
			n.Statistics: types(fields["statistics"]),
			n.Sensors:    types(fields["sensors"]),
			n.Feeds:      types(fields["feeds"]),
		},
	}
	l.needed = map[string]map[string]use{
		n.Read():     neededOfAlerts(),
		n.Payloads:   {"hash": sought, "hashfuzzyhttp": grouped, "lastSeen": exact},
		n.Statistics: {"UTCtimeFrom": exact},
		n.Sensors:    {"community": exact, "key": exact, "updated": exact},
		n.Feeds:      {"key": exact, "kind": exact},
	}
	others := []any{}
	for _, name := range slices.Sorted(maps.Keys(l.bodies)) {
		others = append(others, name)
	}
	l.templates = map[string]object{
		templateOfAlerts(n): newTemplate(l.alerts, n.Alerts+"-*"),
		templateOfOthers(n): newTemplate(nil, others...),
	}
	return l, nil
}

// templateOfAlerts is the name of the template of the indices of alerts.
func templateOfAlerts(n *Names) string { return "peba-" + n.Alerts }
func templateOfOthers(n *Names) string { return "peba-" + n.Alerts + "-others" }

// newTemplate returns a template of indices that only a request of their own
// creates, never a document that is written into one that is missing.
func newTemplate(body object, patterns ...any) object {
	t := object{
		"index_patterns":    patterns,
		"priority":          float64(TemplatePriority),
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

// shardsOfDay returns how many shards an index of alerts has, with their copies.
func (l *layout) shardsOfDay(dataNodes int) int {
	index := l.alerts["settings"].(object)["index"].(object)
	number := func(name string) int {
		text, _ := index[name].(string)
		n, _ := strconv.Atoi(text) // we have written it
		return n
	}
	copies := number("number_of_replicas")
	if index["auto_expand_replicas"] != nil && dataNodes > 1 {
		copies = 1
	}
	return number("number_of_shards") * (1 + copies)
}
