// Package feed computes lists of attacking addresses for firewalls, SIEMs and sharing
// communities from the alerts in a store. A Definition says who is listed. The Engine
// computes each feed on a fixed grid of times and records who joined, changed and left, so
// that every format can answer "what changed since". DESIGN.md has the reasons.
package feed

import (
	"hash/fnv"
	"net/netip"
	"sync"
	"time"
)

// Snapshot is one feed at one time of the grid. It is shared: its contents must not be
// changed.
type Snapshot struct {
	// Feed is the definition by which it was computed.
	Feed *Definition
	// At is the time of the grid, in UTC and whole seconds. Only alerts received before
	// it count.
	At time.Time
	// Members are the listed addresses, in the order of the feed's rank, best first.
	Members []Member
	// Left are the addresses that are no longer listed, the last that left first. Those that
	// left longer than KeepLeft ago are not in it.
	Left []Departure
	// Entries are the members in the same order, aggregated to networks if the feed says
	// so.
	Entries []Entry
	// History has the size of the feed over time, by hour, oldest first.
	History []Point

	indexed sync.Once
	index   map[netip.Addr]int // of Members
}

// Member is a listed address.
type Member struct {
	Addr netip.Addr
	// Created is the time of the grid at which it joined for the first time. It stays while
	// the address is remembered, also if it leaves and joins again.
	Created time.Time
	// Joined is the time of the grid since which it has been listed without a gap.
	Joined time.Time
	// Changed is the time of the grid of the last change of Published: Joined, or later.
	Changed time.Time
	// Published is what formats with versions and orders show. It changes rarely:
	// when the address joins, at each renewal (see Definition.Renewal), and when it changes a
	// lot.
	Published Details
	// Current is what is known at the time of the snapshot.
	Current Details
	// Country is an ISO 3166-1 alpha-2 code, CountryName its English name, AS is
	// "AS<number> <organisation>"; all empty if unknown.
	Country, CountryName, AS string
}

// Details say why an address is listed. They are about the feed's window.
type Details struct {
	// Alerts is the number of alerts, Attempts the number of those with a login attempt.
	Alerts, Attempts int64
	// Sensors is the number of distinct sensors, Days of distinct UTC days.
	Sensors, Days int
	// First and Last are the arrivals of the first and last alert.
	First, Last time.Time
	// Types are the honeypot types, sorted.
	Types []string
	// Interaction is the highest of alert.Document.Interaction.
	Interaction string
	Score       Score
}

// Departure is an address that left a feed.
type Departure struct {
	// Member is as it was when it left.
	Member
	// At is the time of the grid at which it was no longer listed.
	At time.Time
}

// Entry is a network in a list: a single address, or an aggregate.
type Entry struct {
	Prefix netip.Prefix
	// Best is the index in Snapshot.Members of its member with the highest rank, and
	// Members the number of its members.
	Best, Members int
}

// Point is the size of a feed in an hour.
type Point struct {
	// At is the start of the hour.
	At time.Time `json:"at"`
	// Size is the number of members at its end, or now.
	Size int `json:"size"`
	// Joined and Left are the numbers of addresses that did so in it.
	Joined int `json:"joined"`
	Left   int `json:"left"`
}

// KeepLeft is how long departures are kept at least; longer bans keep them longer.
const KeepLeft = 7 * 24 * time.Hour

// keepLeft returns how long departures of the feed are kept.
func (d *Definition) keepLeft() time.Duration { return max(KeepLeft, d.Duration) }

// Until returns when the ban of a member ends that is in force at a time. Ends are the
// feed's Duration apart, at moments that depend on the address and Created only: all clients
// learn the same end, whenever they ask, also after the address left and joined again. A
// member is renewed at each end. The first ban lasts at least half of Duration.
func (d *Definition) Until(m *Member, at time.Time) time.Time {
	first := m.Created.Add(d.Duration - d.spread(m.Addr))
	if at.Before(first) {
		return first
	}
	return first.Add((at.Sub(first)/d.Duration + 1) * d.Duration)
}

// spread returns by how much the first ban of an address is shorter: up to half of Duration,
// in whole seconds. Otherwise addresses that joined together, such as all at the first start,
// would be renewed together again and again.
func (d *Definition) spread(addr netip.Addr) time.Duration {
	hash := fnv.New32a()
	bytes := addr.As16()
	_, _ = hash.Write(bytes[:]) // never fails
	return time.Duration(int64(hash.Sum32())%max(1, int64(d.Duration/time.Second/2))) * time.Second
}

// Lists returns the member with that address.
func (s *Snapshot) Lists(addr netip.Addr) (*Member, bool) {
	s.indexed.Do(func() {
		s.index = make(map[netip.Addr]int, len(s.Members))
		for i := range s.Members {
			s.index[s.Members[i].Addr] = i
		}
	})
	at, is := s.index[addr]
	if !is {
		return nil, false
	}
	return &s.Members[at], true
}
