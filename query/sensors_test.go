package query

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
	"github.com/peba-edge/peba/store/storetest"
)

// Records of several runs and edges are added up, by sensor and domain.
func TestSensors(t *testing.T) {
	moment := func(text string) alert.Time { return alert.At(at(t, text)) }
	start := func(text string) int64 { return at(t, text).Unix() }
	s := storetest.NewModel(store.Options{})
	records := []store.SensorRecord{
		{ // an earlier run
			Key: "1", Sensor: "a", UUID: "a", Hostname: "old", Version: "v1", Analyzers: []string{"cowrie"}, Community: true,
			FirstSeen: moment("2026-11-20 10:00:00"), LastSeen: moment("2026-11-23 10:00:00"), Messages: 50,
			Accepted: 100, Refused: map[string]int64{"timezone": 3}, Delays: []int64{7200, 7200, 7200, 7200},
			Counts: []store.SensorCount{{Start: start("2026-11-22 23:00:00"), Count: 9}, {Start: start("2026-11-23 00:00:00"), Count: 5}},
		},
		{ // the same sensor's at another edge
			Key: "2", Sensor: "a", UUID: "a", Hostname: "new", Version: "v2", Analyzers: []string{"tanner", "new-pot", "cowrie"}, Community: true,
			FirstSeen: moment("2026-11-23 09:00:00"), LastSeen: moment("2026-11-23 23:46:00"), Messages: 1,
			Accepted: 10, Refused: map[string]int64{"timezone": 1, "store": 7}, Delays: []int64{100, 80, 95},
			Counts: []store.SensorCount{{Start: start("2026-11-23 22:00:00"), Count: 1}, {Start: start("2026-11-23 22:40:00"), Count: 2},
				{Start: start("2026-11-23 22:50:00"), Count: 4}, {Start: start("2026-11-23 23:40:00"), Count: 8}},
		},
		{ // wrong log-ins in its name tell nothing of it
			Key: "3", Sensor: "a", UUID: "forged", Version: "forged", Community: true, Refused: map[string]int64{"credentials": 2},
			Updated: moment("2026-11-23 23:46:05"),
		},
		{Key: "4", Sensor: "a", Community: false, FirstSeen: moment("2026-11-23 23:46:00"), LastSeen: moment("2026-11-23 23:46:00"), Messages: 1, Accepted: 1},
		{Key: "5", Community: true, Accepted: 4, Refused: map[string]int64{"credentials": 12}},
		{Key: "6", Sensor: "never seen", Community: true, Refused: map[string]int64{"credentials": 1}},
	}
	if err := s.PutSensors(t.Context(), records); err != nil {
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

// How long a sensor may be silent goes by how long it usually is.
func TestQuiet(t *testing.T) {
	now := at(t, asked)
	for _, test := range []struct {
		first, last time.Duration // ago
		messages    int64
		quiet       bool
	}{
		{24 * time.Hour, 59 * time.Minute, 10_000, false},
		{24 * time.Hour, 61 * time.Minute, 10_000, true},
		{25 * time.Hour, time.Hour + 9*time.Minute, 25, false}, // one an hour
		{34 * time.Hour, 11 * time.Hour, 24, true},
		{2 * time.Minute, time.Minute, 2, false},
		{23 * time.Hour, 23 * time.Hour, 1, false},
		{25 * time.Hour, 25 * time.Hour, 1, true},
		{0, -time.Hour, 5, false}, // another edge's clock is ahead
	} {
		s := sensor{FirstSeen: alert.At(now.Add(-test.first)), LastSeen: alert.At(now.Add(-test.last)), messages: test.messages}
		if got := s.isQuiet(now); got != test.quiet {
			t.Errorf("%+v: quiet is %v", test, got)
		}
	}
}

// However many records there are of a sensor, its honeypots have a bound.
func TestSensorAnalyzers(t *testing.T) {
	s := sensor{Refused: make(rankedCounts), PerHour: make([]int64, hoursShown)}
	for i := range 100 {
		s.add(&store.SensorRecord{Analyzers: []string{fmt.Sprint(i), fmt.Sprint(i / 2)}}, at(t, asked))
	}
	if len(s.Analyzers) != mostAnalyzersShown || reflect.DeepEqual(s.Analyzers[0], s.Analyzers[1]) {
		t.Errorf("%d honeypots: %v", len(s.Analyzers), s.Analyzers)
	}
}

// manySensors has so many records of each, of as many sensors.
type manySensors struct {
	store.Reader
	community, private int
}

func (m manySensors) Sensors(_ context.Context, community bool, n int, visit func(store.SensorRecord) error) error {
	have := m.private
	if community {
		have = m.community
	}
	for i := range min(n, have) {
		id := fmt.Sprint(i % (mostSensors + 1))
		if err := visit(store.SensorRecord{Sensor: id, Accepted: 1, LastSeen: alert.At(time.Unix(int64(n-i), 0))}); err != nil {
			return err
		}
	}
	return nil
}

// What is left out is told, and does not go at the expense of the other domain.
func TestSensorsLimits(t *testing.T) {
	for _, test := range []struct {
		community, private int // records
		ci                 string
		listed             int
		accepted           int64
		complete           bool
	}{
		{mostSensors, 3, "1", mostSensors, mostSensors, true},
		{mostSensors + 1, 3, "1", mostSensors, mostSensors, false},
		{mostSensors + 1, 3, "0", 3, 3, true},
		{2 * mostSensorRecords, 3, "-1", mostSensors + 3, mostSensorRecords - mostSensorRecords/(mostSensors+1) + 3, false},
	} {
		q := question(t, "sensors")
		body, err := q.Ask(t.Context(), Input{
			Reader: manySensors{community: test.community, private: test.private}, Now: at(t, asked), Args: parse(t, q, "ci="+test.ci),
		})
		if err != nil {
			t.Fatal(err)
		}
		var got struct {
			Sensors  []struct{ Accepted int64 }
			Complete bool
		}
		if err := json.Unmarshal(body, &got); err != nil {
			t.Fatal(err)
		}
		var accepted int64
		for _, s := range got.Sensors {
			accepted += s.Accepted
		}
		if len(got.Sensors) != test.listed || accepted != test.accepted || got.Complete != test.complete {
			t.Errorf("%+v: %d sensors with %d alerts, complete: %t", test, len(got.Sensors), accepted, got.Complete)
		}
	}
}
