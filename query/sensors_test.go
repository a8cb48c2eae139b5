package query

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
	"github.com/peba-edge/peba/store/memory"
)

// Records of several runs and edges are added up, by sensor and domain.
func TestSensors(t *testing.T) {
	moment := func(text string) alert.Time { return alert.At(at(t, text)) }
	start := func(text string) int64 { return at(t, text).Unix() }
	s := memory.New(store.Options{})
	records := []store.Record{
		store.SensorRecord{ // an earlier run
			Key: "1", Sensor: "a", UUID: "a", Hostname: "old", Version: "v1", Analyzers: []string{"cowrie"}, Community: true,
			FirstSeen: moment("2026-11-20 10:00:00"), LastSeen: moment("2026-11-23 10:00:00"), Messages: 50,
			Accepted: 100, Refused: map[string]int64{"timezone": 3}, Delays: []int64{7200, 7200, 7200, 7200},
			Counts: []store.SensorCount{{Start: start("2026-11-22 23:00:00"), Count: 9}, {Start: start("2026-11-23 00:00:00"), Count: 5}},
		},
		store.SensorRecord{ // the same sensor's at another edge
			Key: "2", Sensor: "a", UUID: "a", Hostname: "new", Version: "v2", Analyzers: []string{"tanner", "new-pot", "cowrie"}, Community: true,
			FirstSeen: moment("2026-11-23 09:00:00"), LastSeen: moment("2026-11-23 23:46:00"), Messages: 1,
			Accepted: 10, Refused: map[string]int64{"timezone": 1, "store": 7}, Delays: []int64{100, 80, 95},
			Counts: []store.SensorCount{{Start: start("2026-11-23 22:00:00"), Count: 1}, {Start: start("2026-11-23 22:40:00"), Count: 2},
				{Start: start("2026-11-23 22:50:00"), Count: 4}, {Start: start("2026-11-23 23:40:00"), Count: 8}},
		},
		store.SensorRecord{ // wrong log-ins in its name tell nothing of it
			Key: "3", Sensor: "a", UUID: "forged", Version: "forged", Community: true, Refused: map[string]int64{"credentials": 2},
			Updated: moment("2026-11-23 23:46:05"),
		},
		store.SensorRecord{Key: "4", Sensor: "a", Community: false, FirstSeen: moment("2026-11-23 23:46:00"), LastSeen: moment("2026-11-23 23:46:00"), Messages: 1, Accepted: 1},
		store.SensorRecord{Key: "5", Community: true, Accepted: 4, Refused: map[string]int64{"credentials": 12}},
		store.SensorRecord{Key: "6", Sensor: "never seen", Community: true, Refused: map[string]int64{"credentials": 1}},
	}
	if err := s.PutRecords(t.Context(), records...); err != nil {
		t.Fatal(err)
	}
	perHour := make([]int64, 24)
	perHour[0], perHour[22], perHour[23] = 5, 7, 8
	hours, err := json.Marshal(perHour)
	if err != nil {
		t.Fatal(err)
	}
	community := fmt.Sprintf(`{"id":"a","uuid":"a","hostname":"new","analyzers":["cowrie","new-pot","tanner"],"unclassified":["new-pot"],"version":"v2","community":true,`+
		`"firstSeen":"2026-11-20 10:00:00","lastSeen":"2026-11-23 23:46:00","accepted":110,`+
		`"refused":{"store":7,"timezone":4,"credentials":2},"lastHour":12,"perHour":%s,"delay":95,"clock":"ok","quiet":false}`, hours)
	hours, err = json.Marshal(make([]int64, 24))
	if err != nil {
		t.Fatal(err)
	}
	private := fmt.Sprintf(`{"id":"a","uuid":"","hostname":"","analyzers":[],"unclassified":[],"version":"","community":false,`+
		`"firstSeen":"2026-11-23 23:46:00","lastSeen":"2026-11-23 23:46:00","accepted":1,"refused":{},"lastHour":0,"perHour":%s,"delay":null,"clock":"unknown","quiet":false}`, hours)
	const (
		others = `"others":{"accepted":4,"refused":{"credentials":13}},"complete":true`
		none   = `"others":{"accepted":0,"refused":{}},"complete":true`
	)
	for ci, want := range map[string]string{
		"1":  `{"sensors":[` + community + `],` + others + `}`,
		"0":  `{"sensors":[` + private + `],` + none + `}`,
		"-1": `{"sensors":[` + community + `,` + private + `],` + others + `}`,
	} {
		if got := answer(t, s, "sensors", "ci="+ci); got != want+"\n" {
			t.Errorf("ci=%s:\ngot  %s\nwant %s", ci, got, want)
		}
	}
}
