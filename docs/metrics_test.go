package docs_test

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/prometheus/client_golang/prometheus"
)

// metric is a row of docs/METRICS.md.
type metric struct{ kind, labels, help string }

// TestMetrics holds docs/METRICS.md to the metrics that the modules register.
func TestMetrics(t *testing.T) {
	var registry *prometheus.Registry
	caddy.RegisterModule(registryModule{&registry})
	setEnvironment(t)
	rows := make(map[string]metric)
	for _, m := range modules(t) {
		if examples[m.id] == "" {
			continue // TestModules demands an example of what can be configured
		}
		t.Run(string(m.id), func(t *testing.T) {
			collect(t, provisioned(t, adapt(t, m), &registry), rows)
		})
	}
	var b strings.Builder
	b.WriteString(generated("the registered metrics"))
	b.WriteString(`# Metrics

Caddy's directive ` + "`metrics`" + ` serves them for Prometheus, and so does ` + "`/metrics`" + ` of the [admin API](https://caddyserver.com/docs/api), beside
Caddy's own. Counters add up over reloads of the configuration. No label holds anything that a client can choose.

| name | type | labels | meaning |
|---|---|---|---|
`)
	for _, name := range sortedKeys(rows) {
		row := rows[name]
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", name, row.kind, row.labels, cell(row.help))
	}
	compare(t, "METRICS.md", b.String())
}

// metricText is the text of a prometheus.Desc, which has no other way to its parts.
var metricText = regexp.MustCompile(`^Desc\{fqName: ("[^"]*"), help: ("(?:[^"\\]|\\.)*"), .*variableLabels: \{([^}]*)\}\}$`)

// collect adds the metrics of ours in a registry.
func collect(t *testing.T, registry *prometheus.Registry, rows map[string]metric) {
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	kinds := make(map[string]string)
	for _, family := range families {
		kinds[family.GetName()] = strings.ToLower(family.GetType().String())
	}
	descriptions := make(chan *prometheus.Desc)
	go func() {
		registry.Describe(descriptions)
		close(descriptions)
	}()
	for d := range descriptions {
		parts := metricText.FindStringSubmatch(d.String())
		if parts == nil {
			t.Errorf("the metric %s cannot be read", d)
			continue
		}
		name, help := unquote(t, parts[1]), unquote(t, parts[2])
		if !strings.HasPrefix(name, "peba_") {
			continue
		}
		kind := kinds[name]
		if kind == "" && strings.HasSuffix(name, "_total") {
			kind = "counter" // one with labels has no value yet
		}
		if kind == "" && parts[3] != "" && strings.HasPrefix(name, "peba_feed_") {
			kind = "gauge" // these have no value before the first feed was computed
		}
		if kind == "" || help == "" {
			t.Errorf("the metric %s has no type or no help text: got type %q, help %q", name, kind, help)
		}
		rows[name] = metric{kind, strings.Join(labels(parts[3]), ", "), help}
	}
}

func labels(names string) []string {
	var quoted []string
	for _, name := range strings.FieldsFunc(names, func(r rune) bool { return r == ',' }) {
		quoted = append(quoted, "`"+name+"`")
	}
	return quoted
}

func unquote(t *testing.T, text string) string {
	t.Helper()
	plain, err := strconv.Unquote(text)
	if err != nil {
		t.Fatal(err)
	}
	return plain
}
