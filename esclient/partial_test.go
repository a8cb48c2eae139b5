package esclient

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/peba-edge/peba/store"
)

// TestPartialAnswers takes no answer that some shards or some time are missing from,
// whatever asks. OpenSearch calls an answer good that lacks the shards which are
// just starting.
func TestPartialAnswers(t *testing.T) {
	var text string
	var m *Module
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Elastic-Product", "Elasticsearch")
		switch {
		case strings.HasSuffix(r.URL.Path, "/_search"):
			fmt.Fprint(w, text)
		case strings.HasPrefix(r.URL.Path, "/_cluster/state"):
			fmt.Fprint(w, `{"state_uuid":"1"}`)
		case strings.HasPrefix(r.URL.Path, "/_nodes/stats"):
			fmt.Fprintf(w, `{"nodes":{"1":{"name":"n","timestamp":%d}}}`, time.Now().UnixMilli())
		case strings.HasPrefix(r.URL.Path, "/_cat/indices"):
			fmt.Fprintf(w, `[{"index":%q}]`, m.Index.Day(at))
		default:
			fmt.Fprint(w, "{}")
		}
	}))
	t.Cleanup(s.Close)
	m = newModule(t, s.URL)
	st := bareStore(t, m)
	st.out = new(outgoing)
	ctx := t.Context()
	from := store.Filter{From: at, To: at.Add(time.Hour)}
	questions := map[string]func() error{
		"Count":  func() error { _, err := st.Count(ctx, from); return err },
		"Newest": func() error { _, err := st.Newest(ctx, from, 10); return err },
		"Group by terms": func() error {
			_, err := st.Group(ctx, from, store.Grouping{By: []store.Dimension{store.PeerType}})
			return err
		},
		"Group by pages": func() error {
			_, err := st.Group(ctx, from, store.Grouping{By: []store.Dimension{store.PeerType}, Bucket: time.Hour})
			return err
		},
		"Statistics": func() error {
			_, err := store.List[store.Statistic](ctx, st, store.Listing{From: at, To: at})
			return err
		},
		"Payload":   func() error { _, err := store.Get[store.Payload](ctx, st, "md5"); return err },
		"CVEs":      func() error { _, err := store.List[store.CVE](ctx, st, store.Listing{}); return err },
		"ListUsers": func() error { _, err := store.List[store.User](ctx, st, store.Listing{}); return err },
		"Sensors": func() error {
			return store.Each(ctx, st, store.Listing{N: 1}, func(store.SensorRecord) error { return nil })
		},
		"retention": func() error { return st.Retire(ctx, at) },
	}
	answers := map[string]string{
		"timed out":       `{"timed_out":true,"_shards":{"total":3,"successful":3},"hits":{"total":{"value":0}}}`,
		"a failed shard":  `{"_shards":{"total":3,"successful":2,"failed":1},"hits":{"total":{"value":0}}}`,
		"a missing shard": `{"_shards":{"total":3,"successful":2,"skipped":1,"failed":0},"hits":{"total":{"value":0}}}`,
	}
	for question, ask := range questions {
		for lack, answer := range answers {
			t.Run(question+", "+lack, func(t *testing.T) {
				text = answer
				if err := ask(); !errors.Is(err, store.ErrUnavailable) || !strings.Contains(err.Error(), "incomplete answer") {
					t.Errorf("error is %v, want ErrUnavailable", err)
				}
			})
		}
	}
	text = `{"_shards":{"total":3,"successful":3,"skipped":2},"hits":{"total":{"value":7}}}`
	if n, err := st.Count(ctx, from); n != 7 || err != nil {
		t.Errorf("of all shards: %d, %v", n, err)
	}
}
