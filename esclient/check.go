package esclient

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/peba-edge/peba/esclient/cluster"
	"github.com/peba-edge/peba/esclient/index"
	"github.com/peba-edge/peba/esclient/search/hits"
	"github.com/peba-edge/peba/store"
)

// check is the check of one part: its state, and advice if that is not OK. An
// error is a finding too.
type check struct {
	part string
	look func(ctx context.Context) (text, advice string, err error)
	// advice is for a failed check.
	advice string
}

// Check implements store.Checker.
func (s *esStore) Check(ctx context.Context) []store.Finding {
	if err := s.enter(); err != nil {
		return []store.Finding{{Part: "store", Text: err.Error(), Advice: "Run the check again."}}
	}
	defer s.mu.RUnlock()
	const privileges = "Grant the user or API key of this store the cluster privileges monitor and manage_index_templates, and all on its indices."
	checks := []check{
		{"connection", s.checkVersion, "Make sure that Elasticsearch runs and that the URLs, ca and client_certificate of this store are correct."},
		{"cluster", s.checkHealth, privileges},
		{"template", s.checkTemplates, privileges},
		{"indices", s.checkIndices, privileges},
		{"alias", s.checkAlias, privileges},
		{"blocks", s.checkBlocks, privileges},
		{"clocks", s.checkClocksFinding, privileges},
		{"disk", s.checkDisk, privileges},
		{"shards", s.checkShards, privileges},
	}
	findings := s.out.check(ctx)
	for i, c := range checks {
		text, advice, err := c.look(ctx)
		if err != nil {
			text, advice = err.Error(), c.advice
			if cluster.IsStatus(err, http.StatusUnauthorized) {
				advice = "The user, password or api_key of this store is wrong: correct it."
			}
		}
		findings = append(findings, store.Finding{Part: c.part, OK: advice == "", Text: text, Advice: advice})
		if i == 0 && err != nil { // the others would say the same
			break
		}
	}
	return findings
}

// quickTimeout limits how long a cluster may take for a sign of life.
const quickTimeout = 5 * time.Second

func (s *esStore) checkVersion(ctx context.Context) (text, advice string, err error) {
	ctx, cancel := context.WithTimeout(ctx, quickTimeout)
	defer cancel()
	var info struct {
		Name    string `json:"cluster_name"`
		Version struct {
			Number string `json:"number"`
		} `json:"version"`
	}
	if err := s.client.Do(ctx, http.MethodGet, "/", nil, &info); err != nil {
		if ctx.Err() != nil {
			err = fmt.Errorf("no answer within %v: %w", quickTimeout, err)
		}
		return "", "", err
	}
	if !strings.HasPrefix(info.Version.Number, "7.17.") {
		advice = "Use Elasticsearch 7.17: other versions are not tested."
	}
	return fmt.Sprintf("cluster %q answers, version %s", info.Name, info.Version.Number), advice, nil
}

// health is the part of the cluster's health that is used.
type health struct {
	Status     string `json:"status"`
	Nodes      int    `json:"number_of_nodes"`
	Unassigned int    `json:"unassigned_shards"`
}

// health requests the state of the indices of alerts.
func (s *esStore) health(ctx context.Context) (h health, err error) {
	err = s.client.Do(ctx, http.MethodGet, "/_cluster/health/"+s.names.Alerts+"-*?expand_wildcards=open", nil, &h)
	return h, err
}

func (s *esStore) checkHealth(ctx context.Context) (text, advice string, err error) {
	h, err := s.health(ctx)
	if err != nil {
		return "", "", err
	}
	switch h.Status {
	case "yellow":
		if h.Unassigned == 0 { // a new index, or a node that just returned
			return fmt.Sprintf("yellow, %d nodes, replicas are being created", h.Nodes), "", nil
		}
		advice = "Some replicas have no node: start the missing nodes, or configure fewer replicas. Nothing is lost yet."
	case "red":
		advice = "Alerts are unavailable: start the missing nodes; GET /_cluster/allocation/explain says why a shard has no node. New alerts are queued in the spool."
	}
	return fmt.Sprintf("%s, %d nodes, %d shards without a node", h.Status, h.Nodes, h.Unassigned), advice, nil
}

func (s *esStore) checkAlias(ctx context.Context) (text, advice string, err error) {
	held, err := s.indices.AliasHolders(ctx)
	if err != nil {
		return "", "", err
	}
	today := s.names.Day(s.now())
	if len(held) != 1 || held[0] != today {
		return fmt.Sprintf("the alias %s points to %q, expected only %s", s.names.WriteAlias, held, today),
			"PEBA fixes it within a minute; if not, its log says why: an index may have the alias's name.", nil
	}
	return fmt.Sprintf("the alias %s points to %s", s.names.WriteAlias, today), "", nil
}

// checkBlocks looks for indices that block writes.
func (s *esStore) checkBlocks(ctx context.Context) (text, advice string, err error) {
	var found map[string]struct {
		Settings map[string]any `json:"settings"`
	}
	all := []string{s.names.Read(), s.names.Users, s.names.CVEs, s.names.Payloads, s.names.Statistics, s.names.Sensors, s.names.Feeds}
	err = s.client.Do(ctx, http.MethodGet, "/"+strings.Join(all, ",")+"/_settings/index.blocks.*?flat_settings=true&ignore_unavailable=true", nil, &found)
	if err != nil {
		return "", "", err
	}
	var blocked []string
	for index, has := range found {
		for name, v := range has.Settings {
			if hits.IsTrue(v) {
				blocked = append(blocked, index+" "+strings.TrimPrefix(name, "index.blocks."))
			}
		}
	}
	if len(blocked) > 0 {
		slices.Sort(blocked)
		return "blocked are " + strings.Join(blocked, ", "),
			"read_only_allow_delete comes from a full disk: free space, and Elasticsearch removes it. Remove others with PUT /INDEX/_settings {\"index.blocks.NAME\": null}.", nil
	}
	return "no index is blocked", "", nil
}

func (s *esStore) checkClocksFinding(ctx context.Context) (text, advice string, err error) {
	clocks, err := s.indices.Clocks(ctx)
	if err != nil {
		return "", "", err
	}
	worst := clocks[0]
	text = fmt.Sprintf("this edge's clock and that of node %q differ by at most %v", worst.Name, worst.Difference)
	if worst.Difference > index.MaxClockDifference {
		advice = fmt.Sprintf("Synchronize both with NTP: while they differ by more than %v no old alerts are deleted.", index.MaxClockDifference)
	}
	return text, advice, nil
}

var _ store.Checker = (*esStore)(nil)
