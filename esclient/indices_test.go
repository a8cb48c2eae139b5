package esclient

import (
	"net/http"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/peba-edge/peba/store"
)

// mapping returns an index's mapping.
func mapping(tb testing.TB, s *esStore, index string) object {
	tb.Helper()
	var found map[string]object
	must(tb, s.client.do(tb.Context(), http.MethodGet, "/"+index+"/_mapping", nil, &found))
	return found[index]["mappings"].(object)
}

func TestLayout(t *testing.T) {
	s := openTest(t, store.Options{})
	ctx := t.Context()
	today := s.names.day(time.Now())
	wanted := s.layout.alerts["mappings"]
	if got := mapping(t, s, today); got["dynamic"] != "false" || !reflect.DeepEqual(got["properties"], wanted.(object)["properties"]) {
		t.Errorf("today's index has the mapping %v, want %v", got, wanted)
	}
	if got := mapping(t, s, s.names.CVEs)["properties"].(object); got["rawhttp"] != nil || got["vulnid"] == nil {
		t.Errorf("the index of CVEs has the mapping %v", got)
	}

	t.Run("a changed template is repaired", func(t *testing.T) {
		changed := object{"index_patterns": s.layout.templates[templateOfAlerts(s.names)]["index_patterns"], "priority": templatePriority, "version": templateVersion}
		must(t, s.client.do(ctx, http.MethodPut, "/_index_template/"+templateOfAlerts(s.names), changed, nil))
		must(t, s.layOut(ctx))
		installed, err := s.installedTemplate(ctx, templateOfAlerts(s.names))
		must(t, err)
		if !isTemplate(installed, s.layout.templates[templateOfAlerts(s.names)]) {
			t.Errorf("the template is %v", installed)
		}
	})
	t.Run("a later version stays", func(t *testing.T) {
		later := object{"index_patterns": s.layout.templates[templateOfAlerts(s.names)]["index_patterns"], "priority": templatePriority, "version": templateVersion + 1}
		must(t, s.client.do(ctx, http.MethodPut, "/_index_template/"+templateOfAlerts(s.names), later, nil))
		must(t, s.layOut(ctx))
		installed, err := s.installedTemplate(ctx, templateOfAlerts(s.names))
		must(t, err)
		if installed["version"] != float64(templateVersion+1) {
			t.Errorf("the template is %v", installed)
		}
	})
	t.Run("the alias is moved from day to day, and from where else it is", func(t *testing.T) {
		stray := s.names.Alerts + "-2018.04.24-1"
		must(t, s.client.do(ctx, http.MethodPut, "/"+stray, nil, nil))
		must(t, s.client.do(ctx, http.MethodPut, "/"+stray+"/_alias/"+s.names.WriteAlias, nil, nil))
		for _, day := range []time.Time{time.Now(), time.Now().Add(24 * time.Hour)} {
			var edges sync.WaitGroup
			for range 4 { // at once
				edges.Go(func() {
					if err := s.ensureAlias(ctx, day); err != nil {
						t.Error(err)
					}
				})
			}
			edges.Wait()
			if held, err := s.aliasHolders(ctx); err != nil || !reflect.DeepEqual(held, []string{s.names.day(day)}) {
				t.Errorf("the alias stands for %v, %v, want %s", held, err, s.names.day(day))
			}
		}
		// Who writes by the alias, as the Python service did, writes into that index.
		must(t, s.client.do(ctx, http.MethodPost, "/"+s.names.WriteAlias+"/_doc", object{}, nil))
	})
	t.Run("an index that is there stays as it is", func(t *testing.T) {
		must(t, s.client.do(ctx, http.MethodDelete, "/"+s.names.Users, nil, nil))
		must(t, s.client.do(ctx, http.MethodPut, "/"+s.names.Users, nil, nil))
		must(t, s.layOut(ctx))
		if got := mapping(t, s, s.names.Users); len(got) != 0 {
			t.Errorf("the mapping of users has become %v", got)
		}
	})
}

func TestReplicas(t *testing.T) {
	m := newModule(t, server(t).URL())
	none := 0
	m.Replicas = &none
	m.Shards = 2
	s := openModule(t, m, store.Options{})
	var found map[string]struct{ Settings map[string]any }
	must(t, s.client.do(t.Context(), http.MethodGet, "/"+m.Index.day(time.Now())+","+m.Index.Users+"/_settings?flat_settings=true", nil, &found))
	for index, shards := range map[string]string{m.Index.day(time.Now()): "2", m.Index.Users: "1"} {
		got := found[index].Settings
		if got["index.number_of_shards"] != shards || got["index.number_of_replicas"] != "0" || got["index.auto_expand_replicas"] != nil {
			t.Errorf("%s has the settings %v", index, got)
		}
	}
	must(t, s.layOut(t.Context()))
	installed, err := s.installedTemplate(t.Context(), templateOfAlerts(s.names))
	must(t, err)
	if !isTemplate(installed, s.layout.templates[templateOfAlerts(s.names)]) {
		t.Errorf("the template %v counts as changed", installed)
	}
}
