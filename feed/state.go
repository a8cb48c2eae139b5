package feed

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"time"
)

// state is what a feed remembers from one time of the grid to the next. It is stored as a
// base now and then and as a step for each change, so that every process continues where
// the last one stopped, and all agree.
type state struct {
	at      time.Time
	members map[netip.Addr]*Member
	left    map[netip.Addr]Departure
	history []Point
}

func newState() *state {
	return &state{members: make(map[netip.Addr]*Member), left: make(map[netip.Addr]Departure)}
}

// step is the change of a state at one time of the grid. The zero step changes nothing.
type step struct {
	At time.Time `json:"at"`
	// Set are the members that joined or changed, Gone the addresses that left, both in
	// order.
	Set  []storedMember `json:"set,omitempty"`
	Gone []netip.Addr   `json:"gone,omitempty"`
}

// base is a whole state.
type base struct {
	At      time.Time         `json:"at"`
	Members []storedMember    `json:"members"`
	Left    []storedDeparture `json:"left"`
	History []Point           `json:"history"`
}

// storedMember is the part of a Member that lasts, with times in seconds since the Unix
// epoch.
type storedMember struct {
	Addr    netip.Addr    `json:"a"`
	Created int64         `json:"c"`
	Joined  int64         `json:"j"`
	Changed int64         `json:"g"`
	Details storedDetails `json:"d"`
	Country string        `json:"cc,omitempty"`
	Name    string        `json:"cn,omitempty"`
	AS      string        `json:"as,omitempty"`
}

type storedDetails struct {
	Alerts      int64    `json:"n"`
	Attempts    int64    `json:"l,omitempty"`
	Sensors     int      `json:"s"`
	Days        int      `json:"d"`
	First       int64    `json:"f"`
	Last        int64    `json:"t"`
	Types       []string `json:"y"`
	Interaction string   `json:"i,omitempty"`
}

type storedDeparture struct {
	Member storedMember `json:"m"`
	At     int64        `json:"at"`
}

func stored(m *Member) storedMember {
	d := &m.Published
	return storedMember{
		Addr: m.Addr, Created: m.Created.Unix(), Joined: m.Joined.Unix(), Changed: m.Changed.Unix(),
		Details: storedDetails{d.Alerts, d.Attempts, d.Sensors, d.Days, d.First.Unix(), d.Last.Unix(), d.Types, d.Interaction},
		Country: m.Country, Name: m.CountryName, AS: m.AS,
	}
}

// member returns the Member. Its Current is Published.
func (s *storedMember) member() Member {
	d := Details{
		Alerts: s.Details.Alerts, Attempts: s.Details.Attempts, Sensors: s.Details.Sensors, Days: s.Details.Days,
		First: second(s.Details.First), Last: second(s.Details.Last), Types: s.Details.Types, Interaction: s.Details.Interaction,
	}
	changed := second(s.Changed)
	d.Score = scoreOf(&d, changed)
	return Member{
		Addr: s.Addr, Created: second(s.Created), Joined: second(s.Joined), Changed: changed, Published: d, Current: d,
		Country: s.Country, CountryName: s.Name, AS: s.AS,
	}
}

func second(unix int64) time.Time { return time.Unix(unix, 0).UTC() }

// apply makes a step, and forgets departures that are older than keep.
func (s *state) apply(change *step, keep time.Duration, most int) {
	joined := 0
	for i := range change.Set {
		m := change.Set[i].member()
		known, was := s.members[m.Addr]
		if was {
			m.Current = known.Current
		} else {
			joined++
		}
		s.members[m.Addr] = &m
		delete(s.left, m.Addr)
	}
	for _, addr := range change.Gone {
		if m, was := s.members[addr]; was {
			s.left[addr] = Departure{Member: *m, At: change.At}
			delete(s.members, addr)
		}
	}
	s.at = later(s.at, change.At)
	s.forget(change.At.Add(-keep), most)
	s.count(joined, len(change.Gone))
}

// forget drops departures before a time, and the oldest if there are more than most.
func (s *state) forget(before time.Time, most int) {
	for addr, d := range s.left {
		if d.At.Before(before) {
			delete(s.left, addr)
		}
	}
	if len(s.left) > most {
		for _, d := range s.departures()[most:] {
			delete(s.left, d.Addr)
		}
	}
}

// departures returns those who left, the last first.
func (s *state) departures() []Departure {
	left := make([]Departure, 0, len(s.left))
	for _, d := range s.left {
		left = append(left, d)
	}
	slices.SortFunc(left, func(a, b Departure) int {
		if c := b.At.Compare(a.At); c != 0 {
			return c
		}
		return a.Addr.Compare(b.Addr)
	})
	return left
}

// historyHours is how many hours of a feed's size are kept.
const historyHours = 7 * 24

// count updates the history.
func (s *state) count(joined, left int) {
	hour := s.at.Truncate(time.Hour)
	if n := len(s.history); n == 0 || s.history[n-1].At.Before(hour) {
		s.history = append(slices.Clone(s.history), Point{At: hour})
		s.history = s.history[max(0, len(s.history)-historyHours):]
	} else {
		s.history = slices.Clone(s.history) // snapshots share it
	}
	p := &s.history[len(s.history)-1]
	p.Size, p.Joined, p.Left = len(s.members), p.Joined+joined, p.Left+left
}

// base returns the whole state, for storing.
func (s *state) base() base {
	b := base{At: s.at, History: s.history}
	for _, m := range s.members {
		b.Members = append(b.Members, stored(m))
	}
	slices.SortFunc(b.Members, func(a, b storedMember) int { return a.Addr.Compare(b.Addr) })
	for _, d := range s.departures() {
		b.Left = append(b.Left, storedDeparture{stored(&d.Member), d.At.Unix()})
	}
	return b
}

// restored returns the state of a base.
func (b *base) restored() *state {
	s := newState()
	s.at, s.history = b.At, b.History
	for i := range b.Members {
		m := b.Members[i].member()
		s.members[m.Addr] = &m
	}
	for i := range b.Left {
		m := b.Left[i].Member.member()
		s.left[m.Addr] = Departure{m, second(b.Left[i].At)}
	}
	return s
}

// encode returns a step or base for the store, as gzipped JSON.
func encode(v any) ([]byte, error) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if err := json.NewEncoder(w).Encode(v); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return packed.Bytes(), nil
}

// maxDecoded bounds what is unpacked: 150,000 members and as many departures are 100 MB.
const maxDecoded = 1 << 30

// decode reads what encode wrote.
func decode(packed []byte, v any) error {
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return fmt.Errorf("unpacking: %w", err)
	}
	if err := json.NewDecoder(io.LimitReader(r, maxDecoded)).Decode(v); err != nil {
		return fmt.Errorf("reading: %w", err)
	}
	return nil
}
