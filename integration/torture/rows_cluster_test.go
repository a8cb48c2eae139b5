//go:build linux

package torture

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/peba-edge/peba/integration/edgetest"
)

// clusterRows are about what Elasticsearch answers.
func clusterRows() rows {
	var list rows
	for _, one := range []struct {
		fault string
		lie   lie
		shows view
	}{
		{"Elasticsearch down", reset, inHeartbeat | inCheck},
		{"Elasticsearch hangs", hang, inHeartbeat | inCheck},
		{"connections end after a bulk request, before its answer", bulks(after(func([]byte) []byte { return nil })), inHeartbeat | inCheck},
		{"bulk requests get 429", bulks(fails(http.StatusTooManyRequests, "es_rejected_execution_exception")), inHeartbeat | inCheck},
		{"bulk requests get 503", bulks(fails(http.StatusServiceUnavailable, "unavailable_shards_exception")), inHeartbeat | inCheck},
		{"all requests get 401", fails(http.StatusUnauthorized, "security_exception"), inHeartbeat | inCheck},
		{"all answers are HTML", says(http.StatusOK, "text/html", "<html><body>It works!</body></html>"), inHeartbeat | inCheck},
		{"all answers are empty", says(http.StatusOK, "application/json", ""), inHeartbeat | inCheck},
		{"bulk answers are cut", bulks(after(func(body []byte) []byte { return body[:len(body)/2] })), inHeartbeat | inCheck},
		{"bulk answers are reordered", items(func(list []json.RawMessage) []json.RawMessage {
			list[0], list[len(list)-1] = list[len(list)-1], list[0]
			return list
		}), inHeartbeat | inCheck},
		{"bulk answers are one item short", items(func(list []json.RawMessage) []json.RawMessage { return list[1:] }), inHeartbeat | inCheck},
	} {
		list = append(list, row{
			fault: one.fault, store: cluster, hold: 6 * time.Second, shows: one.shows,
			inject:    func(r *run) { r.liar.tell(one.lie) },
			recovered: func(r *run) { r.liar.honest() },
		})
	}
	return list.with(row{
		fault: "writes to the index are blocked", store: cluster, hold: 4 * time.Second, operator: "remove the block",
		inject:    func(r *run) { r.block("write", "true") },
		recovered: func(r *run) { r.block("write", "null") },
		shows:     inHeartbeat | inCheck,
	}, row{
		fault: "flood stage: the index is read-only", store: cluster, hold: 4 * time.Second, operator: "make room, remove the block",
		inject:    func(r *run) { r.block("read_only_allow_delete", "true") },
		recovered: func(r *run) { r.block("read_only_allow_delete", "null") },
		shows:     inHeartbeat | inCheck,
	}, row{
		fault: "the index's mapping rejects alerts", store: cluster, operator: "reindex, requeue",
		prepare: func(r *run) {
			r.elastic.Do(http.MethodPut, "/"+r.elastic.Day(), `{"mappings":{"properties":{"sourceEntryIp":{"type":"integer"}}}}`, nil)
		},
		recovered: (*run).requeue,
		shows:     inCheck | inLog,
	}, row{
		fault: "the index's mapping rejects one alert of fifty", store: cluster, operator: "reindex, requeue",
		traffic: edgetest.Traffic{Alert: func(n int) string {
			alert := edgetest.AlertXML("203.0.113.7", n)
			if n%50 == 0 {
				alert = strings.Replace(alert, fmt.Sprintf("port=\"%d\"", 1024+n), `port="60000"`, 1)
			}
			return alert
		}},
		prepare: func(r *run) {
			r.elastic.Do(http.MethodPut, "/"+r.elastic.Day(), `{"mappings":{"properties":{"sourceEntryPort":{"type":"short"}}}}`, nil)
		},
		recovered: (*run).requeue,
	}, row{
		fault: "searches leave shards out", store: cluster,
		inject: func(r *run) {
			r.liar.tell(shardsLeftOut)
			if status := r.ask(); status != http.StatusServiceUnavailable {
				r.t.Errorf("a count without all shards is answered %d", status)
			}
		},
		recovered: func(r *run) { r.liar.honest(); r.answers() },
	}, row{
		fault: "the template and today's index are deleted", store: cluster, operator: "restart; reindex, if the check says so",
		loses: "what was in the index",
		inject: func(r *run) {
			r.awaitIndex()
			r.elastic.Do(http.MethodDelete, r.template(), "", nil)
			r.elastic.Do(http.MethodDelete, "/"+r.elastic.Day(), "", nil)
			r.begun = time.Now()
		},
		recovered: func(r *run) {
			r.restart()
			// Within a minute, until the template is there again, a bulk request makes an
			// index without dates.
			edgetest.Eventually(r.t, "the template is there again", func() bool {
				status, _ := r.elastic.Request(http.MethodGet, r.template(), "")
				return status == http.StatusOK
			})
			r.awaitIndex()
			if _, text := r.mappingOf(r.elastic.Day()); !strings.Contains(text, mappedDate) {
				r.repairIndex()
			}
		},
		after: func(r *run) { r.mappedAsDate("ews-2026.11.23-1") },
		shows: inCheck,
	}, row{
		fault: "the template is deleted; the next day begins", store: cluster, hold: 3 * time.Second,
		traffic: edgetest.Traffic{Alert: func(n int) string {
			return at(n, "2026-11-23 10:00:00", "2026-11-24 10:00:00", 400)
		}},
		inject: func(r *run) {
			r.elastic.Do(http.MethodDelete, r.template(), "", nil)
			r.ledger.More(600)
		},
		after: func(r *run) { r.mappedAsDate("ews-2026.11.24-1") },
	}, row{
		fault: "a catch-all template of higher priority", store: cluster, hold: time.Second,
		prepare: func(r *run) { r.elastic.CatchAll() },
		after:   func(r *run) { r.mappedAsDate("ews-2026.11.23-1"); r.answers() },
	}, row{
		fault: "an index without dates is there first, and retention runs", store: cluster, sick: true, hold: 13 * time.Second,
		operator: "reindex, as the check says",
		prepare: func(r *run) {
			now := time.Now().UTC().Format(time.DateTime)
			r.elastic.Do(http.MethodPut, "/"+r.elastic.Day()+"/_doc/restored?refresh=true",
				fmt.Sprintf(`{"recievedTime":%q,"createTime":%q,"clientDomain":true,"additionalData":"restored"}`, now, now), nil)
		},
		recovered: (*run).repairIndex,
		after: func(r *run) {
			var found struct{ Found bool }
			r.elastic.Do(http.MethodGet, "/"+r.elastic.Day()+"/_doc/restored", "", &found)
			if !found.Found {
				r.t.Error("retention has dropped a document that is not old")
			}
		},
		shows: inHeartbeat | inCheck,
	})
}

// requeue makes the index anew, with what it has, and has sent again what it rejected.
func (r *run) requeue() {
	r.t.Helper()
	r.ledger.End()
	r.s.Drain()
	day, aside := r.elastic.Day(), r.elastic.Prefix+"aside"
	reindex := func(from, to string) {
		r.elastic.Do(http.MethodPut, "/"+to, "", nil) // no document may create it
		r.elastic.Do(http.MethodPost, "/_reindex?refresh=true&wait_for_completion=true", fmt.Sprintf(`{"source":{"index":%q},"dest":{"index":%q}}`, from, to), nil)
		r.elastic.Do(http.MethodDelete, "/"+from, "", nil)
	}
	r.elastic.Do(http.MethodPost, "/"+day+"/_refresh", "", nil)
	reindex(day, aside)
	reindex(aside, day)
	if out, err := r.s.CLI("", "peba", "dead-letters", "requeue", "--all", "--address", r.s.Admin); err != nil {
		r.t.Errorf("requeue: %v\n%s", err, out)
	}
	r.ledger.Resume()
}

// repairIndex does what the check advises for an index with wrong types. What stands
// aside meanwhile keeps its times as texts, so that questions get 503.
func (r *run) repairIndex() {
	r.t.Helper()
	day := r.elastic.Day()
	aside := r.elastic.Prefix + "ews-spare-" + day
	do := func(method, path, body string) { r.elastic.Do(method, path, body, nil) }
	do(http.MethodPut, "/"+day+"/_block/write", "")
	do(http.MethodPost, "/"+day+"/_refresh", "")
	do(http.MethodPut, "/"+aside, `{"mappings":{"dynamic":false,"properties":{"recievedTime":{"type":"keyword"}}}}`)
	do(http.MethodPost, "/_reindex?refresh", fmt.Sprintf(`{"source":{"index":%q},"dest":{"index":%q}}`, day, aside))
	do(http.MethodDelete, "/"+day, "")
	r.awaitIndex() // the edge creates it again
	do(http.MethodPost, "/_reindex?refresh", fmt.Sprintf(`{"conflicts":"proceed","source":{"index":%q},"dest":{"index":%q,"op_type":"create"}}`, aside, day))
	do(http.MethodDelete, "/"+aside, "")
}

// shardsLeftOut has answers to searches say that a shard was not asked, as a cluster
// that recovers may.
func shardsLeftOut(w http.ResponseWriter, q *http.Request, honest http.Handler) {
	if !strings.HasSuffix(q.URL.Path, "/_search") {
		honest.ServeHTTP(w, q)
		return
	}
	after(func(body []byte) []byte {
		const field = `"successful":`
		before, rest, found := bytes.Cut(body, []byte(field))
		if !found {
			return body
		}
		return append(append(before, field+"0"...), bytes.TrimLeft(rest, "0123456789")...)
	})(w, q, honest)
}

// nodeRows kill the nodes of the cluster of three, or set all of it up: nothing else
// may use it meanwhile.
func nodeRows() rows {
	list := []row{{
		fault: "one of three nodes is killed", operator: "start the node",
		inject:    func(r *run) { r.elastic.Wait(r.t, "green"); r.elastic.Nodes[0].Kill() },
		recovered: func(r *run) { r.elastic.Heal(r.t) },
	}, {
		fault: "all nodes are killed", operator: "start the nodes",
		inject: func(r *run) {
			for _, node := range r.elastic.Nodes {
				node.Kill()
			}
		},
		recovered: func(r *run) { r.elastic.Heal(r.t) },
		shows:     inHeartbeat | inCheck,
	}, {
		fault: "no shards left for tomorrow's indices", operator: "raise cluster.max_shards_per_node",
		inject:    func(r *run) { r.maxShards("1") },
		recovered: func(r *run) { r.maxShards("null") },
		shows:     inCheck,
	}}
	for i := range list {
		list[i].threeNodes, list[i].hold = true, 3*time.Second
	}
	return forStores(list, cluster)
}

func (r *run) maxShards(value string) {
	r.t.Helper()
	r.elastic.Do(http.MethodPut, "/_cluster/settings", `{"transient":{"cluster.max_shards_per_node":`+value+`}}`, nil)
	if value != "null" {
		r.t.Cleanup(func() { r.maxShards("null") })
	}
}

// awaitIndex waits until there is an index of the alerts that are sent.
func (r *run) awaitIndex() {
	r.t.Helper()
	edgetest.Eventually(r.t, "there is an index", func() bool {
		status, _ := r.elastic.Request(http.MethodGet, "/"+r.elastic.Day(), "")
		return status == http.StatusOK
	})
}

func (r *run) block(name, value string) {
	r.t.Helper()
	r.awaitIndex()
	r.elastic.Do(http.MethodPut, "/"+r.elastic.Day()+"/_settings", `{"index.blocks.`+name+`":`+value+`}`, nil)
}

// template is the path of the template of alerts' indices.
func (r *run) template() string { return "/_index_template/peba-" + r.elastic.Prefix + "ews" }

// mappedAsDate fails the test unless the index's times are dates.
func (r *run) mappedAsDate(index string) {
	r.t.Helper()
	if status, text := r.mappingOf(r.elastic.Prefix + index); status != http.StatusOK || !strings.Contains(text, mappedDate) {
		r.t.Errorf("%s does not map recievedTime as a date: %d %s", index, status, text)
	}
}

// mappedDate is what stands in the mapping of a field that is a date.
const mappedDate = `"type":"date"`

// mappingOf returns how an index maps the time of arrival.
func (r *run) mappingOf(index string) (status int, text string) {
	return r.elastic.Request(http.MethodGet, "/"+index+"/_mapping/field/recievedTime", "")
}

// answers fails the test unless a question about all alerts is answered.
func (r *run) answers() {
	r.t.Helper()
	if status := r.ask(); status != http.StatusOK {
		r.t.Errorf("a question is answered %d", status)
	}
}

// at is AlertXML with one time for the first alerts and another from then on.
func at(n int, first, then string, from int) string {
	created := first
	if n >= from {
		created = then
	}
	return strings.Replace(edgetest.AlertXML("203.0.113.7", n), "2026-11-23 10:00:00", created, 1)
}
