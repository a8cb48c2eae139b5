package esclient

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/peba-edge/peba/store"
)

// check is a look at one part: what was found, and what to do if that is not
// good. An error is a finding too.
type check struct {
	part string
	look func(ctx context.Context) (text, advice string, err error)
	// advice is for when looking failed.
	advice string
}

// Check implements store.Checker.
func (s *esStore) Check(ctx context.Context) []store.Finding {
	if err := s.enter(); err != nil {
		return []store.Finding{{Part: "store", Text: err.Error(), Advice: "Ask the configuration that runs now."}}
	}
	defer s.mu.RUnlock()
	const privileges = "Grant the user or API key of this store the cluster privileges monitor and manage_index_templates, and all on its indices."
	checks := []check{
		{"connection", s.checkVersion, "See that Elasticsearch runs and that the URLs, ca and client_certificate of this store are right."},
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
			if isStatus(err, http.StatusUnauthorized) {
				advice = "The user, password or api_key of this store is wrong: set it right."
			}
		}
		findings = append(findings, store.Finding{Part: c.part, OK: advice == "", Text: text, Advice: advice})
		if i == 0 && err != nil { // the others would say the same
			break
		}
	}
	return findings
}

// quickTimeout is how long a cluster may take to say that it is there.
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
	if err := s.client.do(ctx, http.MethodGet, "/", nil, &info); err != nil {
		if ctx.Err() != nil {
			err = fmt.Errorf("no answer within %v: %w", quickTimeout, err)
		}
		return "", "", err
	}
	if !strings.HasPrefix(info.Version.Number, "7.17.") {
		advice = "Use Elasticsearch 7.17: nothing else is tested."
	}
	return fmt.Sprintf("cluster %q answers, version %s", info.Name, info.Version.Number), advice, nil
}

// health is what is read of the cluster's health.
type health struct {
	Status     string `json:"status"`
	Nodes      int    `json:"number_of_nodes"`
	Unassigned int    `json:"unassigned_shards"`
}

// health asks for the state of the indices of alerts.
func (s *esStore) health(ctx context.Context) (h health, err error) {
	err = s.client.do(ctx, http.MethodGet, "/_cluster/health/"+s.names.Alerts+"-*?expand_wildcards=open", nil, &h)
	return h, err
}

func (s *esStore) checkHealth(ctx context.Context) (text, advice string, err error) {
	h, err := s.health(ctx)
	if err != nil {
		return "", "", err
	}
	switch h.Status {
	case "yellow":
		if h.Unassigned == 0 { // a new index, or a node that has just come back
			return fmt.Sprintf("yellow, %d nodes, copies of shards are being made", h.Nodes), "", nil
		}
		advice = "Copies of shards have no node: start the nodes that are missing, or set fewer replicas. Nothing is lost yet."
	case "red":
		advice = "Alerts cannot be reached: start the nodes that are missing; GET /_cluster/allocation/explain tells why a shard has no node. What sensors send waits in the spool."
	}
	return fmt.Sprintf("%s, %d nodes, %d shards without a node", h.Status, h.Nodes, h.Unassigned), advice, nil
}

func (s *esStore) checkAlias(ctx context.Context) (text, advice string, err error) {
	held, err := s.aliasHolders(ctx)
	if err != nil {
		return "", "", err
	}
	today := s.names.day(s.now())
	if len(held) != 1 || held[0] != today {
		return fmt.Sprintf("the alias %s stands for %q, not for %s alone", s.names.WriteAlias, held, today),
			"PEBA moves it within a minute; if not, its log says why: an index may have the alias's name.", nil
	}
	return fmt.Sprintf("the alias %s stands for %s", s.names.WriteAlias, today), "", nil
}

// checkBlocks looks for indices that take nothing.
func (s *esStore) checkBlocks(ctx context.Context) (text, advice string, err error) {
	var found map[string]struct {
		Settings map[string]any `json:"settings"`
	}
	all := []string{s.names.read(), s.names.Users, s.names.CVEs, s.names.Payloads, s.names.Statistics, s.names.Sensors}
	err = s.client.do(ctx, http.MethodGet, "/"+strings.Join(all, ",")+"/_settings/index.blocks.*?flat_settings=true&ignore_unavailable=true", nil, &found)
	if err != nil {
		return "", "", err
	}
	var blocked []string
	for index, has := range found {
		for name, v := range has.Settings {
			if isTrue(v) {
				blocked = append(blocked, index+" "+strings.TrimPrefix(name, "index.blocks."))
			}
		}
	}
	if len(blocked) > 0 {
		slices.Sort(blocked)
		return "blocked are " + strings.Join(blocked, ", "),
			"read_only_allow_delete comes from a full disk: make room, and it goes by itself. Others go with PUT /INDEX/_settings {\"index.blocks.NAME\": null}.", nil
	}
	return "no index is blocked", "", nil
}

func (s *esStore) checkClocksFinding(ctx context.Context) (text, advice string, err error) {
	clocks, err := s.clocks(ctx)
	if err != nil {
		return "", "", err
	}
	worst := clocks[0]
	text = fmt.Sprintf("this edge's clock and that of node %q differ by %v at most", worst.name, worst.difference)
	if worst.difference > maxClockDifference {
		advice = fmt.Sprintf("Set both by NTP: while they differ by more than %v nothing is retired.", maxClockDifference)
	}
	return text, advice, nil
}

var _ store.Checker = (*esStore)(nil)
