package sqlite

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
	"github.com/peba-edge/peba/store/memory"
	"github.com/peba-edge/peba/store/storetest"
)

// TestNewestOfSourceOverManyBlocks compares with the model a store whose alerts
// came in many blocks, with gaps, as retention leaves them.
func TestNewestOfSourceOverManyBlocks(t *testing.T) {
	s := openTest(t, emptyPath(t), store.Options{})
	model := memory.New(store.Options{})
	odd := storetest.NewOdd(5)
	sources := make(map[string]bool)
	for range 40 {
		m := odd.Message()
		must(t, s.Put(t.Context(), m))
		must(t, model.Put(t.Context(), m))
		sources[m[0].SourceEntryIP] = true
		onWriter(t, s, func(w *writer) error { // the next alert comes three blocks later
			_, err := w.change("UPDATE alerts SET seq = seq + 3 * 16384 WHERE seq = (SELECT max(seq) FROM alerts)")
			return err
		})
	}
	for source := range sources {
		for _, domain := range []store.Domain{store.Community, store.Private, store.Both} {
			for _, n := range []int{1, 10, 1000} {
				f := store.Filter{Domain: domain, Time: store.Created, SourceIP: source}
				compareTimes(t, s, model, f, n)
				f.From, f.To = odd.Start().Add(24*time.Hour), odd.Start().Add(60*time.Hour)
				compareTimes(t, s, model, f, n)
			}
		}
	}
	if n := numberOf(t, s, "SELECT count(DISTINCT block) FROM alerts"); n < 40 {
		t.Errorf("there are %d blocks only", n)
	}
	var sound string
	must(t, s.db.readers.QueryRow("PRAGMA integrity_check").Scan(&sound))
	if sound != "ok" {
		t.Errorf("integrity: %s", sound)
	}
}

// compareTimes compares the times of the newest; their order within a second
// is free.
func compareTimes(t *testing.T, s, model store.Store, f store.Filter, n int) {
	t.Helper()
	times := func(docs []alert.Document, err error) string {
		must(t, err)
		var list []string
		for _, d := range docs {
			list = append(list, d.CreateTime.String())
		}
		return strings.Join(list, "\n")
	}
	got, want := times(s.Newest(t.Context(), f, n)), times(model.Newest(t.Context(), f, n))
	if got != want {
		t.Errorf("the newest %d of %+v are of\n%s\nwant\n%s", n, f, got, want)
	}
}

// TestPlansUseIndices holds questions about received time to the index.
func TestPlansUseIndices(t *testing.T) {
	s := openTest(t, emptyPath(t), store.Options{})
	f := store.Filter{Domain: store.Both, From: time.Unix(1, 0), SourceIP: "192.0.2.1", PeerType: "Webpage"}
	table, values, err := from(f)
	must(t, err)
	hasPlan(t, s, "SELECT count(*) FROM "+table, values, "SEARCH alerts USING COVERING INDEX alerts_received")
	for _, by := range []store.Dimension{store.SourceIP, store.PeerType, store.Hostname} {
		coveredBy(t, s, f, store.Grouping{By: []store.Dimension{by}, Bucket: time.Hour})
	}
	// What the feeds group by, over all sources.
	f.SourceIP, f.PeerType = "", ""
	coveredBy(t, s, f, store.Grouping{Times: true, By: []store.Dimension{
		store.SourceIP, store.PeerType, store.SourceDoubt, store.SensorUUID, store.Hostname, store.ExternalIP, store.Interaction, store.Transport,
	}})
}

// coveredBy fails unless the index has all of alerts that the grouping needs.
func coveredBy(t *testing.T, s *handle, f store.Filter, g store.Grouping) {
	t.Helper()
	p, err := newPlan(g, false)
	must(t, err)
	query, values, err := p.query(f, "")
	must(t, err)
	hasPlan(t, s, query, values, "SEARCH alerts USING COVERING INDEX alerts_received")
}

func hasPlan(t *testing.T, s *handle, query string, values []any, want string) {
	t.Helper()
	rows, err := s.db.readers.QueryContext(context.Background(), "EXPLAIN QUERY PLAN "+query, values...)
	must(t, err)
	defer rows.Close()
	var plan []string
	for rows.Next() {
		var id, parent, unused int
		var detail string
		must(t, rows.Scan(&id, &parent, &unused, &detail))
		plan = append(plan, detail)
	}
	if text := strings.Join(plan, "\n"); !strings.Contains(text, want) || strings.Contains(text, "SCAN alerts") {
		t.Errorf("%s\nhas plan\n%s\nwant %s", query, text, want)
	}
}
