package edgetest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/peba-edge/peba/esclient/estest"
)

// Elastic is a cluster, as one test sees it: with index names of its own.
type Elastic struct {
	*estest.Server
	// Prefix is what the names of the test's indices begin with.
	Prefix string
	t      testing.TB
}

// Elastics hands one cluster to many tests. The zero value is ready; the cluster
// starts when it is first needed, which takes half a minute.
type Elastics struct {
	// Nodes is the size of the cluster.
	Nodes int

	mu      sync.Mutex
	cluster *estest.Server
	err     error // why it does not start: it is not tried again
	tests   int
}

// Start starts the cluster.
func (s *Elastics) Start() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cluster == nil && s.err == nil {
		s.cluster, s.err = estest.Launch(s.Nodes)
	}
	return s.err
}

// New returns the cluster. What the test leaves there is deleted when it ends. Who
// stops a node starts it again.
func (s *Elastics) New(t testing.TB) *Elastic {
	t.Helper()
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tests++
	e := &Elastic{Server: s.cluster, t: t, Prefix: fmt.Sprintf("t%d-", s.tests)}
	t.Cleanup(e.clean)
	return e
}

// Close ends the cluster.
func (s *Elastics) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cluster == nil {
		return nil
	}
	return s.cluster.Close()
}

// Options is the option store with all nodes, and more options in its block.
func (e *Elastic) Options(more ...string) string { return e.OptionsAt(e.URLs(), more...) }

// OptionsAt is Options with other addresses of the cluster.
func (e *Elastic) OptionsAt(urls []string, more ...string) string {
	lines := []string{
		"store elasticsearch " + strings.Join(urls, " ") + " {",
		"index alerts " + e.Prefix + "ews", "index write_alias " + e.Prefix + "today", "index users " + e.Prefix + "users",
		"index cves " + e.Prefix + "cves", "index payloads " + e.Prefix + "payloads", "index statistics " + e.Prefix + "statistics",
		"index sensors " + e.Prefix + "ewssensors", "index feeds " + e.Prefix + "ewsfeeds",
	}
	return strings.Join(append(append(lines, more...), "}"), "\n")
}

// SpoolOption is the option spool for the server's own folder, with a reserve
// that a test machine has.
func SpoolOption(folder string, more ...string) string {
	return strings.Join(append([]string{"spool " + folder + " {", "reserve 10MiB"}, append(more, "}")...), "\n")
}

// Day is the index of the alerts that alertXML makes.
func (e *Elastic) Day() string { return e.Prefix + "ews-2026.11.23-1" }

// Request sends a request to the first node that answers, and returns the status
// and the body.
func (e *Elastic) Request(method, path, body string) (int, string) {
	e.t.Helper()
	var last error
	for _, url := range e.URLs() {
		req, err := http.NewRequest(method, url+path, strings.NewReader(body))
		if err != nil {
			e.t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			last = err
			continue
		}
		text, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil {
			last = err
			continue
		}
		return resp.StatusCode, string(text)
	}
	e.t.Fatalf("%s %s: no node answers: %v", method, path, last)
	return 0, ""
}

// Do is a request that must succeed. The answer is read into into, if not nil.
func (e *Elastic) Do(method, path, body string, into any) {
	e.t.Helper()
	status, text := e.Request(method, path, body)
	if status >= 300 {
		e.t.Fatalf("%s %s: %d %s", method, path, status, text)
	}
	if into == nil {
		return
	}
	if err := json.Unmarshal([]byte(text), into); err != nil {
		e.t.Fatalf("%s %s: %v: %s", method, path, err, text)
	}
}

// Refresh makes all alerts visible to searches, on all copies of all shards. It
// tells whether it could.
func (e *Elastic) Refresh() bool {
	e.t.Helper()
	status, text := e.Request(http.MethodPost, "/"+e.Prefix+"*/_refresh", "")
	var done struct {
		Shards struct{ Total, Successful, Failed int } `json:"_shards"`
	}
	return status == http.StatusOK && json.Unmarshal([]byte(text), &done) == nil && done.Shards.Failed == 0
}

// Sources returns the _source of each document in indices of that name, as texts.
func (e *Elastic) Sources(indices string) []string {
	e.t.Helper()
	if !e.Refresh() {
		e.t.Fatal("the indices cannot be refreshed")
	}
	var page struct {
		ScrollID string `json:"_scroll_id"`
		Shards   struct{ Failed int }
		Hits     struct {
			Hits []struct {
				Source json.RawMessage `json:"_source"`
			}
		}
	}
	e.Do(http.MethodPost, "/"+indices+"/_search?scroll=1m", `{"size":10000,"sort":["_doc"]}`, &page)
	var all []string
	for len(page.Hits.Hits) > 0 {
		for _, hit := range page.Hits.Hits {
			all = append(all, string(hit.Source))
		}
		id := page.ScrollID
		page.Hits.Hits = nil
		e.Do(http.MethodPost, "/_search/scroll", fmt.Sprintf(`{"scroll":"1m","scroll_id":%q}`, id), &page)
	}
	e.Do(http.MethodDelete, "/_search/scroll", fmt.Sprintf(`{"scroll_id":%q}`, page.ScrollID), nil)
	if page.Shards.Failed > 0 {
		e.t.Fatalf("%d shards failed", page.Shards.Failed)
	}
	return all
}

// Count waits until the server's alerts are in the cluster, and counts them.
func (e *Elastic) Count(s *Server) int64 {
	e.t.Helper()
	s.Drain()
	return int64(len(e.Sources(e.Prefix + "ews-*")))
}

// Sessions counts how often each session is stored, as what alertXML tells apart
// alerts by.
func (e *Elastic) Sessions() map[string]int {
	e.t.Helper()
	stored := map[string]int{}
	for _, source := range e.Sources(e.Prefix + "ews-*") {
		var d struct {
			AdditionalData string `json:"additionalData"`
		}
		if err := json.Unmarshal([]byte(source), &d); err != nil {
			e.t.Fatal(err)
		}
		stored[d.AdditionalData]++
	}
	return stored
}

// CatchAll installs what operators of small clusters often have, until the test ends: a
// template of a usual priority for every index, in which Elasticsearch maps fields by
// itself.
func (e *Elastic) CatchAll() {
	e.t.Helper()
	path := "/_index_template/" + e.Prefix + "catch-all"
	e.Do(http.MethodPut, path, fmt.Sprintf(`{"index_patterns":[%q],"priority":500,"template":{"settings":{"number_of_replicas":0}}}`, e.Prefix+"*"), nil)
	e.t.Cleanup(func() { e.Do(http.MethodDelete, path, "", nil) })
}

// clean leaves the cluster whole and without what the test made there.
func (e *Elastic) clean() {
	// An index of the test's own may be what keeps the cluster from being green.
	e.Revive(e.t)
	var list []struct{ Index string }
	e.Do(http.MethodGet, "/_cat/indices/"+e.Prefix+"*?h=index&format=json&expand_wildcards=all", "", &list)
	for _, one := range list {
		e.Do(http.MethodDelete, "/"+one.Index, "", nil)
	}
	if status, text := e.Request(http.MethodDelete, "/_index_template/peba-"+e.Prefix+"ews*", ""); status != http.StatusOK && status != http.StatusNotFound {
		e.t.Errorf("deleting the template: %d %s", status, text)
	}
	e.Heal(e.t)
}
