package app

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/peba-edge/peba/query"
	"github.com/peba-edge/peba/store"
)

// TestSensorsOfThisMoment asks for sensors before anything of them is in the store.
func TestSensorsOfThisMoment(t *testing.T) {
	app := startApp(t, community)
	send(t, app, "", 1, 2)
	q, _ := query.Named("sensors")
	args, err := q.Parse(nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := app.fill(q, args, 0, time.Now().UTC())(t.Context())
	if err != nil || !strings.Contains(string(answer), `"accepted":2`) {
		t.Errorf("the answer is %s, error %v", answer, err)
	}
}

// After a reload what is counted goes on in the same records, by both configurations
// while there are two, and each sensor still has one record.
func TestReloadKeepsCounting(t *testing.T) {
	config := filepath.Join(t.TempDir(), "peba.db")
	before, err := provisionAt(t, config, community)
	if err != nil {
		t.Fatal(err)
	}
	if err := before.Start(); err != nil {
		t.Fatal(err)
	}
	send(t, before, "", 1)
	after, err := provisionAt(t, config, community+`,"max_alerts":7`)
	if err != nil {
		t.Fatal(err)
	}
	if err := after.Start(); err != nil {
		t.Fatal(err)
	}
	send(t, after, "", 2)
	if err := before.Stop(); err != nil {
		t.Fatal(err)
	}
	send(t, before, "", 3) // a late request
	if err := before.close(); err != nil {
		t.Fatal(err)
	}
	send(t, after, "", 4)
	if err := after.sensors.Flush(t.Context(), after.store); err != nil {
		t.Fatal(err)
	}
	records, err := store.List[store.SensorRecord](t.Context(), after.store, store.Listing{})
	if err != nil || len(records) != 1 || records[0].Accepted != 4 {
		t.Errorf("records are %+v, error %v", records, err)
	}
}
