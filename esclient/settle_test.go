package esclient

import (
	"net/http"
	"testing"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
)

// TestSettle has alerts counted that are stored and not visible yet, and tells of
// those that wait in the spool.
func TestSettle(t *testing.T) {
	s := openTest(t, store.Options{})
	ctx := t.Context()
	must(t, s.Put(ctx, []alert.Record{plain("1", 1)}))
	must(t, s.out.spool.WaitEmpty(ctx))
	before := time.Now()
	if settled, err := s.Settle(ctx); err != nil || settled.Before(before) {
		t.Errorf("with an empty spool it is %v, %v, want now", settled, err)
	}
	if n, err := s.Count(ctx, store.Filter{}); err != nil || n != 1 {
		t.Errorf("%d alerts can be counted, %v, want 1", n, err)
	}

	// One is stuck: its index is closed.
	stuck := plain("2", 2)
	index := s.names.Of(&stuck.Document)
	must(t, s.client.Do(ctx, http.MethodPost, "/"+index+"/_close", nil, nil))
	must(t, s.Put(ctx, []alert.Record{stuck}))
	after := time.Now()
	if settled, err := s.Settle(ctx); err != nil || !settled.Before(after) {
		t.Errorf("with an alert that waits since %v it is %v, %v", after, settled, err)
	}
	must(t, s.client.Do(ctx, http.MethodPost, "/"+index+"/_open", nil, nil))
	settle(t, s)
}
