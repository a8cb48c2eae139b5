package esclient

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/peba-edge/peba/esclient/fakecluster"
	"github.com/peba-edge/peba/store"
)

// TestSensorsRefused has records in the first request that are not taken: those of
// the next ones are sent nevertheless. When the cluster is gone it is asked once.
func TestSensorsRefused(t *testing.T) {
	fake := fakecluster.Start(t)
	m := newModule(t, fake.URL)
	c := clientOf(t, m)
	s := &esStore{client: c, names: &m.Index, ready: make(chan struct{})}
	close(s.ready)
	sent := make(map[string]bool)
	fake.Fail(func() {
		fake.Item = func(_, _, id string, _ []byte) (int, string, string) {
			sent[id] = true
			if id == "1" || id == "2" || id == fmt.Sprint(2*sensorsAtOnce) {
				return http.StatusBadRequest, "mapper_parsing_exception", "<script>"
			}
			return http.StatusOK, "", ""
		}
	})
	var records []store.Record
	for i := range 3 * sensorsAtOnce {
		records = append(records, store.SensorRecord{Key: fmt.Sprint(i)})
	}
	err := s.putSensors(t.Context(), records)
	if !errors.Is(err, store.ErrUnavailable) || !strings.Contains(err.Error(), "2 of 500 records of sensors, the first is 1:") ||
		!strings.Contains(err.Error(), "1 of 500 records of sensors, the first is 1000:") {
		t.Errorf("error is %v", err)
	}
	fake.Fail(func() {
		if len(sent) != len(records) {
			t.Errorf("%d records were sent, want %d", len(sent), len(records))
		}
		fake.Sizes = nil
		fake.Refuse = func(w http.ResponseWriter, _ *http.Request, body []byte) bool {
			fake.Sizes = append(fake.Sizes, len(body))
			w.WriteHeader(http.StatusServiceUnavailable)
			return true
		}
	})
	if err := s.putSensors(t.Context(), records); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("error is %v", err)
	}
	fake.Fail(func() {
		if len(fake.Sizes) != 1 {
			t.Errorf("%d requests to a cluster that is gone, want 1", len(fake.Sizes))
		}
	})
}
