package intake

import "net/netip"

// SourceNetwork returns the network that counts as one source: an IPv4 address, or an
// IPv6 /64, since one IPv6 customer can use any of its addresses. All unknown
// addresses are one source.
func SourceNetwork(source netip.Addr) netip.Prefix {
	source = source.Unmap().WithZone("")
	bits := source.BitLen()
	if source.Is6() {
		bits = 64
	}
	prefix, err := source.Prefix(bits)
	if err != nil { // the zero Addr has none
		return netip.Prefix{}
	}
	return prefix
}
