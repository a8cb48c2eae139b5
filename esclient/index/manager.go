// Package index manages the indices of a cluster: names, templates and mappings, searchable
// fields, and retention.
package index

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

	"github.com/peba-edge/peba/esclient/cluster"
)

// Manager creates, repairs and retires the indices of a cluster, and knows which of their
// fields can be searched.
type Manager struct {
	client *cluster.Client
	names  *Names
	layout *layout
	schema *schema
	logger *zap.Logger
	now    func() time.Time
}

// Options are how indices are to be.
type Options struct {
	// Shards of an index of alerts, at least one.
	Shards int
	// Replicas of each shard. Default: one where there are several nodes.
	Replicas *int
	// Logger gets what is repaired, dropped or wrong. Default: nothing is logged.
	Logger *zap.Logger
	// Now is this edge's clock. Default: time.Now.
	Now func() time.Time
}

// New returns a manager. It asks the cluster nothing.
func New(c *cluster.Client, n *Names, o Options) (*Manager, error) {
	if o.Logger == nil {
		o.Logger = zap.NewNop()
	}
	l, err := newLayout(n, o.Shards, o.Replicas)
	if err != nil {
		return nil, err
	}
	m := &Manager{client: c, names: n, layout: l, schema: newSchema(c, l, o.Logger), logger: o.Logger, now: o.Now}
	if m.now == nil {
		m.now = time.Now
	}
	return m, nil
}

// Body returns what the index of that name is created with.
func (m *Manager) Body(name string) map[string]any { return m.layout.body(name) }

// Templates returns the names of the index templates; the first is that of the indices
// of alerts.
func (m *Manager) Templates() []string { return slices.Sorted(maps.Keys(m.layout.templates)) }

// HasTemplate tells whether the cluster has the template of that name as it must be.
func (m *Manager) HasTemplate(ctx context.Context, name string) (bool, error) {
	installed, err := m.installedTemplate(ctx, name)
	return err == nil && isTemplate(installed, m.layout.templates[name]), err
}

// IsFixed tells whether there is always an index of that name, which is none of alerts.
func (m *Manager) IsFixed(name string) bool { return m.layout.bodies[name] != nil }

// ShardsOfDay returns how many shards an index of alerts has, with their copies.
func (m *Manager) ShardsOfDay(dataNodes int) int { return m.layout.shardsOfDay(dataNodes) }

// Verify returns a *Fault if a search of these indices, with that body, uses a field that
// an index which has documents has with another type.
func (m *Manager) Verify(ctx context.Context, indices string, body map[string]any) error {
	used := fieldsOf(body)
	if m.layout.fields[indices] == nil || len(used) == 0 {
		return nil
	}
	return m.schema.verify(ctx, indices, used)
}

// Look reads which indices are open, and logs those that cannot be searched. It returns
// the names of all.
func (m *Manager) Look(ctx context.Context) ([]string, error) { return m.schema.look(ctx, m.now()) }

// Faults returns the fields that questions cannot be answered with, as the last Look
// found them.
func (m *Manager) Faults() []Fault { return m.schema.known() }

// AllFaults looks for such fields now, also in indices without documents: they will have
// some. It returns how many indices there are.
func (m *Manager) AllFaults(ctx context.Context) (faults []Fault, indices int, err error) {
	view, err := m.schema.load(ctx, "")
	if err != nil {
		return nil, 0, err
	}
	return view.faults(m.layout), len(view.indices), nil
}

// LayOut creates and repairs the templates and the indices that are missing or wrong.
// Several edges may do so at once.
func (m *Manager) LayOut(ctx context.Context) error {
	if err := m.ensureTemplates(ctx); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(m.layout.bodies)) {
		if err := m.ensureIndex(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// ensureTemplates puts the templates that are missing or changed.
func (m *Manager) ensureTemplates(ctx context.Context) error {
	for _, name := range m.Templates() {
		installed, err := m.installedTemplate(ctx, name)
		if err != nil {
			return err
		}
		want := m.layout.templates[name]
		if isTemplate(installed, want) {
			continue
		}
		if installed != nil {
			m.logger.Info("reinstalling an index template in Elasticsearch that was changed", zap.String("template", name))
		}
		if err := m.client.Do(ctx, http.MethodPut, "/_index_template/"+name, want, nil); err != nil {
			return fmt.Errorf("installing the index template %s: %w", name, err)
		}
	}
	return nil
}

// installedTemplate returns the template of that name that the cluster has, or nil.
func (m *Manager) installedTemplate(ctx context.Context, name string) (object, error) {
	var found struct {
		Templates []struct {
			Template object `json:"index_template"`
		} `json:"index_templates"`
	}
	err := m.client.Do(ctx, http.MethodGet, "/_index_template/"+name, nil, &found)
	if cluster.IsStatus(err, http.StatusNotFound) {
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
func (m *Manager) ensureIndex(ctx context.Context, name string) error {
	err := m.client.Do(ctx, http.MethodHead, "/"+name, nil, nil)
	if !cluster.IsStatus(err, http.StatusNotFound) {
		return err
	}
	err = m.client.Do(ctx, http.MethodPut, "/"+name, m.layout.body(name), nil)
	if cluster.IsKind(err, cluster.KindExists) { // another edge was faster
		return nil
	}
	return err
}

// EnsureAlias has the write alias stand for the index of now's day and nothing else.
func (m *Manager) EnsureAlias(ctx context.Context, now time.Time) error {
	today := m.names.Day(now)
	held, err := m.AliasHolders(ctx)
	if err != nil || len(held) == 1 && held[0] == today {
		return err
	}
	if err := m.CheckClocks(ctx); err != nil {
		return fmt.Errorf("moving the alias %s: %w", m.names.WriteAlias, err)
	}
	if err := m.ensureIndex(ctx, today); err != nil {
		return err
	}
	type action map[string]object
	actions := []action{{"add": {"index": today, "alias": m.names.WriteAlias, "is_write_index": true}}}
	for _, index := range held {
		if index != today {
			actions = append(actions, action{"remove": {"index": index, "alias": m.names.WriteAlias}})
		}
	}
	err = m.client.Do(ctx, http.MethodPost, "/_aliases", object{"actions": actions}, nil)
	if err == nil {
		return nil
	}
	// Another edge may have moved it meanwhile, from the same index to the same.
	if held, again := m.AliasHolders(ctx); again == nil && len(held) == 1 && held[0] == today {
		return nil
	}
	return err
}

// AliasHolders returns the indices that the write alias stands for.
func (m *Manager) AliasHolders(ctx context.Context) ([]string, error) {
	var found map[string]any
	err := m.client.Do(ctx, http.MethodGet, "/_alias/"+m.names.WriteAlias, nil, &found)
	if cluster.IsStatus(err, http.StatusNotFound) {
		return nil, nil
	}
	return slices.Sorted(maps.Keys(found)), err
}

// MaxClockDifference is the maximum difference of this edge's and a node's
// clock; beyond it nothing is deleted.
const MaxClockDifference = 5 * time.Minute

// NodeClock is what a node's clock showed, and this edge's at the same moment.
type NodeClock struct {
	Name       string
	Theirs     time.Time
	Difference time.Duration
}

// Clocks asks all nodes for the time.
func (m *Manager) Clocks(ctx context.Context) ([]NodeClock, error) {
	var stats struct {
		Nodes map[string]struct {
			Name      string `json:"name"`
			Timestamp int64  `json:"timestamp"`
		} `json:"nodes"`
	}
	before := m.now()
	err := m.client.Do(ctx, http.MethodGet, "/_nodes/stats/os?filter_path=nodes.*.name,nodes.*.timestamp", nil, &stats)
	if err != nil {
		return nil, err
	}
	if len(stats.Nodes) == 0 {
		return nil, errors.New("elasticsearch: no node reports its time")
	}
	after := m.now()
	var clocks []NodeClock
	for _, n := range stats.Nodes {
		c := NodeClock{Name: n.Name, Theirs: time.UnixMilli(n.Timestamp).UTC()}
		switch { // the node looked at its clock in between
		case c.Theirs.Before(before):
			c.Difference = before.Sub(c.Theirs)
		case c.Theirs.After(after):
			c.Difference = c.Theirs.Sub(after)
		}
		clocks = append(clocks, c)
	}
	slices.SortFunc(clocks, func(a, b NodeClock) int { return int(b.Difference - a.Difference) })
	return clocks, nil
}

// CheckClocks returns an error if this edge's clock or a node's is wrong.
func (m *Manager) CheckClocks(ctx context.Context) error {
	clocks, err := m.Clocks(ctx)
	if err != nil {
		return fmt.Errorf("comparing clocks: %w", err)
	}
	if c := clocks[0]; c.Difference > MaxClockDifference {
		return fmt.Errorf("this edge's clock shows %s and that of Elasticsearch node %q %s: the maximum difference is %v",
			m.now().UTC().Format(time.RFC3339), c.Name, c.Theirs.Format(time.RFC3339), MaxClockDifference)
	}
	return nil
}
