package integration

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/peba-edge/peba/esclient/estest"
)

// shared is the cluster of three nodes that tests use one after the other: it
// takes half a minute to start. Who stops a node starts it again.
var shared struct {
	sync.Mutex
	cluster *estest.Server
	tests   atomic.Int64
}

func closeCluster() error {
	if shared.cluster == nil {
		return nil
	}
	return shared.cluster.Close()
}

// elastic is the cluster, as one test sees it: with index names of its own.
type elastic struct {
	*estest.Server
	t      testing.TB
	prefix string
}

// newElastic returns the cluster. What the test leaves there is deleted when it ends.
func newElastic(t testing.TB) *elastic {
	t.Helper()
	shared.Lock()
	defer shared.Unlock()
	if shared.cluster == nil {
		var err error
		if shared.cluster, err = estest.Launch(3); err != nil {
			t.Fatal(err)
		}
	}
	e := &elastic{Server: shared.cluster, t: t, prefix: fmt.Sprintf("t%d-", shared.tests.Add(1))}
	t.Cleanup(e.clean)
	return e
}

// options is the option store with all nodes, and more options in its block.
func (e *elastic) options(more ...string) string { return e.optionsAt(e.URLs(), more...) }

func (e *elastic) optionsAt(urls []string, more ...string) string {
	lines := []string{
		"store elasticsearch " + strings.Join(urls, " ") + " {",
		"index alerts " + e.prefix + "ews", "index write_alias " + e.prefix + "today", "index users " + e.prefix + "users",
		"index cves " + e.prefix + "cves", "index payloads " + e.prefix + "payloads", "index statistics " + e.prefix + "statistics",
		"index sensors " + e.prefix + "ewssensors",
	}
	return strings.Join(append(append(lines, more...), "}"), "\n")
}

// spoolOption is the option spool for the server's own folder, with a reserve
// that a test machine has.
func spoolOption(folder string, more ...string) string {
	return strings.Join(append([]string{"spool " + folder + " {", "reserve 10MiB"}, append(more, "}")...), "\n")
}

// day is the index of the alerts that alertXML makes.
func (e *elastic) day() string { return e.prefix + "ews-2026.11.23-1" }

// request sends a request to the first node that answers, and returns the status
// and the body.
func (e *elastic) request(method, path, body string) (int, string) {
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

// do is a request that must succeed. The answer is read into into, if not nil.
func (e *elastic) do(method, path, body string, into any) {
	e.t.Helper()
	status, text := e.request(method, path, body)
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

// refresh makes all alerts visible to searches, on all copies of all shards. It
// tells whether it could.
func (e *elastic) refresh() bool {
	e.t.Helper()
	status, text := e.request(http.MethodPost, "/"+e.prefix+"*/_refresh", "")
	var done struct {
		Shards struct{ Total, Successful, Failed int } `json:"_shards"`
	}
	return status == http.StatusOK && json.Unmarshal([]byte(text), &done) == nil && done.Shards.Failed == 0
}

// sources returns the _source of each document in indices of that name, as texts.
func (e *elastic) sources(indices string) []string {
	e.t.Helper()
	if !e.refresh() {
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
	e.do(http.MethodPost, "/"+indices+"/_search?scroll=1m", `{"size":10000,"sort":["_doc"]}`, &page)
	var all []string
	for len(page.Hits.Hits) > 0 {
		for _, hit := range page.Hits.Hits {
			all = append(all, string(hit.Source))
		}
		id := page.ScrollID
		page.Hits.Hits = nil
		e.do(http.MethodPost, "/_search/scroll", fmt.Sprintf(`{"scroll":"1m","scroll_id":%q}`, id), &page)
	}
	e.do(http.MethodDelete, "/_search/scroll", fmt.Sprintf(`{"scroll_id":%q}`, page.ScrollID), nil)
	if page.Shards.Failed > 0 {
		e.t.Fatalf("%d shards failed", page.Shards.Failed)
	}
	return all
}

// count waits until the server's alerts are in the cluster, and counts them.
func (e *elastic) count(s *server) int64 {
	e.t.Helper()
	s.drain()
	return int64(len(e.sources(e.prefix + "ews-*")))
}

// sessions counts how often each session is stored, as what alertXML tells apart
// alerts by.
func (e *elastic) sessions() map[string]int {
	e.t.Helper()
	stored := map[string]int{}
	for _, source := range e.sources(e.prefix + "ews-*") {
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

// clean leaves the cluster whole and without what the test made there.
func (e *elastic) clean() {
	e.Heal(e.t)
	var list []struct{ Index string }
	e.do(http.MethodGet, "/_cat/indices/"+e.prefix+"*?h=index&format=json&expand_wildcards=all", "", &list)
	for _, one := range list {
		e.do(http.MethodDelete, "/"+one.Index, "", nil)
	}
	if status, text := e.request(http.MethodDelete, "/_index_template/peba-"+e.prefix+"ews*", ""); status != http.StatusOK && status != http.StatusNotFound {
		e.t.Errorf("deleting the template: %d %s", status, text)
	}
}

// eventually waits until what is so; it fails the test when that takes longer
// than a machine under load can need.
func eventually(t testing.TB, what string, so func() bool) {
	t.Helper()
	const patience = 2 * time.Minute
	for deadline := time.Now().Add(patience); !so(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", patience, what)
		}
	}
}

// waiting is how many messages wait in the server's spool.
func (s *server) waiting() int64 {
	s.t.Helper()
	return s.metric("peba_spool_messages")
}

// metric reads a metric without labels from the admin API.
func (s *server) metric(name string) int64 {
	s.t.Helper()
	resp, err := http.Get("http://" + s.admin + "/metrics")
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, name+" "); ok {
			var value float64
			if _, err := fmt.Sscan(rest, &value); err != nil {
				s.t.Fatal(err)
			}
			return int64(value)
		}
	}
	s.t.Fatalf("there is no metric %s", name)
	return 0
}

// drain waits until the server's spool is empty.
func (s *server) drain() {
	s.t.Helper()
	for last := int64(-1); ; {
		n := s.waiting()
		if n == 0 {
			return
		}
		if last == n {
			s.t.Fatalf("%d messages still wait in the spool:\n%s", n, tail(s.log.String()))
		}
		last = n
		for deadline := time.Now().Add(time.Minute); s.waiting() >= last && time.Now().Before(deadline); {
			time.Sleep(50 * time.Millisecond)
		}
	}
}

// tail is the end of a long text.
func tail(text string) string { return text[max(0, len(text)-8000):] }

// alertCount asks for the number of alerts of so many minutes. Answers are cached
// by the minutes: others make the server ask its store.
func (s *server) alertCount(minutes int) (answer, error) {
	return s.try(http.MethodGet, fmt.Sprintf("/alert/retrieveAlertsCount?time=%d&out=json", minutes), "")
}

// number reads the answer to alertCount.
func (a answer) number() (n int, err error) {
	var counted struct{ AlertCount int }
	err = json.Unmarshal([]byte(a.body), &counted)
	return counted.AlertCount, err
}
