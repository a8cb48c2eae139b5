package sensors

import (
	"context"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
)

// How long a sensor may be silent goes by how long it usually is.
func TestQuiet(t *testing.T) {
	now := noon
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
		s := Sensor{ID: "a", FirstSeen: alert.At(now.Add(-test.first)), LastSeen: alert.At(now.Add(-test.last)), messages: test.messages}
		if new(Listing).add(&s, now); s.Quiet != test.quiet {
			t.Errorf("%+v: quiet is %v", test, s.Quiet)
		}
	}
}

// However many records there are of a sensor, its honeypots have a bound.
func TestListAnalyzers(t *testing.T) {
	s := Sensor{Refused: make(map[string]int64)}
	for i := range 100 {
		s.add(&store.SensorRecord{Analyzers: []string{fmt.Sprint(i), fmt.Sprint(i / 2)}}, noon)
	}
	if len(s.Analyzers) != MaxAnalyzers || reflect.DeepEqual(s.Analyzers[0], s.Analyzers[1]) {
		t.Errorf("%d honeypots: %v", len(s.Analyzers), s.Analyzers)
	}
}

// manySensors has so many records of each, of as many sensors.
type manySensors struct {
	store.Reader
	community, private int
}

func (m manySensors) ListRecords(_ context.Context, _ store.Kind, l store.Listing, visit func(store.Record) error) error {
	have := m.private
	if l.Domain == store.Community {
		have = m.community
	}
	for i := range min(l.N, have) {
		id := fmt.Sprint(i % (MaxListed + 1))
		if err := visit(store.SensorRecord{Sensor: id, Accepted: 1, LastSeen: alert.At(time.Unix(int64(l.N-i), 0))}); err != nil {
			return err
		}
	}
	return nil
}

// What is left out is told, and does not go at the expense of the other domain.
func TestListLimits(t *testing.T) {
	for _, test := range []struct {
		community, private int // records
		domain             store.Domain
		listed             int
		accepted           int64
		complete           bool
	}{
		{MaxListed, 3, store.Community, MaxListed, MaxListed, true},
		{MaxListed + 1, 3, store.Community, MaxListed, MaxListed, false},
		{MaxListed + 1, 3, store.Private, 3, 3, true},
		{2 * MaxRecords, 3, store.Both, MaxListed + 3, MaxRecords - MaxRecords/(MaxListed+1) + 3, false},
	} {
		got, err := List(t.Context(), manySensors{community: test.community, private: test.private}, nil, test.domain, noon)
		if err != nil {
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
