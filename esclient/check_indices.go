package esclient

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/peba-edge/peba/esclient/index"
)

// checkTemplates checks that our templates are installed and take precedence
// for a new day.
func (s *esStore) checkTemplates(ctx context.Context) (text, advice string, err error) {
	names := s.indices.Templates()
	for _, name := range names {
		installed, err := s.indices.HasTemplate(ctx, name)
		switch {
		case err != nil:
			return "", "", err
		case !installed:
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
			fmt.Sprintf("PEBA creates its indices with their own mappings, but other programs could create them without: give that template a priority below %d.", index.TemplatePriority), nil
	}
	return "the index templates are installed: " + strings.Join(names, ", "), "", nil
}

// winningTemplate returns the foreign template that applies to new indices of
// alerts, or "" if ours does.
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
	if err := s.client.Do(ctx, http.MethodGet, "/_index_template", nil, &found); err != nil {
		return "", err
	}
	tomorrow := s.names.Day(s.now().Add(24 * time.Hour))
	winner, priority := "", int64(index.TemplatePriority)
	for _, t := range found.Templates {
		if t.Name == s.indices.Templates()[0] || t.Template.Priority <= priority {
			continue
		}
		matches := func(pattern string) bool { return matchesIndex(pattern, tomorrow) }
		if slices.ContainsFunc(t.Template.Patterns, matches) {
			winner, priority = t.Name, t.Template.Priority
		}
	}
	return winner, nil
}

// matchesIndex reports whether a pattern with * as wildcard matches.
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

// checkIndices looks for indices whose fields have unusable types, including
// empty indices, which will get documents.
func (s *esStore) checkIndices(ctx context.Context) (text, advice string, err error) {
	faults, indices, err := s.indices.AllFaults(ctx)
	if err != nil {
		return "", "", err
	}
	if len(faults) == 0 {
		return fmt.Sprintf("%d indices have the fields that questions need", indices), "", nil
	}
	var wrong []string
	for _, f := range faults {
		wrong = append(wrong, fmt.Sprintf("%s in %s is %s, expected %s", f.Field, f.Index, f.Got, f.Want))
	}
	const show = 5
	text = fmt.Sprintf("%d fields have a type unusable for questions: %s", len(wrong), strings.Join(wrong[:min(show, len(wrong))], "; "))
	return text, s.remedy(faults[0].Index), nil
}

// remedy returns how to repair an index. Its documents are moved to a spare index,
// which blocks questions meanwhile, and back into one created with our mapping. No
// alert is lost or doubled, and no count is wrong meanwhile, although edges keep
// writing.
func (s *esStore) remedy(index string) string {
	spare, mappings := s.names.Alerts+"-spare-"+index, `{"mappings":{"dynamic":false,"properties":{"recievedTime":{"type":"keyword"}}}}`
	why := "while it has documents, questions get 503 instead of wrong counts"
	create := fmt.Sprintf("with the object \"template\" in the answer to GET /_index_template/%s as its body", s.indices.Templates()[0])
	if s.indices.IsFixed(index) {
		spare, mappings, why = "spare-"+index, `{"mappings":{"dynamic":false}}`, "it only keeps the documents"
		create = "by waiting a minute, until PEBA has done so"
	}
	steps := []string{
		fmt.Sprintf("PUT /%s/_block/write and POST /%s/_refresh, so that edges queue their alerts for it", index, index),
		fmt.Sprintf("PUT /%s %s: %s", spare, mappings, why),
		fmt.Sprintf(`POST /_reindex?refresh {"source":{"index":%q},"dest":{"index":%q}}; continue only if "failures" is empty and "created" is the number that GET /%s/_count shows`, index, spare, index),
		fmt.Sprintf("DELETE /%s", index),
		fmt.Sprintf("create %s again, if it does not exist yet, %s", index, create),
		fmt.Sprintf(`POST /_reindex?refresh {"conflicts":"proceed","source":{"index":%q},"dest":{"index":%q,"op_type":"create"}}; continue only if "failures" is empty and "created" and "version_conflicts" add up to "total"`, spare, index),
		fmt.Sprintf("DELETE /%s", spare),
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Repair %s as follows:", index)
	for i, step := range steps {
		fmt.Fprintf(&b, " (%d) %s;", i+1, step)
	}
	return strings.TrimSuffix(b.String(), ";") + ". docs/ELASTICSEARCH.md has the commands."
}

// checkShards compares the number of shards with the cluster's limit, at which
// no index can be created for a new day.
func (s *esStore) checkShards(ctx context.Context) (text, advice string, err error) {
	var h struct {
		Active       int `json:"active_shards"`
		Initializing int `json:"initializing_shards"`
		Unassigned   int `json:"unassigned_shards"`
		DataNodes    int `json:"number_of_data_nodes"`
	}
	// Elasticsearch counts open indices only.
	if err := s.client.Do(ctx, http.MethodGet, "/_cluster/health?expand_wildcards=open,hidden", nil, &h); err != nil {
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
	used, most, day := h.Active+h.Initializing+h.Unassigned, perNode*h.DataNodes, s.indices.ShardsOfDay(h.DataNodes)
	if used+day > most {
		advice = "Tomorrow's index does not fit: its alerts are queued in the spool until that is full, and then get 503. "
	}
	if advice != "" || float64(used) > full*float64(most) {
		advice += fmt.Sprintf("Add nodes, shorten retention, or raise cluster.max_shards_per_node. Sensors with wrong clocks may have created many days: delete indices %s-YYYY.MM.DD-1 of impossible days.", s.names.Alerts)
	}
	return fmt.Sprintf("the cluster has %d shards of at most %d, and a new day takes %d", used, most, day), advice, nil
}
