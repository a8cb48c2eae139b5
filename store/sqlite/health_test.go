package sqlite

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/peba-edge/peba/sqlitedb"
	"github.com/peba-edge/peba/store"
)

// limitPages lets the file grow by so many pages.
func limitPages(t *testing.T, s *handle, more int64) {
	t.Helper()
	onWriter(t, s, func(w *writer) error {
		n, err := w.Number(context.Background(), "PRAGMA page_count")
		if err != nil {
			return err
		}
		_, err = w.Number(context.Background(), fmt.Sprint("PRAGMA max_page_count = ", n+more))
		return err
	})
}

// TestSmallWritesDoNotHideAFullDisk has room for what is small, but not for the
// message that failed.
func TestSmallWritesDoNotHideAFullDisk(t *testing.T) {
	s := openTest(t, emptyPath(t), store.Options{})
	must(t, s.Put(t.Context(), message(1, 50)))
	limitPages(t, s, 60)
	ill := func(after string) {
		t.Helper()
		if err := s.Ping(t.Context()); !errors.Is(err, store.ErrUnavailable) || sqlitedb.Cause(err) != sqlitedb.CauseFull {
			t.Errorf("Ping after %s: error is %v, want a full disk", after, err)
		}
	}
	if err := s.Put(t.Context(), message(2, 3000)); !errors.Is(err, store.ErrUnavailable) {
		t.Fatalf("Put: error is %v, want ErrUnavailable", err)
	}
	ill("a message that failed")
	must(t, s.PutRecords(t.Context(), store.Statistic{From: time.Unix(0, 0), To: time.Unix(3600, 0)}))
	ill("a small record")
	if f := s.Check(t.Context())[0]; f.OK || !strings.Contains(f.Advice, "Free space") {
		t.Errorf("check finds %+v", f)
	}
	must(t, s.Put(t.Context(), message(3, 1)))
	must(t, s.Ping(t.Context())) // the last message was stored
	if err := s.Put(t.Context(), message(2, 3000)); !errors.Is(err, store.ErrUnavailable) {
		t.Fatalf("Put: error is %v, want ErrUnavailable", err)
	}
	limitPages(t, s, 1<<20)
	must(t, s.Ping(t.Context()))
	if n := numberOf(t, s, "SELECT count(*) FROM payload_data"); n != 0 {
		t.Errorf("the probe has left %d rows", n)
	}
}

func TestFailedCommitsAreCounted(t *testing.T) {
	s := openTest(t, emptyPath(t), store.Options{})
	counts := func() map[string]float64 {
		t.Helper()
		registry := prometheus.NewRegistry()
		must(t, registerMetrics(registry))
		must(t, registerMetrics(registry)) // as a second configuration does
		families, err := registry.Gather()
		must(t, err)
		got := make(map[string]float64)
		for _, f := range families {
			for _, m := range f.GetMetric() {
				got[f.GetName()+" "+m.GetLabel()[0].GetValue()] = m.GetCounter().GetValue()
			}
		}
		return got
	}
	before := counts()
	if len(before) != len(sqlitedb.Causes()) {
		t.Errorf("counters are %v, want one for each of %v", before, sqlitedb.Causes())
	}
	limitPages(t, s, 0)
	_ = s.Put(t.Context(), message(2, 1000))
	const full = "peba_store_failed_commits_total disk_full"
	if after := counts(); after[full] != before[full]+1 {
		t.Errorf("counters are %v, before %v, want one more of a full disk", after, before)
	}
}

// TestFailedCommitLeavesNothingInTheLog fails a transaction that has written to
// the log already, since it does not fit the cache.
func TestFailedCommitLeavesNothingInTheLog(t *testing.T) {
	path := emptyPath(t)
	s := openTest(t, path, store.Options{})
	must(t, s.Put(t.Context(), message(1, 50)))
	limitPages(t, s, 3000)
	before := logSize(t, path)
	err := s.db.do(t.Context(), &job{work: func(w *writer) error {
		if err := w.Exec(context.Background(), "PRAGMA cache_size = 10"); err != nil {
			return err
		}
		_, err := w.change("INSERT INTO payload_data (id, data) VALUES (1, zeroblob(?))", int64(16<<20))
		return err
	}})
	if sqlitedb.Cause(err) != sqlitedb.CauseFull {
		t.Fatalf("error is %v, want a full disk", err)
	}
	if size := logSize(t, path); size < before+mebibyte {
		t.Fatalf("the log has %d bytes, before %d: the test has tested nothing", size, before)
	}
	must(t, s.Put(t.Context(), message(2, 1)))
	onWriter(t, s, func(w *writer) error {
		if size := logSize(t, path); size != sqlitedb.LogBytes(w.log.pages, w.log.pageSize) {
			t.Errorf("the log has %d bytes and %d pages", size, w.log.pages)
		}
		return nil
	})
}
