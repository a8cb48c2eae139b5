package esclient

import (
	"net/http"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/peba-edge/peba/esclient/index"
	"github.com/peba-edge/peba/store"
)

// mapping returns an index's mapping.
func mapping(tb testing.TB, s *esStore, index string) object {
	tb.Helper()
	var found map[string]object
	must(tb, s.client.Do(tb.Context(), http.MethodGet, "/"+index+"/_mapping", nil, &found))
	return found[index]["mappings"].(object)
}

func TestLayout(t *testing.T) {
	s := openTest(t, store.Options{})
	ctx := t.Context()
	today := s.names.Day(time.Now())
	wanted := s.indices.Body(today)["mappings"]
	if got := mapping(t, s, today); got["dynamic"] != "false" || !reflect.DeepEqual(got["properties"], wanted.(object)["properties"]) {
		t.Errorf("today's index has the mapping %v, want %v", got, wanted)
	}
	if got := mapping(t, s, s.names.CVEs)["properties"].(object); got["rawhttp"] != nil || got["vulnid"] == nil {
		t.Errorf("the index of CVEs has the mapping %v", got)
	}

	template := s.indices.Templates()[0]
	put := func(version int) {
		t.Helper()
		changed := object{"index_patterns": []string{s.names.Alerts + "-*"}, "priority": index.TemplatePriority, "version": version}
		must(t, s.client.Do(ctx, http.MethodPut, "/_index_template/"+template, changed, nil))
		must(t, s.layOut(ctx))
	}
	t.Run("a changed template is repaired", func(t *testing.T) {
		put(1)
		if ok, err := s.indices.HasTemplate(ctx, template); !ok || err != nil {
			t.Errorf("the template is right: %t, %v", ok, err)
		}
	})
	t.Run("a later version stays", func(t *testing.T) {
		put(1000)
		var found struct {
			Templates []struct {
				Template object `json:"index_template"`
			} `json:"index_templates"`
		}
		must(t, s.client.Do(ctx, http.MethodGet, "/_index_template/"+template, nil, &found))
		if got := found.Templates[0].Template; got["version"] != 1000.0 || got["template"] != nil {
			t.Errorf("the template is %v", got)
		}
	})
	t.Run("the alias is moved from day to day, and from where else it is", func(t *testing.T) {
		stray := s.names.Alerts + "-2018.04.24-1"
		must(t, s.client.Do(ctx, http.MethodPut, "/"+stray, nil, nil))
		must(t, s.client.Do(ctx, http.MethodPut, "/"+stray+"/_alias/"+s.names.WriteAlias, nil, nil))
		for _, day := range []time.Time{time.Now(), time.Now().Add(24 * time.Hour)} {
			var edges sync.WaitGroup
			for range 4 { // at once
				edges.Go(func() {
					if err := s.indices.EnsureAlias(ctx, day); err != nil {
						t.Error(err)
					}
				})
			}
			edges.Wait()
			if held, err := s.indices.AliasHolders(ctx); err != nil || !reflect.DeepEqual(held, []string{s.names.Day(day)}) {
				t.Errorf("the alias stands for %v, %v, want %s", held, err, s.names.Day(day))
			}
		}
		// Who writes by the alias, as the Python service did, writes into that index.
		must(t, s.client.Do(ctx, http.MethodPost, "/"+s.names.WriteAlias+"/_doc", object{}, nil))
	})
	t.Run("an index that is there stays as it is", func(t *testing.T) {
		must(t, s.client.Do(ctx, http.MethodDelete, "/"+s.names.Users, nil, nil))
		must(t, s.client.Do(ctx, http.MethodPut, "/"+s.names.Users, nil, nil))
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
	must(t, s.client.Do(t.Context(), http.MethodGet, "/"+m.Index.Day(time.Now())+","+m.Index.Users+"/_settings?flat_settings=true", nil, &found))
	for index, shards := range map[string]string{m.Index.Day(time.Now()): "2", m.Index.Users: "1"} {
		got := found[index].Settings
		if got["index.number_of_shards"] != shards || got["index.number_of_replicas"] != "0" || got["index.auto_expand_replicas"] != nil {
			t.Errorf("%s has the settings %v", index, got)
		}
	}
	must(t, s.layOut(t.Context()))
	if ok, err := s.indices.HasTemplate(t.Context(), s.indices.Templates()[0]); !ok || err != nil {
		t.Errorf("the template counts as right: %t, %v", ok, err)
	}
}
