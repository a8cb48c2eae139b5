package sensors

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
)

// Sensor sums all records of one sensor. A sensor that sends both for the community and for
// a private user counts as two.
type Sensor struct {
	// ID is the UUID, otherwise the Hostname, otherwise "address " and the attacked
	// address.
	ID        string
	Community bool
	// UUID, Hostname and Version are the latest ones sent.
	UUID, Hostname, Version string
	// Analyzers are its honeypots, in order.
	Analyzers []string
	// FirstSeen and LastSeen are the arrivals of its first and last message with a correct
	// login.
	FirstSeen, LastSeen alert.Time
	// Accepted is the number of alerts answered OK, Refused the number not stored, by
	// reason.
	Accepted int64
	Refused  map[string]int64
	// LastHour is the number of alerts accepted in the last 50 to 60 minutes, PerHour the
	// number in each of the last clock hours, the current one last.
	LastHour int64
	PerHour  [Hours]int64
	// Delay is the typical delay from CreateTime to arrival in seconds, nil if unknown.
	// Clock is the state of its clock derived from the delays, one of Clocks.
	Delay *int64
	Clock string
	// Quiet reports whether it has been silent for much longer than usual.
	Quiet bool

	messages int64
	delays   []int64
}

// Listing is a list of sensors.
type Listing struct {
	// Sensors are sorted by LastSeen, latest first.
	Sensors []*Sensor
	// Accepted and Refused are the alerts not counted by sensor.
	Accepted int64
	Refused  map[string]int64
	// Complete is false if a limit was reached: the sensors that were silent the longest
	// may be missing, and counts may be too low.
	Complete bool
}

// List sums the records of each sensor: those of a store and the current ones of this
// process, whose Counter may be nil.
func List(ctx context.Context, from store.Reader, counter *Counter, domain store.Domain, now time.Time) (*Listing, error) {
	listing := &Listing{Refused: make(map[string]int64), Complete: true}
	for _, community := range []bool{true, false} {
		if community && domain == store.Private || !community && domain == store.Community {
			continue
		}
		byID, complete, err := merge(ctx, from, counter, community, now)
		if err != nil {
			return nil, err
		}
		listing.Complete = listing.Complete && complete
		for _, s := range byID {
			listing.add(s, now)
		}
	}
	slices.SortFunc(listing.Sensors, func(a, b *Sensor) int {
		return cmp.Or(b.LastSeen.Compare(a.LastSeen.Time), strings.Compare(a.ID, b.ID), cmp.Compare(a.rank(), b.rank()))
	})
	return listing, nil
}

// merge sums the records of each sensor of a group. The empty id is for sensors not
// counted individually.
func merge(ctx context.Context, from store.Reader, counter *Counter, community bool, now time.Time) (byID map[string]*Sensor, complete bool, err error) {
	byID, complete = make(map[string]*Sensor), true
	read := 0
	err = counter.Visit(ctx, from, community, MaxRecords+1, func(r store.SensorRecord) error {
		s := byID[r.Sensor]
		if read++; read > MaxRecords || s == nil && len(byID) >= MaxListed && r.Sensor != "" {
			complete = false
			return nil
		}
		if s == nil {
			s = &Sensor{ID: r.Sensor, Community: community, Refused: make(map[string]int64)}
			byID[r.Sensor] = s
		}
		s.add(&r, now)
		return nil
	})
	return byID, complete, err
}

// add adds a sensor. Without any message with a correct login it adds only its
// alerts: an attacker may have chosen its names.
func (l *Listing) add(s *Sensor, now time.Time) {
	if s.ID == "" || s.LastSeen.IsZero() {
		l.Accepted += s.Accepted
		addCounts(l.Refused, s.Refused)
		return
	}
	slices.Sort(s.Analyzers)
	s.Quiet = s.isQuiet(now)
	s.Delay, s.Clock = readClock(s.delays)
	l.Sensors = append(l.Sensors, s)
}

// rank sorts the community first.
func (s *Sensor) rank() int {
	if s.Community {
		return 0
	}
	return 1
}

func addCounts(to, more map[string]int64) {
	for name, n := range more {
		to[name] += n
	}
}

// add adds a record. Names and version are those of the record seen last.
func (s *Sensor) add(r *store.SensorRecord, now time.Time) {
	s.Accepted += r.Accepted
	s.messages += r.Messages
	addCounts(s.Refused, r.Refused)
	if !r.FirstSeen.IsZero() && (s.FirstSeen.IsZero() || r.FirstSeen.Before(s.FirstSeen.Time)) {
		s.FirstSeen = r.FirstSeen
	}
	if r.LastSeen.After(s.LastSeen.Time) {
		s.LastSeen, s.UUID, s.Hostname, s.Version = r.LastSeen, r.UUID, r.Hostname, r.Version
		s.delays = r.Delays
	}
	for _, analyzer := range r.Analyzers {
		if len(s.Analyzers) < MaxAnalyzers && !slices.Contains(s.Analyzers, analyzer) {
			s.Analyzers = append(s.Analyzers, analyzer)
		}
	}
	recent := startOf(now.Unix(), fineSpan) - (lastHourSpans-1)*seconds(fineSpan)
	hour := startOf(now.Unix(), coarseSpan)
	for _, c := range r.Counts {
		ago := (hour - startOf(c.Start, coarseSpan)) / seconds(coarseSpan)
		if ago >= 0 && ago < Hours {
			s.PerHour[Hours-1-ago] += c.Count
		}
		if c.Start >= recent {
			s.LastHour += c.Count
		}
	}
}

// isQuiet reports whether a sensor has been silent for more than an hour and ten times
// the average interval of its messages, or for a day if there was only one.
func (s *Sensor) isQuiet(now time.Time) bool {
	usual := 24 * time.Hour / 10
	if s.messages > 1 {
		usual = s.LastSeen.Sub(s.FirstSeen.Time) / time.Duration(s.messages-1)
	}
	return now.Sub(s.LastSeen.Time) > max(time.Hour, 10*usual)
}
