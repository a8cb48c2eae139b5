// Package goldentest compares the answers of this program, given by any store,
// with those that the Python service gave to the same requests on the same
// documents. Where the contract asks for something else than the Python service
// did, differences.go says so, and why.
package goldentest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/query"
	"github.com/peba-edge/peba/store"
)

// Run loads the recorded documents into a store that open returns, asks every
// recorded question and compares the answers. The recordings are in the folder
// $PEBA_GOLDEN, by default testdata/recorded/golden.
func Run(t *testing.T, open func(t *testing.T, opts store.Options) store.Store) {
	dir := goldenDir(t)
	g := golden{store: open(t, store.Options{}), documents: make(map[string]alert.Document)}
	g.loadDocuments(t, filepath.Join(dir, "stored-docs-with-history.json"))
	g.loadStatistics(t, filepath.Join(dir, "statistics.ndjson"))

	files, err := filepath.Glob(filepath.Join(dir, "answers", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for _, file := range files {
		rec := readRecording(t, file)
		q, ok := rec.question()
		if !ok {
			continue
		}
		compared++
		t.Run(strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) {
			g.compare(t, &exchange{golden: &g, question: q, values: rec.values, legacy: rec})
		})
	}
	if compared == 0 {
		t.Fatalf("no recorded answer in %s", dir)
	}
}

// golden is the documents that the recorded answers are about.
type golden struct {
	store     store.Store
	documents map[string]alert.Document
}

// goldenDir finds the recordings from any package of the repository.
func goldenDir(t *testing.T) string {
	if dir := os.Getenv("PEBA_GOLDEN"); dir != "" {
		return dir
	}
	root, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	for ; ; root = filepath.Dir(root) {
		if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil {
			return filepath.Join(root, "testdata", "recorded", "golden")
		}
		if root == filepath.Dir(root) {
			t.Fatal("no go.mod above the test's folder")
		}
	}
}

func (g *golden) loadDocuments(t *testing.T, file string) {
	var indices map[string][]struct {
		ID     string         `json:"_id"`
		Source alert.Document `json:"_source"`
	}
	readJSON(t, file, &indices)
	var records []alert.Record
	for _, doc := range indices["ews-*"] {
		doc.Source.ID = doc.ID
		g.documents[doc.ID] = doc.Source
		records = append(records, alert.Record{Document: doc.Source})
	}
	if len(records) == 0 {
		t.Fatalf("%s holds no alerts", file)
	}
	if err := g.store.Put(t.Context(), records); err != nil {
		t.Fatal(err)
	}
}

// loadStatistics reads the bulk format: a line a document.
func (g *golden) loadStatistics(t *testing.T, file string) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(text) {
		var doc struct {
			Source map[string]any `json:"_source"`
		}
		if err := json.Unmarshal(line, &doc); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		s := store.Statistic{Values: make(map[string]float64)}
		for name, v := range doc.Source {
			switch v := v.(type) {
			case float64:
				s.Values[name] = v
			case string:
				at, err := time.Parse(alert.TimeLayout, v)
				if err != nil {
					t.Fatalf("%s: %s: %v", file, name, err)
				}
				if name == "UTCtimeFrom" {
					s.From = at
				} else {
					s.To = at
				}
			}
		}
		if err := g.store.PutRecords(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
}

// recording is one request and what the Python service answered.
type recording struct {
	RequestedAt string `json:"requested_at"`
	Status      int    `json:"status"`
	Body        string `json:"body"`
	Request     struct {
		Method string `json:"method"`
		Path   string `json:"path"`
	} `json:"request"`

	file   string
	path   string
	name   string // the last part of the path
	values url.Values
	now    time.Time
}

func readRecording(t *testing.T, file string) recording {
	rec := recording{file: filepath.Base(file)}
	readJSON(t, file, &rec)
	u, err := url.Parse(rec.Request.Path)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	rec.path, rec.name, rec.values = u.Path, path.Base(u.Path), u.Query()
	if rec.now, err = time.Parse("2006-01-02T15:04:05", rec.RequestedAt); err != nil { // takes fractions, too
		t.Fatalf("%s: %v", file, err)
	}
	return rec
}

// question returns what was asked, or false for what belongs to the HTTP edge:
// other paths, wrong methods, and what authentication refused.
func (r *recording) question() (*query.Question, bool) {
	q, ok := query.Named(r.name)
	ok = ok && slices.Contains(q.Paths(), r.path)
	method := http.MethodGet
	if ok && q.Private {
		method = http.MethodPost
	}
	refusedAtEdge := strings.Contains(r.file, "-auth-") && r.Status != http.StatusOK
	return q, ok && r.Request.Method == method && !refusedAtEdge
}

// refused says whether the Python service did not answer the question.
func (r *recording) refused() bool {
	body := strings.Trim(r.Body, "\"\n")
	return r.Status != http.StatusOK || body == "Nope" || body == "false"
}

// saidNothing says whether the Python service found nothing, which it tells by
// the same words as a refusal.
func (r *recording) saidNothing() bool { return r.Status == http.StatusOK && r.refused() }

// exchange is one comparison.
type exchange struct {
	*golden
	question *query.Question
	values   url.Values
	legacy   recording
}

// settings are those of the recorded service, but for its limit of newest alerts.
var settings = query.Settings{
	BadIPWindow:   2 * time.Hour,
	MaxAlerts:     1000,
	HomeLatitude:  50.708021,
	HomeLongitude: 7.129191,
}

// ask asks the recorded question of our store at the recorded time, with other
// parameters than the recorded ones where it is given some.
func (e *exchange) ask(values url.Values) ([]byte, error) {
	args, err := e.question.Parse(values)
	if err != nil {
		return nil, err
	}
	return e.question.Ask(context.Background(), query.Input{
		Reader: e.store, Now: e.legacy.now, Args: args, Settings: settings,
	})
}

// mustAsk is ask for parameters that are right.
func (e *exchange) mustAsk(t *testing.T, values url.Values) []byte {
	t.Helper()
	body, err := e.ask(values)
	if err != nil {
		t.Fatalf("asked %v: %v", values, err)
	}
	return body
}

// with returns the recorded parameters with one changed; empty leaves it out.
func (e *exchange) with(name, value string) url.Values {
	changed := make(url.Values)
	for k, v := range e.values {
		changed[k] = v
	}
	if value == "" {
		changed.Del(name)
	} else {
		changed.Set(name, value)
	}
	return changed
}

// number returns a recorded parameter, or what it is when absent.
func (e *exchange) number(name string, absent int) int {
	if n, err := strconv.Atoi(e.values.Get(name)); err == nil {
		return n
	}
	return absent
}

// compare fails the test when the two answers differ other than intended.
func (g *golden) compare(t *testing.T, e *exchange) {
	ours, err := e.ask(e.values)
	var wrong *query.ParamError
	switch {
	case errors.As(err, &wrong):
		e.checkRefusal(t, wrong)
		return
	case err != nil:
		t.Fatal(err)
	}
	for _, d := range differences {
		if d.applies(e) {
			t.Logf("intended: %s", d.reason)
			d.check(t, e, ours)
			return
		}
	}
	e.checkSame(t, ours)
}

func readJSON(t *testing.T, file string, into any) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}
