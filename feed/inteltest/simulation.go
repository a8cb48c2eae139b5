package inteltest

import (
	"cmp"
	"math/rand/v2"
	"net/netip"
	"slices"
	"time"

	"github.com/peba-edge/peba/feed"
)

// Simulation is a feed whose addresses join, change, leave and come back at random.
type Simulation struct {
	random  *rand.Rand
	def     feed.Definition
	at      time.Time
	members map[netip.Addr]feed.Member
	left    map[netip.Addr]feed.Departure
	created map[netip.Addr]time.Time
}

// NewSimulation returns a simulation with a feed of up to 60 addresses.
func NewSimulation(seed uint64) *Simulation {
	return &Simulation{
		random: rand.New(rand.NewPCG(seed, 0)), def: feed.Default("simulation"), at: Start,
		members: map[netip.Addr]feed.Member{}, left: map[netip.Addr]feed.Departure{}, created: map[netip.Addr]time.Time{},
	}
}

// Step returns the snapshot of the next time of the grid, a minute later.
func (s *Simulation) Step() *feed.Snapshot {
	s.at = s.at.Add(time.Minute)
	for range s.random.IntN(12) {
		s.change(Addr(s.random.IntN(60)))
	}
	snapshot := &feed.Snapshot{Feed: &s.def, At: s.at}
	for _, m := range s.members {
		snapshot.Members = append(snapshot.Members, m)
	}
	for _, d := range s.left {
		snapshot.Left = append(snapshot.Left, d)
	}
	slices.SortFunc(snapshot.Members, func(a, b feed.Member) int { return a.Addr.Compare(b.Addr) })
	slices.SortFunc(snapshot.Left, func(a, b feed.Departure) int { return cmp.Or(b.At.Compare(a.At), a.Addr.Compare(b.Addr)) })
	return snapshot
}

// change lets an address join, or change, or leave.
func (s *Simulation) change(addr netip.Addr) {
	m, listed := s.members[addr]
	switch {
	case !listed:
		if d, was := s.left[addr]; was && d.At.Equal(s.at) {
			return
		}
		if s.created[addr].IsZero() {
			s.created[addr] = s.at
		}
		delete(s.left, addr)
		s.members[addr] = feed.Member{
			Addr: addr, Created: s.created[addr], Joined: s.at, Changed: s.at,
			Published: feed.Details{Alerts: 3, Sensors: 1, Days: 1, First: s.at, Last: s.at, Types: []string{"SSH/console(cowrie)"}},
		}
	case m.Changed.Equal(s.at):
	case s.random.IntN(2) == 0:
		m.Changed = s.at
		m.Published.Alerts++
		s.members[addr] = m
	default:
		delete(s.members, addr)
		s.left[addr] = feed.Departure{Member: m, At: s.at}
	}
}
