package esclient

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
)

// fakeCluster keeps documents as Elasticsearch does, as far as the sender knows
// it, and fails as it is told.
type fakeCluster struct {
	*httptest.Server

	mu        sync.Mutex
	documents map[string]map[string]*fakeDocument // by index, by id
	asked     chan struct{}                       // has room for one: a request came
	sizes     []int                               // of bulk requests
	creates   map[string]int                      // how often each "index/id" was created: never twice
	puts      map[string]int                      // how often each index was to be created
	// strict says that only a request of its own creates an index, as our template has it.
	strict bool

	// refuse fails a whole request before it is done, when it writes an answer.
	refuse func(w http.ResponseWriter, r *http.Request, body []byte) bool
	// item fails one action: a status that is not 0 is its answer.
	item func(op, index, id string, source []byte) (status int, kind, reason string)
	// garble changes the answer to a bulk request that was done.
	garble func(w http.ResponseWriter, answer []byte) []byte
}

type fakeDocument struct {
	seqNo  int64
	source map[string]json.RawMessage
}

func startFakeCluster(t testing.TB) *fakeCluster {
	c := &fakeCluster{
		documents: map[string]map[string]*fakeDocument{}, creates: map[string]int{}, puts: map[string]int{}, asked: make(chan struct{}, 1),
	}
	c.Server = httptest.NewServer(c)
	t.Cleanup(c.Close)
	return c
}

// post is the poster of a sender under test.
func (c *fakeCluster) post(ctx context.Context, path string, body []byte) (int, []byte, error) {
	return postTo(ctx, c.URL, path, body)
}

func postTo(ctx context.Context, url, path string, body []byte) (int, []byte, error) {
	return sendTo(ctx, http.MethodPost, url+path, body)
}

// create asks for an index, for a sender under test.
func (c *fakeCluster) create(ctx context.Context, index string) (int, []byte, error) {
	return sendTo(ctx, http.MethodPut, c.URL+"/"+index, []byte("{}"))
}

func sendTo(ctx context.Context, method, url string, body []byte) (int, []byte, error) {
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

// fail sets what is to fail from now on.
func (c *fakeCluster) fail(set func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	set()
}

func (c *fakeCluster) ServeHTTP(w http.ResponseWriter, r *http.Request) {
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
	if c.refuse != nil && c.refuse(w, r, body) {
		return
	}
	switch {
	case r.URL.Path == "/_bulk":
		c.sizes = append(c.sizes, len(body))
		answer := c.bulk(body)
		if c.garble != nil {
			answer = c.garble(w, answer)
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

func (c *fakeCluster) putIndex(index string) (status int, answer []byte) {
	c.puts[index]++
	if c.documents[index] != nil {
		return http.StatusBadRequest, []byte(`{"error":{"type":"resource_already_exists_exception","reason":"exists"},"status":400}`)
	}
	c.documents[index] = map[string]*fakeDocument{}
	return http.StatusOK, []byte(`{"acknowledged":true}`)
}

func (c *fakeCluster) bulk(body []byte) []byte {
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
		var action map[string]bulkTarget
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

func (c *fakeCluster) apply(op string, t bulkTarget, source []byte) (status int, kind, reason string) {
	if c.item != nil {
		if status, kind, reason = c.item(op, t.Index, t.ID, source); status != 0 {
			return status, kind, reason
		}
	}
	if c.strict && c.documents[t.Index] == nil {
		return http.StatusNotFound, kindNoIndex, "no such index [composable template forbids index auto creation]"
	}
	known := c.documents[t.Index][t.ID]
	const conflict = "version_conflict_engine_exception"
	switch op {
	case opCreate:
		if known != nil {
			return http.StatusConflict, conflict, "document already exists"
		}
		if c.documents[t.Index] == nil {
			c.documents[t.Index] = map[string]*fakeDocument{}
		}
		doc := &fakeDocument{}
		if err := json.Unmarshal(source, &doc.source); err != nil {
			return http.StatusBadRequest, "mapper_parsing_exception", err.Error()
		}
		c.documents[t.Index][t.ID] = doc
		c.creates[t.Index+"/"+t.ID]++
		return http.StatusCreated, "", ""
	case opUpdate:
		if known == nil {
			return http.StatusNotFound, "document_missing_exception", "document missing"
		}
		if *t.PrimaryTerm != 1 || *t.SeqNo != known.seqNo {
			return http.StatusConflict, conflict, "has changed"
		}
		var change struct {
			Doc map[string]json.RawMessage `json:"doc"`
		}
		if err := json.Unmarshal(source, &change); err != nil {
			return http.StatusBadRequest, "mapper_parsing_exception", err.Error()
		}
		maps.Copy(known.source, change.Doc)
		known.seqNo++
		return http.StatusOK, "", ""
	default:
		return http.StatusBadRequest, "illegal_argument_exception", "op " + op
	}
}

func (c *fakeCluster) mget(index string, body []byte) []byte {
	var ask struct {
		IDs []string `json:"ids"`
	}
	if err := json.Unmarshal(body, &ask); err != nil {
		panic(err)
	}
	docs := []map[string]any{}
	for _, id := range ask.IDs {
		doc := map[string]any{"_index": index, "_id": id, "found": false}
		if c.documents[index] == nil {
			doc["error"] = map[string]any{"type": "index_not_found_exception", "reason": "no such index"}
			delete(doc, "found")
		}
		if d := c.documents[index][id]; d != nil {
			source := maps.Clone(d.source)
			delete(source, "content")
			doc["found"], doc["_seq_no"], doc["_primary_term"], doc["_source"] = true, d.seqNo, 1, source
		}
		docs = append(docs, doc)
	}
	answer, err := json.Marshal(map[string]any{"docs": docs})
	if err != nil {
		panic(err)
	}
	return answer
}

// waitRequest waits for a request, for a while: there may be nothing left to send.
func (c *fakeCluster) waitRequest() {
	select {
	case <-c.asked:
	case <-time.After(50 * time.Millisecond):
	}
}

// ids returns what is stored in an index.
func (c *fakeCluster) ids(index string) map[string]bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := map[string]bool{}
	for id := range c.documents[index] {
		all[id] = true
	}
	return all
}

// field reads one field of a stored document.
func (c *fakeCluster) field(t *testing.T, index, id, name string) string {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	doc := c.documents[index][id]
	if doc == nil {
		t.Fatalf("document %s/%s is not there", index, id)
	}
	return strings.Trim(string(doc.source[name]), `"`)
}
