package esclient

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"testing"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/esclient/cluster"
	"github.com/peba-edge/peba/esclient/index"
	"github.com/peba-edge/peba/store"
)

// reindexed is what POST /_reindex answers.
type reindexed struct {
	Total, Created int64
	Conflicts      int64 `json:"version_conflicts"`
	Failures       []any
}

// TestRemedy follows the advice of check step by step, where a template wins over
// ours, while an edge goes on: after each step questions are answered rightly or not
// at all, and in the end each alert is there once.
func TestRemedy(t *testing.T) {
	s := openTest(t, store.Options{})
	ctx := t.Context()
	do := func(method, path string, body, into any) {
		t.Helper()
		must(t, s.client.Do(ctx, method, path, body, into))
	}
	broken := s.names.Day(at)
	winner := "/_index_template/" + s.names.Alerts + "-winner"
	do(http.MethodPut, winner, object{"index_patterns": []string{s.names.Alerts + "-*"}, "priority": index.TemplatePriority + 1}, nil)
	defer func() { must(t, s.client.Do(t.Context(), http.MethodDelete, winner, nil, nil)) }()
	const alerts = 10
	for i := range alerts { // as a bulk request of another program would
		r := plain(fmt.Sprint(i), i)
		must(t, s.client.Do(ctx, http.MethodPost, "/"+broken+"/_create/"+r.ID+"?refresh=true", r.Document, nil))
	}
	stored := int64(alerts)
	answered := func() bool {
		t.Helper()
		n, err := s.Count(ctx, store.Filter{From: at, To: at.Add(time.Hour)})
		if err == nil && n != stored || err != nil && !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("%d alerts are counted, %v, want %d or ErrUnavailable", n, err, stored)
		}
		return err == nil
	}
	if answered() {
		t.Fatal("the index is not broken")
	}
	advice := finding(t, s, "indices").Advice
	steps := regexp.MustCompile(`\(\d\) `).Split(advice, -1)
	if len(steps) != 8 {
		t.Fatalf("the advice has %d steps: %s", len(steps)-1, advice)
	}
	t.Log(advice)
	spare := s.names.Alerts + "-spare-" + broken
	for i, want := range []string{
		"PUT /" + broken + "/_block/write and POST /" + broken + "/_refresh",
		"PUT /" + spare + ` {"mappings":{"dynamic":false,"properties":{"recievedTime":{"type":"keyword"}}}}`,
		`POST /_reindex?refresh {"source":{"index":"` + broken + `"},"dest":{"index":"` + spare + `"}}`,
		"DELETE /" + broken,
		"create " + broken + " again",
		`POST /_reindex?refresh {"conflicts":"proceed","source":{"index":"` + spare + `"},"dest":{"index":"` + broken + `","op_type":"create"}}`,
		"DELETE /" + spare,
	} {
		if !regexp.MustCompile("^" + regexp.QuoteMeta(want)).MatchString(steps[i+1]) {
			t.Errorf("step %d is %q, want %q", i+1, steps[i+1], want)
		}
	}

	do(http.MethodPut, "/"+broken+"/_block/write", nil, nil)
	do(http.MethodPost, "/"+broken+"/_refresh", nil, nil)
	// An edge has another alert of that day, and one that is there, and waits.
	must(t, s.Put(ctx, []alert.Record{plain("late", 60), plain("3", 3)}))
	answered()
	do(http.MethodPut, "/"+spare, object{"mappings": object{"dynamic": false, "properties": object{"recievedTime": object{"type": "keyword"}}}}, nil)
	answered()
	var moved reindexed
	do(http.MethodPost, "/_reindex?refresh", object{"source": object{"index": broken}, "dest": object{"index": spare}}, &moved)
	if moved.Created != alerts || len(moved.Failures) > 0 {
		t.Fatalf("reindexing: %+v", moved)
	}
	answered()
	do(http.MethodDelete, "/"+broken, nil, nil)
	// The edge creates the index, and comes before what is in the spare one.
	settle(t, s)
	stored++
	if answered() {
		t.Error("a question was answered while alerts are in the spare index")
	}
	var template struct {
		Templates []struct {
			Template object `json:"index_template"`
		} `json:"index_templates"`
	}
	do(http.MethodGet, "/_index_template/"+s.indices.Templates()[0], nil, &template)
	err := s.client.Do(ctx, http.MethodPut, "/"+broken, template.Templates[0].Template["template"], nil)
	if !cluster.IsKind(err, cluster.KindExists) {
		t.Errorf("creating the index: %v, want that it exists", err)
	}
	do(http.MethodPost, "/_reindex?refresh", object{
		"conflicts": "proceed", "source": object{"index": spare}, "dest": object{"index": broken, "op_type": "create"},
	}, &moved)
	if moved.Created+moved.Conflicts != moved.Total || moved.Conflicts != 1 || len(moved.Failures) > 0 {
		t.Fatalf("reindexing back: %+v", moved)
	}
	if answered() {
		t.Error("a question was answered while alerts are in the spare index")
	}
	do(http.MethodDelete, "/"+spare, nil, nil)
	if !answered() {
		t.Error("questions are not answered after the repair")
	}
	if f := finding(t, s, "indices"); !f.OK {
		t.Errorf("after the repair check says %+v", f)
	}

	// Without an edge that has an alert for it, the index is created by hand.
	do(http.MethodDelete, "/"+broken, nil, nil)
	do(http.MethodPut, "/"+broken, template.Templates[0].Template["template"], nil)
	if got := mapping(t, s, broken)["dynamic"]; got != "false" {
		t.Errorf("the index has the mapping %v", mapping(t, s, broken))
	}
}
