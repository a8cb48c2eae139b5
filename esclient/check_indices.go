package esclient

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// checkTemplates looks whether ours are installed, and win for a new day.
func (s *esStore) checkTemplates(ctx context.Context) (text, advice string, err error) {
	names := slices.Sorted(maps.Keys(s.layout.templates))
	for _, name := range names {
		installed, err := s.installedTemplate(ctx, name)
		switch {
		case err != nil:
			return "", "", err
		case !isTemplate(installed, s.layout.templates[name]):
			return fmt.Sprintf("the index template %s is missing or changed", name),
				"PEBA repairs it within a minute; if not, its log says why.", nil
		}
	}
	winner, err := s.winningTemplate(ctx)
	if err != nil {
		return "", "", err
	}
	if winner != "" {
		return fmt.Sprintf("the index templates are installed, but %s has a higher priority", winner),
			fmt.Sprintf("PEBA creates its indices with their own mappings, but does not keep others from creating them without: give that template a priority below %d.", templatePriority), nil
	}
	return "the index templates are installed: " + strings.Join(names, ", "), "", nil
}

// winningTemplate returns the template of somebody else that new indices of alerts
// are created by, empty if that is ours.
func (s *esStore) winningTemplate(ctx context.Context) (string, error) {
	var found struct {
		Templates []struct {
			Name     string `json:"name"`
			Template struct {
				Patterns []string `json:"index_patterns"`
				Priority int64    `json:"priority"`
			} `json:"index_template"`
		} `json:"index_templates"`
	}
	if err := s.client.do(ctx, http.MethodGet, "/_index_template", nil, &found); err != nil {
		return "", err
	}
	tomorrow := s.names.day(s.now().Add(24 * time.Hour))
	winner, priority := "", int64(templatePriority)
	for _, t := range found.Templates {
		if t.Name == templateOfAlerts(s.names) || t.Template.Priority <= priority {
			continue
		}
		matches := func(pattern string) bool { return matchesIndex(pattern, tomorrow) }
		if slices.ContainsFunc(t.Template.Patterns, matches) {
			winner, priority = t.Name, t.Template.Priority
		}
	}
	return winner, nil
}

// matchesIndex tells whether a pattern, in which * stands for any text, matches.
func matchesIndex(pattern, index string) bool {
	first, rest, any := strings.Cut(pattern, "*")
	index, ok := strings.CutPrefix(index, first)
	if !ok || !any {
		return ok && index == ""
	}
	for i := range len(index) + 1 {
		if matchesIndex(rest, index[i:]) {
			return true
		}
	}
	return false
}

// checkIndices looks for indices whose fields have types that questions cannot be
// answered with, also those without documents: they will have some.
func (s *esStore) checkIndices(ctx context.Context) (text, advice string, err error) {
	view, err := s.schema.load(ctx, "")
	if err != nil {
		return "", "", err
	}
	faults := view.faults(s.layout)
	if len(faults) == 0 {
		return fmt.Sprintf("%d indices have the fields that questions need", len(view.indices)), "", nil
	}
	var wrong []string
	for _, f := range faults {
		wrong = append(wrong, fmt.Sprintf("%s in %s is %s, not %s", f.field, f.index, f.got, f.want))
	}
	const show = 5
	text = fmt.Sprintf("%d fields have a type that questions cannot be answered with: %s", len(wrong), strings.Join(wrong[:min(show, len(wrong))], "; "))
	return text, s.remedy(faults[0].index), nil
}

// remedy returns how to repair an index. Its documents are moved to a spare index,
// which keeps questions from being answered while they are there, and back into
// one that is created with our mapping: so that no alert is lost, none is there
// twice, and none is counted or missed meanwhile, though edges go on writing.
func (s *esStore) remedy(index string) string {
	spare, mappings := s.names.Alerts+"-spare-"+index, `{"mappings":{"dynamic":false,"properties":{"recievedTime":{"type":"keyword"}}}}`
	why := "while it has documents, questions get 503 instead of wrong counts"
	create := fmt.Sprintf("with the object \"template\" in the answer to GET /_index_template/%s as its body", templateOfAlerts(s.names))
	if _, fixed := s.layout.bodies[index]; fixed {
		spare, mappings, why = "spare-"+index, `{"mappings":{"dynamic":false}}`, "it only keeps the documents"
		create = "by waiting a minute, until PEBA has done so"
	}
	steps := []string{
		fmt.Sprintf("PUT /%s/_block/write and POST /%s/_refresh, so that edges queue what they have for it", index, index),
		fmt.Sprintf("PUT /%s %s: %s", spare, mappings, why),
		fmt.Sprintf(`POST /_reindex?refresh {"source":{"index":%q},"dest":{"index":%q}}; go on only if "failures" is empty and "created" is the number that GET /%s/_count shows`, index, spare, index),
		fmt.Sprintf("DELETE /%s", index),
		fmt.Sprintf("create %s again, if it does not exist yet, %s", index, create),
		fmt.Sprintf(`POST /_reindex?refresh {"conflicts":"proceed","source":{"index":%q},"dest":{"index":%q,"op_type":"create"}}; go on only if "failures" is empty and "created" and "version_conflicts" add up to "total"`, spare, index),
		fmt.Sprintf("DELETE /%s", spare),
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Repair %s so:", index)
	for i, step := range steps {
		fmt.Fprintf(&b, " (%d) %s;", i+1, step)
	}
	return strings.TrimSuffix(b.String(), ";") + ". docs/ELASTICSEARCH.md has the commands."
}

// checkShards compares the number of shards with how many the cluster takes: at
// the limit no index is made for a new day.
func (s *esStore) checkShards(ctx context.Context) (text, advice string, err error) {
	var h struct {
		Active       int `json:"active_shards"`
		Initializing int `json:"initializing_shards"`
		Unassigned   int `json:"unassigned_shards"`
		DataNodes    int `json:"number_of_data_nodes"`
	}
	// Elasticsearch counts open indices only.
	if err := s.client.do(ctx, http.MethodGet, "/_cluster/health?expand_wildcards=open,hidden", nil, &h); err != nil {
		return "", "", err
	}
	setting, err := s.setting(ctx, "cluster.max_shards_per_node")
	if err != nil {
		return "", "", err
	}
	perNode, err := strconv.Atoi(setting)
	if err != nil {
		return "", "", fmt.Errorf("cluster.max_shards_per_node of elasticsearch is %q: %w", setting, err)
	}
	const full = 0.9
	used, most, day := h.Active+h.Initializing+h.Unassigned, perNode*h.DataNodes, s.layout.shardsOfDay(h.DataNodes)
	if used+day > most {
		advice = "The index of tomorrow does not fit: its alerts stay queued in the spool until there is room, and then get 503. "
	}
	if advice != "" || float64(used) > full*float64(most) {
		advice += fmt.Sprintf("Add nodes, shorten retention, or raise cluster.max_shards_per_node. Sensors with wrong clocks may have created many days: delete indices %s-YYYY.MM.DD-1 of days that cannot be.", s.names.Alerts)
	}
	return fmt.Sprintf("the cluster has %d shards of at most %d, and a new day takes %d", used, most, day), advice, nil
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
