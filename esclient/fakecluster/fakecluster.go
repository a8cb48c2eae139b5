// Package fakecluster is a cluster in memory for tests of what talks to one.
package fakecluster

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/peba-edge/peba/esclient/cluster"
)

// Cluster keeps documents as Elasticsearch does, as far as the sender knows
// it, and fails as it is told.
type Cluster struct {
	*httptest.Server

	mu        sync.Mutex
	Documents map[string]map[string]*Document // by index, by id
	asked     chan struct{}                   // has room for one: a request came
	Sizes     []int                           // of bulk requests
	Creates   map[string]int                  // how often each "index/id" was created: never twice
	Puts      map[string]int                  // how often each index was to be created
	// Strict says that only a request of its own creates an index, as our template has it.
	Strict bool

	// Refuse fails a whole request before it is done, when it writes an answer.
	Refuse func(w http.ResponseWriter, r *http.Request, body []byte) bool
	// Item fails one action: a status that is not 0 is its answer.
	Item func(op, index, id string, source []byte) (status int, kind, reason string)
	// Garble changes the answer to a bulk request that was done.
	Garble func(w http.ResponseWriter, answer []byte) []byte
}

// Document is a document that is kept.
type Document struct {
	SeqNo  int64
	Source map[string]json.RawMessage
}

// Start starts an empty cluster, until the end of the test.
func Start(t testing.TB) *Cluster {
	c := &Cluster{
		Documents: map[string]map[string]*Document{}, Creates: map[string]int{}, Puts: map[string]int{}, asked: make(chan struct{}, 1),
	}
	c.Server = httptest.NewServer(c)
	t.Cleanup(c.Close)
	return c
}

// Post is the poster of a sender under test.
func (c *Cluster) Post(ctx context.Context, path string, body []byte) (int, []byte, error) {
	return send(ctx, http.MethodPost, c.URL+path, body)
}

// Create asks for an index, for a sender under test.
func (c *Cluster) Create(ctx context.Context, index string) (int, []byte, error) {
	return send(ctx, http.MethodPut, c.URL+"/"+index, []byte("{}"))
}

func send(ctx context.Context, method, url string, body []byte) (int, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Content-Type", "application/x-ndjson")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	return resp.StatusCode, answer, err
}

// Fail sets what is to fail from now on.
func (c *Cluster) Fail(set func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	set()
}

// ServeHTTP implements http.Handler.
func (c *Cluster) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client has gone
	}
	w.Header().Set("X-Elastic-Product", "Elasticsearch")
	c.mu.Lock()
	defer c.mu.Unlock()
	select {
	case c.asked <- struct{}{}:
	default:
	}
	if c.Refuse != nil && c.Refuse(w, r, body) {
		return
	}
	switch {
	case r.URL.Path == "/_bulk":
		c.Sizes = append(c.Sizes, len(body))
		answer := c.bulk(body)
		if c.Garble != nil {
			answer = c.Garble(w, answer)
		}
		_, _ = w.Write(answer)
	case r.Method == http.MethodPut:
		status, answer := c.putIndex(strings.Trim(r.URL.Path, "/"))
		w.WriteHeader(status)
		_, _ = w.Write(answer)
	case strings.HasSuffix(r.URL.Path, "/_mget"):
		_, _ = w.Write(c.mget(strings.Trim(strings.TrimSuffix(r.URL.Path, "_mget"), "/"), body))
	case strings.HasSuffix(r.URL.Path, "/_field_caps"):
		_, _ = w.Write([]byte(`{"fields":{}}`)) // nothing that another program wrote
	default:
		http.NotFound(w, r)
	}
}

func (c *Cluster) putIndex(index string) (status int, answer []byte) {
	c.Puts[index]++
	if c.Documents[index] != nil {
		return http.StatusBadRequest, []byte(`{"error":{"type":"resource_already_exists_exception","reason":"exists"},"status":400}`)
	}
	c.Documents[index] = map[string]*Document{}
	return http.StatusOK, []byte(`{"acknowledged":true}`)
}

func (c *Cluster) bulk(body []byte) []byte {
	var items []map[string]any
	lines := bufio.NewReader(bytes.NewReader(body))
	for {
		head, err := lines.ReadBytes('\n')
		if err != nil {
			break
		}
		source, err := lines.ReadBytes('\n')
		if err != nil {
			panic("the request does not end with a line end")
		}
		var action map[string]cluster.Target
		if err := json.Unmarshal(head, &action); err != nil {
			panic(fmt.Sprintf("action %q: %v", head, err))
		}
		for op, t := range action {
			status, kind, reason := c.apply(op, t, source)
			result := map[string]any{"_id": t.ID, "status": status}
			if status >= 300 {
				result["error"] = map[string]any{"type": kind, "reason": reason}
			}
			items = append(items, map[string]any{op: result})
		}
	}
	answer, err := json.Marshal(map[string]any{"items": items})
	if err != nil {
		panic(err)
	}
	return answer
}

func (c *Cluster) apply(op string, t cluster.Target, source []byte) (status int, kind, reason string) {
	if c.Item != nil {
		if status, kind, reason = c.Item(op, t.Index, t.ID, source); status != 0 {
			return status, kind, reason
		}
	}
	if c.Strict && c.Documents[t.Index] == nil {
		return http.StatusNotFound, cluster.KindNoIndex, "no such index [composable template forbids index auto creation]"
	}
	known := c.Documents[t.Index][t.ID]
	const conflict = "version_conflict_engine_exception"
	switch op {
	case cluster.Create:
		if known != nil {
			return http.StatusConflict, conflict, "document already exists"
		}
		if c.Documents[t.Index] == nil {
			c.Documents[t.Index] = map[string]*Document{}
		}
		doc := &Document{}
		if err := json.Unmarshal(source, &doc.Source); err != nil {
			return http.StatusBadRequest, "mapper_parsing_exception", err.Error()
		}
		c.Documents[t.Index][t.ID] = doc
		c.Creates[t.Index+"/"+t.ID]++
		return http.StatusCreated, "", ""
	case cluster.Update:
		if known == nil {
			return http.StatusNotFound, "document_missing_exception", "document missing"
		}
		if *t.PrimaryTerm != 1 || *t.SeqNo != known.SeqNo {
			return http.StatusConflict, conflict, "has changed"
		}
		var change struct {
			Doc map[string]json.RawMessage `json:"doc"`
		}
		if err := json.Unmarshal(source, &change); err != nil {
			return http.StatusBadRequest, "mapper_parsing_exception", err.Error()
		}
		maps.Copy(known.Source, change.Doc)
		known.SeqNo++
		return http.StatusOK, "", ""
	default:
		return http.StatusBadRequest, "illegal_argument_exception", "op " + op
	}
}

func (c *Cluster) mget(index string, body []byte) []byte {
	var ask struct {
		IDs []string `json:"ids"`
	}
	if err := json.Unmarshal(body, &ask); err != nil {
		panic(err)
	}
	docs := []map[string]any{}
	for _, id := range ask.IDs {
		doc := map[string]any{"_index": index, "_id": id, "found": false}
		if c.Documents[index] == nil {
			doc["error"] = map[string]any{"type": "index_not_found_exception", "reason": "no such index"}
			delete(doc, "found")
		}
		if d := c.Documents[index][id]; d != nil {
			source := maps.Clone(d.Source)
			delete(source, "content")
			doc["found"], doc["_seq_no"], doc["_primary_term"], doc["_source"] = true, d.SeqNo, 1, source
		}
		docs = append(docs, doc)
	}
	answer, err := json.Marshal(map[string]any{"docs": docs})
	if err != nil {
		panic(err)
	}
	return answer
}

// WaitRequest waits for a request, for a while: there may be nothing left to send.
func (c *Cluster) WaitRequest() {
	select {
	case <-c.asked:
	case <-time.After(50 * time.Millisecond):
	}
}

// IDs returns what is stored in an index.
func (c *Cluster) IDs(index string) map[string]bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := map[string]bool{}
	for id := range c.Documents[index] {
		all[id] = true
	}
	return all
}

// Field reads one field of a stored document.
func (c *Cluster) Field(t *testing.T, index, id, name string) string {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	doc := c.Documents[index][id]
	if doc == nil {
		t.Fatalf("document %s/%s is not there", index, id)
	}
	return strings.Trim(string(doc.Source[name]), `"`)
}
