package esclient

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/esclient/cluster"
	"github.com/peba-edge/peba/query"
	"github.com/peba-edge/peba/store"
	"github.com/peba-edge/peba/store/storetest"
)

// benchNow is when questions are asked, in the middle of an hour.
var benchNow = time.Date(2026, 11, 24, 15, 37, 41, 0, time.UTC)

// fill stores a week of alerts.
func fill(b *testing.B, s *esStore) {
	const alerts, burst, days = 100_000, 2000, 7
	h := storetest.NewHistory(1)
	for sent := 0; sent < alerts; sent += burst {
		var records []alert.Record
		for n := 0; n < burst; n += 100 {
			back := time.Duration(alerts-sent-n) * (days * 24 * time.Hour / alerts)
			records = append(records, h.Message(benchNow.Add(-back), 100)...)
		}
		must(b, s.Put(b.Context(), records))
	}
	settle(b, s)
	must(b, s.client.Do(b.Context(), http.MethodPost, "/"+s.names.Alerts+"-*/_forcemerge?max_num_segments=1", nil, nil))
	var stats struct {
		All struct {
			Primaries struct {
				Store struct {
					Size int64 `json:"size_in_bytes"`
				} `json:"store"`
			} `json:"primaries"`
		} `json:"_all"`
	}
	must(b, s.client.Do(b.Context(), http.MethodGet, "/"+s.names.Alerts+"-*/_stats/store", nil, &stats))
	b.Logf("%d bytes an alert, merged, without replicas", stats.All.Primaries.Store.Size/alerts)
}

// recorder notes what is sent, and has Elasticsearch keep no answers.
type recorder struct {
	http.RoundTripper
	sent []request
}

type request struct {
	method, url string
	body        []byte
}

// RoundTrip implements http.RoundTripper.
func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	req.URL.RawQuery = strings.Replace(req.URL.RawQuery, "request_cache=true", "request_cache=false", 1)
	if req.GetBody != nil {
		body, err := req.GetBody()
		if err != nil {
			return nil, err
		}
		text, err := io.ReadAll(body)
		if err != nil {
			return nil, err
		}
		r.sent = append(r.sent, request{req.Method, req.URL.String(), text})
	}
	return r.RoundTripper.RoundTrip(req)
}

// BenchmarkQuestions asks questions with nothing cached, and sends the same
// queries to Elasticsearch without this program, in turn.
func BenchmarkQuestions(b *testing.B) {
	m := newModule(b, server(b).URL())
	fill(b, openModule(b, m, store.Options{}))
	rec := new(recorder)
	o := m.cluster()
	o.Wrap = func(t http.RoundTripper) http.RoundTripper {
		rec.RoundTripper = t
		return rec
	}
	c, err := cluster.New(o)
	must(b, err)
	s := bareStoreBy(b, m, c)
	for _, asked := range []string{
		"retrieveIPs?", "retrieveAlertsCyber?", "querySingleIP?ip=" + storetest.NewHistory(1).Source(1), "retrieveAlertsCount?time=1440",
		"retrieveAlertsCountWithType?time=10080", "retrieveAlertStats?", "datasetAlertTypesPerMonth?", "topCountriesAttacks?",
		"retrieveLatLonAttacks?topx=10000", "TpotStats?day=20261123", "tops?type=urls&topx=30&days=28", "tops?type=destports&days=7",
	} {
		u, err := url.Parse(asked)
		must(b, err)
		b.Run(u.Path, func(b *testing.B) { benchmarkQuestion(b, s, rec, u) })
	}
}

func benchmarkQuestion(b *testing.B, s *esStore, rec *recorder, u *url.URL) {
	q, ok := query.Named(u.Path)
	if !ok {
		b.Fatalf("no question %s", u.Path)
	}
	values := u.Query()
	values.Set("ci", "-1")
	args, err := q.Parse(values)
	must(b, err)
	in := query.Input{Reader: s, Now: benchNow, Args: args, Settings: query.Settings{BadIPWindow: 2 * time.Hour, Retention: 28 * 24 * time.Hour, MaxAlerts: 1000}}
	plain := &http.Client{Transport: &http.Transport{DisableCompression: true}}
	defer plain.CloseIdleConnections()
	ask := func() (took time.Duration) {
		rec.sent = nil
		start := time.Now()
		_, err := q.Ask(context.Background(), in)
		must(b, err)
		return time.Since(start)
	}
	replay := func() time.Duration {
		start := time.Now()
		for _, r := range rec.sent {
			send(b, plain, r)
		}
		return time.Since(start)
	}
	ask() // what Elasticsearch makes once, such as global ordinals, is there
	var ours []time.Duration
	var ratios []float64
	for b.Loop() { // in turns: what else the machine does meets both
		raw := replay()
		took := ask()
		ours = append(ours, took)
		ratios = append(ratios, float64(took)/float64(raw))
	}
	slices.Sort(ours)
	slices.Sort(ratios)
	median := len(ours) / 2
	b.ReportMetric(0, "ns/op") // an operation is both
	b.ReportMetric(ratios[median], "×raw")
	b.ReportMetric(float64(ours[median].Microseconds())/1000, "ms")
	b.ReportMetric(float64(len(rec.sent)), "requests")
}

// send sends one request and reads the answer, and does nothing with it.
func send(b *testing.B, c *http.Client, r request) {
	req, err := http.NewRequest(r.method, r.url, bytes.NewReader(r.body))
	must(b, err)
	req.Header.Set("Content-Type", "application/json")
	resp, err := c.Do(req)
	must(b, err)
	_, err = io.Copy(io.Discard, resp.Body)
	must(b, err)
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		b.Fatalf("%s answers %s", r.url, resp.Status)
	}
}
