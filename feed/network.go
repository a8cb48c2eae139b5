package feed

import (
	"fmt"
	"net/netip"

	"github.com/peba-edge/peba/geo"
)

// ParseNetwork reads an address or a CIDR network. Bits beyond the prefix are cleared.
func ParseNetwork(text string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(text); err == nil && addr.Zone() == "" {
		addr = addr.Unmap()
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	network, err := netip.ParsePrefix(text)
	if err != nil || network.Addr().Is4In6() {
		return netip.Prefix{}, fmt.Errorf("network: got %q, must be an address such as 192.0.2.1 or a network such as 192.0.2.0/24", text)
	}
	return network.Masked(), nil
}

// WidestV4 and WidestV6 are the shortest prefixes of networks that may be excluded or
// allowed: a typo must not empty a feed.
const (
	WidestV4 = 8
	WidestV6 = 19
)

// CheckWidth rejects a network that is so wide that it must be a mistake.
func CheckWidth(network netip.Prefix) error {
	if network.Addr().Is4() && network.Bits() >= WidestV4 || network.Addr().Is6() && network.Bits() >= WidestV6 {
		return nil
	}
	return fmt.Errorf("network: %v is too wide: must be /%d or narrower, /%d for IPv6", network, WidestV4, WidestV6)
}

// parseExcluded reads a network of a file. Wide ones are no mistake if none of their
// addresses is global, such as 224.0.0.0/4 in lists of reserved networks.
func parseExcluded(text string) (netip.Prefix, error) {
	network, err := ParseNetwork(text)
	if err != nil {
		return netip.Prefix{}, err
	}
	if err := CheckWidth(network); err != nil && hasGlobal(network) {
		return netip.Prefix{}, err
	}
	return network, nil
}

// publicV6 has all global addresses of IPv6 but those of NAT64, and sixToFour is a part of it
// that is not global.
var (
	publicV6  = netip.MustParsePrefix("2000::/3")
	sixToFour = netip.MustParsePrefix("2002::/16")
)

// hasGlobal reports whether a network that is too wide has global addresses.
func hasGlobal(network netip.Prefix) bool {
	if network.Addr().Is6() {
		return network.Overlaps(publicV6) && (network.Bits() < sixToFour.Bits() || !sixToFour.Contains(network.Addr()))
	}
	first := int(network.Addr().As4()[0])
	for b := first; b < first+1<<(8-network.Bits()); b++ {
		// Blocks that are not global and narrower than /8 have no such address.
		if geo.IsGlobal(netip.AddrFrom4([4]byte{byte(b), 200, 200, 1})) {
			return true
		}
	}
	return false
}
