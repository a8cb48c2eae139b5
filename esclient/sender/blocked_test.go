package sender

import (
	"net/http"
	"testing"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/spool"
)

// TestIndexRefusesALot has more alerts for an index that takes nothing than all
// workers keep: what comes for other days must be stored again.
func TestIndexRefusesALot(t *testing.T) {
	r := newRig(t)
	sp, err := spool.Open(t.Context(), t.TempDir(), spool.Options{})
	must(t, err)
	t.Cleanup(func() { must(t, sp.Close()) })
	r.sender.outbox = sp
	r.cluster.Item = func(_, index, _ string, _ []byte) (int, string, string) {
		if index != testDay {
			return http.StatusBadRequest, "index_closed_exception", "closed"
		}
		return 0, "", ""
	}
	r.sender.backoff = backoff{first: defaultWait, max: defaultMaxWait}
	r.start()
	const workers, size = defaultWorkers + 1, 2 << 20
	for n := range workers*maxParked/size + 20 {
		old := withPayload(1000+n, 0)
		old.CreateTime = alert.At(old.CreateTime.AddDate(0, -6, 0))
		old.Payload.Data = make([]byte, size)
		must(t, sp.Append(t.Context(), frameOf(t, old)))
	}
	for n := range 300 { // half a minute, for a busy machine
		must(t, sp.Append(t.Context(), frameOf(t, testAlert(n))))
		time.Sleep(100 * time.Millisecond)
		if len(r.cluster.IDs(testDay)) > 0 {
			return
		}
	}
	t.Error("no alert of another day is stored")
}
