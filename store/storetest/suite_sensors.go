package storetest

import (
	"cmp"
	"context"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
)

// oddSensor returns a record that was updated so many seconds after base. Its
// texts are what attackers might call a sensor.
func oddSensor(id, offset int) store.SensorRecord {
	updated := alert.At(base.Add(time.Duration(offset) * time.Second))
	return store.SensorRecord{
		Key: hexID(id), Sensor: fmt.Sprintf("sensor %d '\"; <script> \u202e \U0001F600", id), UUID: "ü%00\\u0000", Hostname: "undefined\t",
		Version: "EWS Poster v1.33", Analyzers: []string{"cowrie-01", "<b>"}, Community: id%2 > 0,
		FirstSeen: alert.At(base), LastSeen: updated, Updated: updated,
		Messages: 1 << 40, Accepted: int64(id), Refused: map[string]int64{"timezone": 3, "credentials": 1},
		Counts: []store.SensorCount{{Start: base.Unix(), Count: 7}, {Start: base.Unix() + 600, Count: 1}},
	}
}

// testSensors puts records, replaces some, and reads and retires them.
func testSensors(s *subject) {
	ctx := context.Background()
	listed := func(n int, want ...store.SensorRecord) {
		s.Helper()
		s.settle()
		got, err := s.Sensors(ctx, n)
		s.must(err)
		if len(got) != len(want) || len(want) > 0 && !reflect.DeepEqual(got, want) {
			s.Fatalf("sensors:\ngot  %+v\nwant %+v", got, want)
		}
	}
	listed(10)
	s.must(s.PutSensors(ctx, nil))

	var all []store.SensorRecord
	for i := range 1500 {
		all = append(all, oddSensor(i, i/2)) // two of each second
	}
	bare := store.SensorRecord{Key: hexID(1500), Updated: alert.At(base)} // of no sensor
	all = append(all, bare)
	s.must(s.PutSensors(ctx, all))
	s.must(s.PutSensors(ctx, all[:700])) // written again

	changed := oddSensor(3, 5000)
	changed.Accepted, changed.Refused, changed.Analyzers = 99, map[string]int64{"store": 1}, nil
	s.must(s.PutSensors(ctx, []store.SensorRecord{changed}))
	all[3] = changed
	slices.SortFunc(all, func(a, b store.SensorRecord) int {
		return cmp.Or(b.Updated.Compare(a.Updated.Time), cmp.Compare(a.Key, b.Key))
	})
	listed(1, changed)
	listed(1200, all[:1200]...)
	listed(5000, all...)

	s.must(s.Retire(ctx, base.Add(700*time.Second)))
	listed(5000, all[:101]...) // seconds 700 to 749, and the one that was changed
}
