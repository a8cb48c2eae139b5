package esclient

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/peba-edge/peba/store"
)

// finding returns what Check says of one part.
func finding(t *testing.T, s *esStore, part string) store.Finding {
	t.Helper()
	for _, f := range s.Check(t.Context()) {
		if f.Part == part {
			return f
		}
	}
	t.Fatalf("nothing is said of %s", part)
	return store.Finding{}
}

func TestCheck(t *testing.T) {
	s := openTest(t, store.Options{})
	for _, f := range s.Check(t.Context()) {
		if !f.OK || f.Text == "" || f.Advice != "" {
			t.Errorf("of a good cluster it says %+v", f)
		}
	}
	do := func(method, path string, body any) {
		t.Helper()
		must(t, s.client.Do(t.Context(), method, path, body, nil))
	}
	bad := func(part, text string) {
		t.Helper()
		if f := finding(t, s, part); f.OK || f.Advice == "" || !strings.Contains(f.Text+f.Advice, text) {
			t.Errorf("it says %+v, want %q", f, text)
		}
	}
	do(http.MethodPut, "/"+s.names.Alerts+"-odd", object{"mappings": object{"properties": object{"peerType": object{"type": "text"}}}})
	bad("indices", "peerType in "+s.names.Alerts+"-odd is text, expected keyword")
	do(http.MethodPut, "/"+s.names.Alerts+"-odd/_settings", object{"index.blocks.read_only_allow_delete": true, "index.number_of_replicas": 3, "index.auto_expand_replicas": false})
	bad("blocks", s.names.Alerts+"-odd read_only_allow_delete")
	bad("cluster", "yellow")
	do(http.MethodDelete, "/_index_template/"+s.indices.Templates()[0], nil)
	bad("template", "missing or changed")
	do(http.MethodPut, "/"+s.names.Alerts+"-odd/_settings", object{"index.blocks.read_only_allow_delete": nil})
	do(http.MethodPut, "/"+s.names.Alerts+"-odd/_alias/"+s.names.WriteAlias, nil)
	bad("alias", s.names.Alerts+"-odd")
	limit := func(most any) {
		do(http.MethodPut, "/_cluster/settings", object{"persistent": object{"cluster.max_shards_per_node": most}})
	}
	limit(1)
	bad("shards", "at most 1")
	var h struct {
		Active     int `json:"active_shards"`
		Unassigned int `json:"unassigned_shards"`
	}
	must(t, s.client.Do(t.Context(), http.MethodGet, "/_cluster/health?expand_wildcards=open,hidden", nil, &h))
	limit(h.Active + h.Unassigned)
	bad("shards", "Tomorrow's index does not fit")
	err := s.client.Do(t.Context(), http.MethodPut, "/"+s.names.Day(time.Now().Add(24*time.Hour)), s.indices.Body(s.names.Day(at)), nil)
	if err == nil || !strings.Contains(err.Error(), "shards open") {
		t.Errorf("tomorrow's index: %v", err)
	}
	limit(nil)
	mark := func(low, high, flood any) {
		const name = "cluster.routing.allocation.disk.watermark."
		do(http.MethodPut, "/_cluster/settings", object{"persistent": object{name + "low": low, name + "high": high, name + "flood_stage": flood}})
	}
	mark("1%", "99%", "99%")
	bad("disk", "low disk watermark 1%")
	mark(nil, nil, nil)
	must(t, s.layOut(t.Context()))
	for _, part := range []string{"template", "alias", "blocks", "disk", "shards"} {
		if f := finding(t, s, part); !f.OK {
			t.Errorf("after the repair it says %+v", f)
		}
	}
}

func TestNeededFree(t *testing.T) {
	for mark, want := range map[string]uint64{"85%": 150, "0.9": 100, "1gb": 1 << 30, "500mb": 500 << 20, "10b": 10} {
		if got, err := neededFree(mark, 1000); err != nil || got > want+1 || got+1 < want {
			t.Errorf("%s of 1000 bytes: %d, %v, want %d", mark, got, err, want)
		}
	}
	if _, err := neededFree("much", 1000); err == nil {
		t.Error("much is no watermark")
	}
}

func TestCheckUnreachable(t *testing.T) {
	m := newModule(t, "http://127.0.0.1:9")
	s, err := m.open(t.Context(), store.Options{})
	must(t, err)
	if f := finding(t, s, "connection"); f.OK || !strings.Contains(f.Text, "connection refused") {
		t.Errorf("of no cluster it says %+v", f)
	}
	for _, f := range s.Check(t.Context()) {
		if here := f.Part == "spool" || f.Part == "sender" || f.Part == "dead letters"; !here && f.Part != "connection" {
			t.Errorf("without a connection something is said of %+v", f)
		}
	}
	must(t, s.Close())
	if found := s.Check(t.Context()); len(found) != 1 || found[0].OK {
		t.Errorf("once closed it says %+v", found)
	}
}
