package storetest

import (
	"cmp"
	"context"
	"errors"
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
		Delays: []int64{-86400 * 365, 7, 0},
		Counts: []store.SensorCount{{Start: base.Unix(), Count: 7}, {Start: base.Unix() + 600, Count: 1}},
	}
}

func asRecords[R store.Record](list []R) []store.Record {
	records := make([]store.Record, len(list))
	for i, r := range list {
		records[i] = r
	}
	return records
}

// testSensors puts records, replaces some, and reads and retires them.
func testSensors(s *subject) {
	ctx := context.Background()
	var all []store.SensorRecord
	listed := func(n int, want ...store.SensorRecord) {
		s.Helper()
		s.settle()
		for _, community := range []bool{true, false} {
			got, err := store.List[store.SensorRecord](ctx, s, store.Listing{Domain: store.DomainOf(community), N: n})
			s.must(err)
			want := slices.DeleteFunc(slices.Clone(want), func(r store.SensorRecord) bool { return r.Community != community })
			if n > 0 {
				want = want[:min(n, len(want))]
			}
			if len(got) != len(want) || len(want) > 0 && !reflect.DeepEqual(got, want) {
				s.Fatalf("%d sensors, the community's: %t:\ngot  %+v\nwant %+v", n, community, got, want)
			}
		}
	}
	listed(10)
	s.must(s.PutRecords(ctx))

	for i := range 2500 {
		all = append(all, oddSensor(i, i/4)) // four of each second
	}
	bare := store.SensorRecord{Key: hexID(2500), Updated: alert.At(base)} // of no sensor
	all = append(all, bare)
	s.must(s.PutRecords(ctx, asRecords(all)...))
	s.must(s.PutRecords(ctx, asRecords(all[:700])...)) // written again

	changed := oddSensor(3, 5000)
	changed.Accepted, changed.Refused, changed.Analyzers = 99, map[string]int64{"store": 1}, nil
	s.must(s.PutRecords(ctx, changed))
	all[3] = changed
	slices.SortFunc(all, func(a, b store.SensorRecord) int {
		return cmp.Or(b.Updated.Compare(a.Updated.Time), cmp.Compare(a.Key, b.Key))
	})
	for _, n := range []int{0, 1, 1100, 5000} {
		listed(n, all...)
	}
	enough, visited := errors.New("enough"), 0
	err := store.Each(ctx, s, store.Listing{N: 10}, func(store.SensorRecord) error {
		visited++
		return enough
	})
	if !errors.Is(err, enough) || visited != 1 {
		s.Errorf("after %d records the error is %v, want that of the first visit", visited, err)
	}

	s.must(s.Retire(ctx, base.Add(600*time.Second)))
	listed(5000, all[:101]...) // seconds 600 to 624, and the one that was changed
}
