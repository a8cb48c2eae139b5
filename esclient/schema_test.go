package esclient

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/esclient/cluster"
	"github.com/peba-edge/peba/esclient/index"
	"github.com/peba-edge/peba/store"
)

// badMappings are mappings that Elasticsearch or an operator may give an index of
// alerts, each with a field that is wrong by it.
var badMappings = map[string]struct {
	field    string
	mappings object
}{
	"Elasticsearch's own":    {"recievedTime", object{"dynamic": true}},
	"none":                   {"recievedTime", object{"dynamic": false}},
	"a keyword for a time":   {"createTime", changedMapping("createTime", "keyword")},
	"a text for a type":      {"peerType", changedMapping("peerType", "text")},
	"a keyword for a source": {"sourceEntryIp", changedMapping("sourceEntryIp", "keyword")},
	"a text for a domain":    {"clientDomain", changedMapping("clientDomain", "text")},
	"a text for a country":   {"country", changedMapping("country", "text")},
}

func changedMapping(field, kind string) object {
	var names index.Names
	names.SetDefaults()
	m, err := index.New(nil, &names, index.Options{})
	if err != nil {
		panic(err)
	}
	properties := m.Body(names.Day(at))["mappings"].(object)["properties"].(object) // a copy
	properties[field] = object{"type": kind}
	return object{"dynamic": false, "properties": properties}
}

// indexWithout creates an index with a mapping that no template adds to.
func indexWithout(tb testing.TB, s *esStore, index string, mappings object) {
	tb.Helper()
	for _, name := range s.indices.Templates() {
		must(tb, s.client.Do(tb.Context(), http.MethodDelete, "/_index_template/"+name, nil, nil))
	}
	must(tb, s.client.Do(tb.Context(), http.MethodPut, "/"+index, object{"mappings": mappings}, nil))
	must(tb, s.layOut(tb.Context()))
}

// questions are those that use a field, with the answer that is right.
func questions(s *esStore, tb testing.TB) map[string]func() (int64, error) {
	ctx := tb.Context()
	sum := func(f store.Filter, g store.Grouping) (n int64, err error) {
		groups, err := s.Group(ctx, f, g)
		for _, one := range groups {
			n += one.Count
		}
		return n, err
	}
	window := store.Filter{Domain: store.Both, From: at.Add(-time.Hour), To: at.Add(24 * time.Hour)}
	created, source, kind, ours := window, window, window, window
	created.Time, source.SourceIP, kind.PeerType, ours.Domain = store.Created, plain("", 0).SourceEntryIP, plain("", 0).PeerType, store.Community
	return map[string]func() (int64, error){
		"recievedTime":  func() (int64, error) { return s.Count(ctx, window) },
		"createTime":    func() (int64, error) { return s.Count(ctx, created) },
		"sourceEntryIp": func() (int64, error) { return s.Count(ctx, source) },
		"peerType":      func() (int64, error) { return s.Count(ctx, kind) },
		"clientDomain":  func() (int64, error) { return s.Count(ctx, ours) },
		"country":       func() (int64, error) { return sum(window, store.Grouping{By: []store.Dimension{store.SourceCountry}}) },
		"buckets": func() (int64, error) {
			return sum(window, store.Grouping{By: []store.Dimension{store.SourceCountry}, Bucket: time.Hour})
		},
		"top buckets": func() (int64, error) {
			return sum(window, store.Grouping{By: []store.Dimension{store.SourceCountry}, Bucket: time.Hour, Top: 3})
		},
		"newest": func() (int64, error) {
			docs, err := s.Newest(ctx, window, 10)
			return int64(len(docs)), err
		},
	}
}

// TestWrongMapping has an alert in an index of each wrong mapping: every question
// is answered rightly or not at all, and nothing is retired from an index whose
// times are no dates, though all of it looks old.
func TestWrongMapping(t *testing.T) {
	for name, bad := range badMappings {
		t.Run(name, func(t *testing.T) {
			m := newModule(t, server(t).URL())
			errorLog, log := observer.New(zapcore.ErrorLevel)
			m.logger = zap.New(errorLog)
			s := openModule(t, m, store.Options{})
			ctx := t.Context()
			putNow(t, s, []alert.Record{plain("good", 0)})
			ask := questions(s, t)
			for question, ask := range ask {
				if n, err := ask(); n != 1 || err != nil {
					t.Errorf("%s: %d, %v, want 1", question, n, err)
				}
			}
			index := s.names.Alerts + "-2026.11.19-1"
			indexWithout(t, s, index, bad.mappings)
			if n, err := ask[bad.field](); n != 1 || err != nil {
				t.Errorf("with an empty index: %d, %v, want 1", n, err)
			}
			write(t, s, index, "bad", plain("bad", 1).Document)
			refused := 0
			for question, ask := range ask {
				n, err := ask()
				switch {
				case err != nil:
					refused++
					if !errors.Is(err, store.ErrUnavailable) {
						t.Errorf("%s: %v, want ErrUnavailable", question, err)
					}
				case n != 2:
					t.Errorf("%s: %d, want 2 or an error", question, n)
				}
			}
			if _, err := ask[bad.field](); err == nil || !strings.Contains(err.Error(), index) || !strings.Contains(err.Error(), bad.field) {
				t.Errorf("the error is %v, want one that names %s and %s", err, index, bad.field)
			}
			if _, whole := bad.mappings["properties"]; whole && refused == len(ask) {
				t.Error("no question at all was answered")
			}

			must(t, s.look(ctx))
			must(t, s.look(ctx))
			if n := log.FilterField(zap.String("index", index)).Len(); n != 1 {
				t.Errorf("the log names the index %d times, want 1: %v", n, log.All())
			}
			core := bad.field == "recievedTime" || bad.field == "createTime" || bad.field == "clientDomain"
			if err := s.Ping(ctx); (err != nil) != core {
				t.Errorf("Ping: %v, want an error: %t", err, core)
			}
			if parts := s.Degraded(); core != (len(parts) == 0) {
				t.Errorf("degraded are %v", parts)
			}
			if f := finding(t, s, "indices"); f.OK || !strings.Contains(f.Text, bad.field+" in "+index) || f.Advice == "" {
				t.Errorf("check says %+v", f)
			}

			dated := bad.field != "recievedTime"
			must(t, s.Retire(ctx, at.Add(time.Hour)))
			err := s.client.Do(ctx, http.MethodHead, "/"+index, nil, nil)
			if gone := cluster.IsStatus(err, http.StatusNotFound); gone != dated {
				t.Errorf("after Retire the index is gone: %t, %v, want %t", gone, err, dated)
			}
		})
	}
}

// TestNothingIsRetiredWithoutDates has payloads and records of sensors, whose times
// are texts.
func TestNothingIsRetiredWithoutDates(t *testing.T) {
	s := openTest(t, store.Options{})
	ctx := t.Context()
	now := alert.At(time.Now())
	for index, doc := range map[string]object{
		s.names.Payloads: {"hash": "x", "hashfuzzyhttp": "x", "lastSeen": now},
		s.names.Sensors:  {"key": "x", "community": true, "updated": now},
	} {
		must(t, s.client.Do(ctx, http.MethodDelete, "/"+index, nil, nil))
		indexWithout(t, s, index, object{"dynamic": true})
		write(t, s, index, "x", doc)
	}
	must(t, s.Retire(ctx, time.Now().Add(-time.Hour)))
	for _, index := range []string{s.names.Payloads, s.names.Sensors} {
		must(t, s.client.Do(ctx, http.MethodGet, "/"+index+"/_doc/x", nil, nil))
	}
	if p, err := store.Get[store.Payload](ctx, s, "x"); err != nil || p.Hash != "x" { // by the keyword below its hash
		t.Errorf("the payload is %+v, %v", p, err)
	}
	if p, err := store.Get[store.Payload](ctx, s, "y"); !errors.Is(err, store.ErrUnavailable) { // its fuzzy hash might be y
		t.Errorf("a payload that may be there is %+v, %v", p, err)
	}
	if err := store.Each(ctx, s, store.Listing{N: 1}, func(store.SensorRecord) error { return nil }); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("sensors: %v", err)
	}
}

// TestGuardOfDeletions replaces an index by one whose times are no dates after its mapping
// was looked at, and before what is old is deleted from it.
func TestGuardOfDeletions(t *testing.T) {
	for _, kind := range []string{"text", "keyword"} {
		t.Run(kind, func(t *testing.T) {
			m := newModule(t, server(t).URL())
			s := openModule(t, m, store.Options{})
			ctx := t.Context()
			putNow(t, s, []alert.Record{plain("old", 0), plain("new", 7200)})
			name := s.names.Day(at)
			racing := manageBetween(t, m, name+"/_delete_by_query", func() {
				must(t, s.client.Do(ctx, http.MethodDelete, "/"+name, nil, nil))
				must(t, s.client.Do(ctx, http.MethodPut, "/"+name, object{"mappings": changedMapping("recievedTime", kind)}, nil))
				write(t, s, name, "x", plain("x", 0).Document)
			})
			if err := racing.Retire(ctx, at.Add(time.Hour)); err == nil {
				t.Error("documents without dates could be deleted by time")
			}
			must(t, s.client.Do(ctx, http.MethodGet, "/"+name+"/_doc/x", nil, nil))
		})
	}
}

// TestCatchAllTemplate has an operator's template of a higher priority than is
// usual, and one of a higher priority than ours: indices have our mapping all the same.
func TestCatchAllTemplate(t *testing.T) {
	for name, priority := range map[string]int{"usual": 500, "above ours": index.TemplatePriority + 1} {
		t.Run(name, func(t *testing.T) {
			m := newModule(t, server(t).URL())
			c := clientOf(t, m)
			t.Cleanup(c.Close)
			prefix := strings.TrimSuffix(m.Index.Alerts, "ews") // others share the server
			template := object{"index_patterns": []string{prefix + "*"}, "priority": priority, "template": object{"settings": object{"number_of_replicas": 0}}}
			path := "/_index_template/" + prefix + "everything"
			must(t, c.Do(t.Context(), http.MethodPut, path, template, nil))
			s := openModule(t, m, store.Options{})
			defer func() { must(t, c.Do(t.Context(), http.MethodDelete, path, nil, nil)) }()
			record := plain("1", 0)
			record.Payload = &alert.Payload{Hash: testID(1), FuzzyHash: testID(2), Data: []byte("x")}
			record.VulnID = "CVE-2026-1"
			putNow(t, s, []alert.Record{record})
			if f := finding(t, s, "indices"); !f.OK {
				t.Errorf("check says %+v", f)
			}
			if f := finding(t, s, "template"); f.OK != (priority < index.TemplatePriority) {
				t.Errorf("check says %+v", f)
			}
			for _, index := range []string{s.names.Day(at), s.names.Day(time.Now()), m.Index.Payloads, m.Index.CVEs} {
				if got := mapping(t, s, index)["dynamic"]; got != "false" {
					t.Errorf("%s has the mapping %v", index, mapping(t, s, index))
				}
			}
		})
	}
}

// TestIndexDeletedWhileRunning deletes today's index, and with it the template: what
// comes then is found. Where the template is there, Elasticsearch creates nothing.
func TestIndexDeletedWhileRunning(t *testing.T) {
	s := openTest(t, store.Options{})
	ctx := t.Context()
	putNow(t, s, []alert.Record{plain("1", 0)})
	index := s.names.Day(at)
	must(t, s.client.Do(ctx, http.MethodDelete, "/"+index, nil, nil))
	putNow(t, s, []alert.Record{plain("2", 1)})
	if got := mapping(t, s, index)["dynamic"]; got != "false" {
		t.Errorf("the index has the mapping %v", mapping(t, s, index))
	}

	for _, name := range s.indices.Templates() {
		must(t, s.client.Do(ctx, http.MethodDelete, "/_index_template/"+name, nil, nil))
	}
	must(t, s.client.Do(ctx, http.MethodDelete, "/"+index, nil, nil))
	must(t, s.look(ctx)) // as once a minute
	putNow(t, s, []alert.Record{plain("3", 2)})
	must(t, s.layOut(ctx))
	if got := mapping(t, s, index)["dynamic"]; got != "false" {
		t.Errorf("the index has the mapping %v", mapping(t, s, index))
	}
}
