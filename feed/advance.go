package feed

import (
	"cmp"
	"net/netip"
	"slices"
	"time"

	"github.com/gaissmai/bart"

	"github.com/peba-edge/peba/geo"
)

// changeAfter is how long the published details of a member stay at least, and changeBy by
// how much its score must differ then. A member changes rarely: whoever follows changes
// receives it again each time.
const (
	changeAfter = time.Hour
	changeBy    = 10
)

// advance returns the step from a state to the candidates of a feed at a time.
func (s *state) advance(def *Definition, found []*candidate, at time.Time) *step {
	change := &step{At: at}
	listed := make(map[netip.Addr]bool, len(found))
	for _, c := range found {
		listed[c.addr] = true
		m, was := s.members[c.addr]
		if was && !def.isDue(m, &c.details, at) {
			continue
		}
		if was {
			copied := *m
			m = &copied
		} else {
			m = &Member{Addr: c.addr, Created: at, Joined: at}
			if d, left := s.left[c.addr]; left {
				m.Created = d.Created
			}
		}
		m.Changed, m.Published = at, c.details
		m.Country, m.CountryName, m.AS = c.place.Country, c.place.CountryName, c.place.AS
		change.Set = append(change.Set, stored(m))
	}
	for addr := range s.members {
		if !listed[addr] {
			change.Gone = append(change.Gone, addr)
		}
	}
	slices.SortFunc(change.Set, func(a, b storedMember) int { return a.Addr.Compare(b.Addr) })
	slices.SortFunc(change.Gone, netip.Addr.Compare)
	return change
}

// isDue reports whether the published details of a member must change: at the renewal of
// its ban, and if they differ a lot.
func (d *Definition) isDue(m *Member, now *Details, at time.Time) bool {
	if !at.Before(d.Until(m, m.Changed)) {
		return true
	}
	if at.Sub(m.Changed) < changeAfter {
		return false
	}
	difference := now.Score.Total() - m.Published.Score.Total()
	return difference >= changeBy || difference <= -changeBy ||
		now.Interaction != m.Published.Interaction || !slices.Equal(now.Types, m.Published.Types)
}

// withdraw returns the step that removes members that must never be listed, without
// anything else.
func (s *state) withdraw(at time.Time, never *bart.Lite) *step {
	change := &step{At: at}
	for addr := range s.members {
		if isNever(never, addr) {
			change.Gone = append(change.Gone, addr)
		}
	}
	slices.SortFunc(change.Gone, netip.Addr.Compare)
	return change
}

// empty reports whether the step changes nothing.
func (c *step) empty() bool { return len(c.Set) == 0 && len(c.Gone) == 0 }

// isNever reports whether an address must not be listed, whatever it did.
func isNever(never *bart.Lite, addr netip.Addr) bool {
	return never.Lookup(addr) || !geo.IsGlobal(addr)
}

// snapshot returns the state for readers, with the details that are known now. From then
// on the state has the members in the snapshot, which nobody may change any more. Who must
// never be listed is not in it, even if the state has it: another process may have recorded
// it, or no step could be recorded since.
func (s *state) snapshot(def *Definition, found []*candidate, never *bart.Lite) *Snapshot {
	current := make(map[netip.Addr]*Details, len(found))
	for _, c := range found {
		current[c.addr] = &c.details
	}
	order := make([]*Member, 0, len(s.members))
	for addr, m := range s.members {
		if !isNever(never, addr) {
			order = append(order, m)
		}
	}
	slices.SortFunc(order, func(a, b *Member) int {
		return cmp.Or(compareBy(def.Rank, &a.Published, &b.Published), a.Addr.Compare(b.Addr))
	})
	snap := &Snapshot{Feed: def, At: s.at, Left: s.departures(), History: s.history, Members: make([]Member, len(order))}
	for i, m := range order {
		snap.Members[i] = *m
		if details, known := current[m.Addr]; known {
			snap.Members[i].Current = *details
		}
		s.members[m.Addr] = &snap.Members[i]
	}
	snap.Entries = aggregate(def, snap.Members, never)
	return snap
}

// aggregate returns the members as entries of lists, in the same order: addresses, and in
// place of the best of its members each network that has enough of them. Networks with an
// address that must never be listed stay addresses.
func aggregate(def *Definition, members []Member, never *bart.Lite) []Entry {
	sizes := make(map[netip.Prefix]int)
	for i := range members {
		if network, ok := def.network(members[i].Addr); ok {
			sizes[network]++
		}
	}
	for network, size := range sizes {
		if size >= def.aggregation(network.Addr()).Min && (never.OverlapsPrefix(network) || !geo.IsGlobalNetwork(network)) {
			delete(sizes, network)
		}
	}
	entries := make([]Entry, 0, len(members))
	seen := make(map[netip.Prefix]bool)
	for i := range members {
		addr := members[i].Addr
		network, ok := def.network(addr)
		switch {
		case !ok || sizes[network] < def.aggregation(addr).Min:
			entries = append(entries, Entry{Prefix: netip.PrefixFrom(addr, addr.BitLen()), Best: i, Members: 1})
		case !seen[network]:
			seen[network] = true
			entries = append(entries, Entry{Prefix: network, Best: i, Members: sizes[network]})
		}
	}
	return entries
}

// aggregation returns the feed's aggregation for the family of an address.
func (d *Definition) aggregation(addr netip.Addr) Aggregation {
	if addr.Is4() {
		return d.V4
	}
	return d.V6
}

// network returns the network by which an address is aggregated, if any.
func (d *Definition) network(addr netip.Addr) (netip.Prefix, bool) {
	how := d.aggregation(addr)
	if how.Min == 0 {
		return netip.Prefix{}, false
	}
	network, err := addr.Prefix(how.Bits)
	return network, err == nil
}
