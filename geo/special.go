package geo

import "net/netip"

// scope classifies an address by its reachability.
type scope int8

const (
	// global addresses can be reached from anywhere.
	global scope = iota
	// private addresses have no place: private, local, documentation, benchmark
	// and reserved ranges.
	private
	// apart addresses are neither: multicast, carrier-grade NAT, and tunnel
	// endpoints, whose place is not that of the sender.
	apart
)

type block struct {
	netip.Prefix
	scope scope
}

// special4 and special6 are the IANA IPv4 and IPv6 Special-Purpose Address
// Registries, more specific blocks first. Blocks without an answer in the
// registry (Globally Reachable "N/A": the 6to4 relays, 6to4, Teredo) are not
// global here.
var special4 = []block{
	{netip.MustParsePrefix("0.0.0.0/8"), private},
	{netip.MustParsePrefix("10.0.0.0/8"), private},
	{netip.MustParsePrefix("100.64.0.0/10"), apart}, // carrier-grade NAT
	{netip.MustParsePrefix("127.0.0.0/8"), private},
	{netip.MustParsePrefix("169.254.0.0/16"), private},
	{netip.MustParsePrefix("172.16.0.0/12"), private},
	{netip.MustParsePrefix("192.0.0.9/32"), global},  // Port Control Protocol anycast
	{netip.MustParsePrefix("192.0.0.10/32"), global}, // TURN anycast
	{netip.MustParsePrefix("192.0.0.0/24"), private},
	{netip.MustParsePrefix("192.0.2.0/24"), private},
	{netip.MustParsePrefix("192.88.99.0/24"), apart}, // 6to4 relays, withdrawn by RFC 7526
	{netip.MustParsePrefix("192.168.0.0/16"), private},
	{netip.MustParsePrefix("198.18.0.0/15"), private},
	{netip.MustParsePrefix("198.51.100.0/24"), private},
	{netip.MustParsePrefix("203.0.113.0/24"), private},
	{netip.MustParsePrefix("224.0.0.0/4"), apart}, // multicast
	{netip.MustParsePrefix("240.0.0.0/4"), private},
}

// special4By indexes special4 by the first byte of the address: lists of bad
// addresses look up tens of thousands.
var special4By = byFirstByte(special4)

func byFirstByte(blocks []block) (by [256][]block) {
	for _, b := range blocks {
		first := int(b.Addr().As4()[0])
		last := first
		if b.Bits() < 8 {
			last = first + 1<<(8-b.Bits()) - 1
		}
		for ; first <= last; first++ {
			by[first] = append(by[first], b)
		}
	}
	return by
}

var special6 = []block{
	{netip.MustParsePrefix("2001::/32"), apart},      // Teredo
	{netip.MustParsePrefix("2001:1::1/128"), global}, // Port Control Protocol anycast
	{netip.MustParsePrefix("2001:1::2/128"), global}, // TURN anycast
	{netip.MustParsePrefix("2001:1::3/128"), global}, // DNS-SD service registration anycast
	{netip.MustParsePrefix("2001:3::/32"), global},   // AMT
	{netip.MustParsePrefix("2001:4:112::/48"), global},
	{netip.MustParsePrefix("2001:20::/28"), global}, // ORCHIDv2
	{netip.MustParsePrefix("2001:30::/28"), global}, // drone remote ids
	{netip.MustParsePrefix("2001::/23"), private},
	{netip.MustParsePrefix("2001:db8::/32"), private},
	{netip.MustParsePrefix("2002::/16"), apart}, // 6to4
	{netip.MustParsePrefix("3fff::/20"), private},
	{netip.MustParsePrefix("2000::/3"), global},
	{netip.MustParsePrefix("64:ff9b::/96"), global}, // NAT64
	{netip.MustParsePrefix("ff00::/8"), apart},      // multicast
	{netip.MustParsePrefix("::/0"), private},        // all unicast outside 2000::/3 is local or reserved
}

// IsGlobal reports whether addr is globally routable (docs/CONTRACT.md §3): not
// multicast, and not in a special-purpose block of the IANA registries, except
// those marked as globally reachable. A mapped IPv4 address counts as IPv4.
func IsGlobal(addr netip.Addr) bool {
	return addr.IsValid() && scopeOf(addr) == global
}

// IsGlobalNetwork reports whether all addresses of a network are globally routable.
func IsGlobalNetwork(network netip.Prefix) bool {
	blocks := special6
	if network.Addr().Is4() {
		blocks = special4
	}
	for _, b := range blocks {
		switch {
		case !b.Overlaps(network):
		case b.Bits() <= network.Bits(): // it has the whole network
			return b.scope == global
		case b.scope != global:
			return false
		}
	}
	return network.IsValid()
}

// IsPrivate reports whether addr is in a private, local, documentation, benchmark
// or reserved range (docs/CONTRACT.md §1.1). Multicast, carrier-grade NAT
// (100.64.0.0/10) and tunnel addresses are neither private nor global.
func IsPrivate(addr netip.Addr) bool {
	return addr.IsValid() && scopeOf(addr) == private
}

func scopeOf(addr netip.Addr) scope {
	addr = addr.Unmap().WithZone("") // a prefix contains no address with a zone
	blocks := special6
	if addr.Is4() {
		blocks = special4By[addr.As4()[0]]
	}
	for _, b := range blocks {
		if b.Contains(addr) {
			return b.scope
		}
	}
	return global
}
