package esclient

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"time"

	"go.uber.org/zap"
)

const (
	// layoutEvery is how often template, indices and alias are looked at, and
	// layoutRetry how soon again after that has failed.
	layoutEvery = time.Minute
	layoutRetry = 5 * time.Second
)

// kindExists is how Elasticsearch says that an index is there already.
const kindExists = "resource_already_exists_exception"

// keepLayout keeps template, indices and alias as they are to be until ctx ends.
// It looks after them first when wait is over.
func (s *esStore) keepLayout(ctx context.Context, wait time.Duration) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		wait = layoutEvery
		if err := s.settleIndices(ctx); err != nil && ctx.Err() == nil {
			wait = layoutRetry
			s.logger.Warn("cannot look after the indices in Elasticsearch", zap.Error(err), zap.Duration("again_in", wait))
		}
	}
}

// settleIndices creates and repairs what is missing or wrong, and looks at what is there.
func (s *esStore) settleIndices(ctx context.Context) error {
	s.out.lookAside()
	err := errors.Join(s.layOut(ctx), s.look(ctx))
	s.troubles.Store(&troubles{layout: err, clocks: s.checkClocks(ctx)})
	return err
}

// look looks which indices there are, and whether they can be searched.
func (s *esStore) look(ctx context.Context) error {
	now := s.now()
	names, err := s.schema.look(ctx, now)
	if err != nil {
		return err
	}
	s.out.days.learn(s.names, names, now)
	s.out.learn(s, names)
	return nil
}

// layOut creates and repairs what is missing or wrong. Several edges may do so at once.
func (s *esStore) layOut(ctx context.Context) error {
	if err := s.ensureTemplates(ctx); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(s.layout.bodies)) {
		if err := s.ensureIndex(ctx, name); err != nil {
			return err
		}
	}
	s.laidOut.Do(func() { close(s.ready) })
	return s.ensureAlias(ctx, time.Now())
}

// ensureTemplates puts the templates that are missing or changed.
func (s *esStore) ensureTemplates(ctx context.Context) error {
	for _, name := range slices.Sorted(maps.Keys(s.layout.templates)) {
		installed, err := s.installedTemplate(ctx, name)
		if err != nil {
			return err
		}
		want := s.layout.templates[name]
		if isTemplate(installed, want) {
			continue
		}
		if installed != nil {
			s.logger.Info("reinstalling an index template in Elasticsearch that was changed", zap.String("template", name))
		}
		if err := s.client.do(ctx, http.MethodPut, "/_index_template/"+name, want, nil); err != nil {
			return fmt.Errorf("installing the index template %s: %w", name, err)
		}
	}
	return nil
}

// installedTemplate returns the template of that name that the cluster has, or nil.
func (s *esStore) installedTemplate(ctx context.Context, name string) (object, error) {
	var found struct {
		Templates []struct {
			Template object `json:"index_template"`
		} `json:"index_templates"`
	}
	err := s.client.do(ctx, http.MethodGet, "/_index_template/"+name, nil, &found)
	if isStatus(err, http.StatusNotFound) {
		return nil, nil
	}
	if err != nil || len(found.Templates) == 0 {
		return nil, err
	}
	return found.Templates[0].Template, nil
}

// isTemplate tells whether the installed template is ours, or a later version's,
// which an older edge must not undo.
func isTemplate(installed, want object) bool {
	if installed == nil {
		return false
	}
	if version, ok := installed["version"].(float64); ok && version > templateVersion {
		return true
	}
	for name, value := range want {
		if !reflect.DeepEqual(installed[name], value) {
			return false
		}
	}
	return true
}

// ensureIndex creates an index unless it exists, whatever its mapping.
func (s *esStore) ensureIndex(ctx context.Context, name string) error {
	err := s.client.do(ctx, http.MethodHead, "/"+name, nil, nil)
	if !isStatus(err, http.StatusNotFound) {
		return err
	}
	err = s.client.do(ctx, http.MethodPut, "/"+name, s.layout.body(name), nil)
	if isKind(err, kindExists) { // another edge was faster
		return nil
	}
	return err
}

// ensureAlias has the write alias stand for the index of now's day and nothing else.
func (s *esStore) ensureAlias(ctx context.Context, now time.Time) error {
	today := s.names.day(now)
	held, err := s.aliasHolders(ctx)
	if err != nil || len(held) == 1 && held[0] == today {
		return err
	}
	if err := s.checkClocks(ctx); err != nil {
		return fmt.Errorf("moving the alias %s: %w", s.names.WriteAlias, err)
	}
	if err := s.ensureIndex(ctx, today); err != nil {
		return err
	}
	type action map[string]object
	actions := []action{{"add": {"index": today, "alias": s.names.WriteAlias, "is_write_index": true}}}
	for _, index := range held {
		if index != today {
			actions = append(actions, action{"remove": {"index": index, "alias": s.names.WriteAlias}})
		}
	}
	err = s.client.do(ctx, http.MethodPost, "/_aliases", object{"actions": actions}, nil)
	if err == nil {
		return nil
	}
	// Another edge may have moved it meanwhile, from the same index to the same.
	if held, again := s.aliasHolders(ctx); again == nil && len(held) == 1 && held[0] == today {
		return nil
	}
	return err
}

// aliasHolders returns the indices that the write alias stands for.
func (s *esStore) aliasHolders(ctx context.Context) ([]string, error) {
	var found map[string]any
	err := s.client.do(ctx, http.MethodGet, "/_alias/"+s.names.WriteAlias, nil, &found)
	if isStatus(err, http.StatusNotFound) {
		return nil, nil
	}
	return slices.Sorted(maps.Keys(found)), err
}

// maxClockDifference is how far the clocks of this edge and a node may differ
// before nothing is deleted any more.
const maxClockDifference = 5 * time.Minute

// nodeClock is what a node's clock showed, and this edge's at the same moment.
type nodeClock struct {
	name       string
	theirs     time.Time
	difference time.Duration
}

// clocks asks all nodes for the time.
func (s *esStore) clocks(ctx context.Context) ([]nodeClock, error) {
	var stats struct {
		Nodes map[string]struct {
			Name      string `json:"name"`
			Timestamp int64  `json:"timestamp"`
		} `json:"nodes"`
	}
	before := s.now()
	err := s.client.do(ctx, http.MethodGet, "/_nodes/stats/os?filter_path=nodes.*.name,nodes.*.timestamp", nil, &stats)
	if err != nil {
		return nil, err
	}
	if len(stats.Nodes) == 0 {
		return nil, errors.New("elasticsearch: no node tells the time")
	}
	after := s.now()
	var clocks []nodeClock
	for _, n := range stats.Nodes {
		c := nodeClock{name: n.Name, theirs: time.UnixMilli(n.Timestamp).UTC()}
		switch { // the node looked at its clock in between
		case c.theirs.Before(before):
			c.difference = before.Sub(c.theirs)
		case c.theirs.After(after):
			c.difference = c.theirs.Sub(after)
		}
		clocks = append(clocks, c)
	}
	slices.SortFunc(clocks, func(a, b nodeClock) int { return int(b.difference - a.difference) })
	return clocks, nil
}

// checkClocks returns an error if this edge's clock or a node's is wrong.
func (s *esStore) checkClocks(ctx context.Context) error {
	clocks, err := s.clocks(ctx)
	if err != nil {
		return fmt.Errorf("comparing clocks: %w", err)
	}
	if c := clocks[0]; c.difference > maxClockDifference {
		return fmt.Errorf("this edge's clock shows %s and that of Elasticsearch node %q %s: allowed is a difference of up to %v",
			s.now().UTC().Format(time.RFC3339), c.name, c.theirs.Format(time.RFC3339), maxClockDifference)
	}
	return nil
}
