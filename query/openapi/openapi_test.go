package openapi_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/peba-edge/peba/query"
	"github.com/peba-edge/peba/query/openapi"
	"github.com/peba-edge/peba/routes"
)

type described struct {
	OpenAPI string
	Info    struct{ Version, Description string }
	Paths   map[string]map[string]struct {
		OperationID string
		Parameters  []struct{ Name string }
		Security    []map[string][]string
		Responses   map[string]struct {
			Content map[string]struct {
				Schema  json.RawMessage
				Example json.RawMessage
			}
		}
	}
}

func describe(t *testing.T, o openapi.Options) described {
	t.Helper()
	body, err := openapi.Document(o)
	if err != nil {
		t.Fatal(err)
	}
	var d described
	if err := json.Unmarshal(body, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// TestDocument looks for every question with all that the table says of it.
func TestDocument(t *testing.T) {
	d := describe(t, openapi.Options{Version: "v1.2.3", Ingest: true, Private: true, Public: true})
	if !strings.HasPrefix(d.OpenAPI, "3.1.") || d.Info.Version != "v1.2.3" {
		t.Errorf("OpenAPI %s, version %s", d.OpenAPI, d.Info.Version)
	}
	ids := make(map[string]bool)
	for path, item := range d.Paths {
		for method, o := range item {
			if ids[o.OperationID] {
				t.Errorf("%s %s: the id %s is used twice", method, path, o.OperationID)
			}
			ids[o.OperationID] = true
		}
	}
	for _, q := range query.All() {
		for _, path := range q.Paths() {
			methods := []string{"get", "head"}
			if q.Private {
				methods = append(methods, "post")
			}
			if len(d.Paths[path]) != len(methods) {
				t.Errorf("%s has %d methods, want %v", path, len(d.Paths[path]), methods)
			}
			for _, method := range methods {
				o := d.Paths[path][method]
				var names []string
				for _, p := range o.Parameters {
					names = append(names, p.Name)
				}
				for i, p := range q.Params {
					if i >= len(names) || names[i] != p.Name {
						t.Errorf("%s %s: parameters are %v, want %s at %d", method, path, names, p.Name, i)
					}
				}
				if secured := len(o.Security) > 0; secured != q.Private {
					t.Errorf("%s %s: secured is %v", method, path, secured)
				}
				if got := len(o.Responses["200"].Content); method != "head" && got != len(q.Formats) {
					t.Errorf("%s %s: %d formats, want %d", method, path, got, len(q.Formats))
				}
			}
		}
	}
}

// TestHidden lets users log in for public questions about private users' alerts.
func TestHidden(t *testing.T) {
	for _, hidden := range []bool{false, true} {
		d := describe(t, openapi.Options{Public: true, Hidden: hidden})
		for _, q := range query.All() {
			if q.Private {
				continue
			}
			for _, method := range []string{"get", "head"} {
				o := d.Paths[q.Paths()[0]][method]
				_, forbidden := o.Responses["403"]
				if want := hidden && !q.CommunityOnly; forbidden != want || len(o.Security) > 0 != want {
					t.Errorf("hidden %v: %s %s may be 403: %v, has log-ins: %v", hidden, method, q.Name, forbidden, o.Security)
				}
			}
		}
	}
}

// TestGroups leaves out what is not served.
func TestGroups(t *testing.T) {
	for _, tt := range []struct {
		options     openapi.Options
		with, wants string
	}{
		{openapi.Options{Ingest: true}, "ingest", routes.IngestPath},
		{openapi.Options{Private: true}, "private", "/ews-0.1/alert/retrieveIPs"},
		{openapi.Options{Public: true}, "public", "/alert/tops"},
	} {
		d := describe(t, tt.options)
		for _, path := range []string{routes.IngestPath, "/ews-0.1/alert/retrieveIPs", "/alert/tops"} {
			if _, there := d.Paths[path]; there != (path == tt.wants) {
				t.Errorf("only %s: %s is there: %v", tt.with, path, there)
			}
		}
		if told := strings.Contains(d.Info.Description, routes.StreamPath); told != tt.options.Public {
			t.Errorf("only %s: the stream is told of: %v", tt.with, told)
		}
		if _, there := d.Paths[routes.StreamPath]; there {
			t.Error("the stream is a path: who asks all paths waits indefinitely")
		}
		if _, there := d.Paths["/heartbeat"]; !there {
			t.Errorf("only %s: no heartbeat", tt.with)
		}
	}
}
