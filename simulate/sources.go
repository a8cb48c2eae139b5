package simulate

import (
	"math/rand/v2"
	"net/netip"
)

// origin is a country's address blocks and its share of the attacks. All blocks
// are global unicast and allocated as a whole.
type origin struct {
	weight int
	blocks []netip.Prefix
}

// origins4 is roughly in the order of public attack statistics.
var origins4 = []origin{
	{200, blocks("58.208.0.0/12", "61.160.0.0/13", "114.80.0.0/12", "121.224.0.0/12", "183.128.0.0/11",
		"218.88.0.0/13", "222.184.0.0/13", "112.80.0.0/13", "39.96.0.0/13", "120.24.0.0/14", "81.68.0.0/14")}, // CN
	{170, blocks("104.131.0.0/16", "3.80.0.0/12", "71.6.128.0/17", "45.33.0.0/17", "24.0.0.0/12",
		"192.241.128.0/17", "147.185.132.0/22")}, // US
	{70, blocks("95.24.0.0/13", "188.162.0.0/16", "178.176.0.0/14", "5.136.0.0/13", "176.192.0.0/14")},     // RU
	{60, blocks("77.160.0.0/13", "188.166.0.0/17", "89.248.160.0/20", "94.208.0.0/13")},                    // NL
	{50, blocks("91.0.0.0/12", "138.201.0.0/16", "78.46.0.0/15", "46.4.0.0/16", "87.128.0.0/11")},          // DE
	{50, blocks("117.192.0.0/11", "49.32.0.0/12", "59.88.0.0/13", "13.232.0.0/14", "157.32.0.0/13")},       // IN
	{45, blocks("113.160.0.0/11", "171.224.0.0/11", "14.160.0.0/11", "27.64.0.0/12")},                      // VN
	{40, blocks("179.80.0.0/12", "18.228.0.0/14", "54.232.0.0/15")},                                        // BR
	{40, blocks("121.128.0.0/10", "211.192.0.0/11", "175.192.0.0/11", "59.0.0.0/11", "14.32.0.0/11")},      // KR
	{35, blocks("128.199.64.0/18", "43.128.64.0/18", "47.128.0.0/14", "13.212.0.0/14", "159.223.32.0/19")}, // SG
	{30, blocks("112.118.0.0/15", "218.102.0.0/15", "43.132.128.0/17", "47.238.0.0/15")},                   // HK
	{30, blocks("1.160.0.0/12", "114.32.0.0/12", "36.224.0.0/12", "61.216.0.0/13")},                        // TW
	{30, blocks("36.64.0.0/11", "114.120.0.0/13")},                                                         // ID
	{25, blocks("82.64.0.0/14", "86.192.0.0/11")},                                                          // FR
	{25, blocks("86.128.0.0/11", "81.128.0.0/12", "178.62.0.0/17", "139.59.160.0/19", "18.168.0.0/14")},    // GB
	{20, blocks("2.176.0.0/12", "5.112.0.0/12")},                                                           // IR
	{20, blocks("78.160.0.0/11", "88.224.0.0/11", "85.96.0.0/12")},                                         // TR
	{20, blocks("171.96.0.0/13", "49.228.0.0/14", "110.168.0.0/14", "125.24.0.0/14")},                      // TH
	{20, blocks("126.0.0.0/11", "60.32.0.0/12", "133.242.0.0/16", "18.176.0.0/14", "54.248.0.0/15")},       // JP
	{15, blocks("46.10.0.0/16")},                                    // BG
	{15, blocks("46.118.0.0/15")},                                   // UA
	{12, blocks("83.0.0.0/11", "79.184.0.0/13")},                    // PL
	{12, blocks("79.0.0.0/12", "87.0.0.0/12")},                      // IT
	{10, blocks("80.24.0.0/13", "83.32.0.0/12")},                    // ES
	{12, blocks("189.128.0.0/11", "201.96.0.0/11")},                 // MX
	{10, blocks("186.128.0.0/13")},                                  // AR
	{8, blocks("186.104.0.0/14")},                                   // CL
	{8, blocks("181.48.0.0/12", "190.24.0.0/14")},                   // CO
	{8, blocks("190.72.0.0/13", "186.88.0.0/13")},                   // VE
	{10, blocks("70.24.0.0/13", "99.224.0.0/11", "159.203.0.0/18")}, // CA
	{8, blocks("1.120.0.0/13", "58.160.0.0/12")},                    // AU
	{10, blocks("41.0.0.0/12", "13.244.0.0/15")},                    // ZA
	{10, blocks("41.32.0.0/12", "156.192.0.0/11")},                  // EG
	{6, blocks("105.112.0.0/12")},                                   // NG
	{5, blocks("105.160.0.0/13")},                                   // KE
	{12, blocks("39.32.0.0/11")},                                    // PK
	{10, blocks("124.104.0.0/14", "49.144.0.0/13")},                 // PH
	{10, blocks("175.136.0.0/13")},                                  // MY
	{6, blocks("95.184.0.0/14")},                                    // SA
	{6, blocks("95.56.0.0/14")},                                     // KZ
	{8, blocks("78.56.0.0/13")},                                     // LT
	{6, blocks("78.64.0.0/12")},                                     // SE
	{6, blocks("95.216.0.0/16")},                                    // FI
}

var origins6 = []origin{
	{30, blocks("240e::/20", "2409:8000::/20")},      // CN
	{25, blocks("2604:a880::/32", "2600:1700::/28")}, // US
	{20, blocks("2a01:4f8::/32", "2003::/19")},       // DE
	{10, blocks("2405:200::/29")},                    // IN
	{8, blocks("2001:ee0::/32")},                     // VN
	{8, blocks("2804:14c::/31")},                     // BR
	{5, blocks("2001:448a::/32")},                    // ID
	{5, blocks("2400:4050::/30")},                    // JP
	{5, blocks("2a02:c7c::/31")},                     // GB
}

// Locations of sensors: data centers and access networks.
var (
	sites4 = []origin{
		{50, blocks("80.158.64.0/18", "138.201.0.0/16", "78.46.0.0/15", "3.120.0.0/14", "87.128.0.0/11")}, // DE
		{12, blocks("104.131.0.0/16", "3.80.0.0/12", "45.33.0.0/17")},                                     // US
		{6, blocks("188.166.0.0/17")},                   // NL
		{6, blocks("82.64.0.0/14")},                     // FR
		{5, blocks("178.62.0.0/17", "18.168.0.0/14")},   // GB
		{5, blocks("128.199.64.0/18", "13.212.0.0/14")}, // SG
		{4, blocks("18.176.0.0/14")},                    // JP
		{4, blocks("18.228.0.0/14")},                    // BR
		{3, blocks("13.232.0.0/14")},                    // IN
		{3, blocks("3.104.0.0/14")},                     // AU
		{2, blocks("13.244.0.0/15")},                    // ZA
	}
	sites6 = []origin{{1, blocks("2a01:4f8::/32", "2003::/19", "2604:a880::/32")}}
)

func blocks(texts ...string) []netip.Prefix {
	list := make([]netip.Prefix, len(texts))
	for i, text := range texts {
		list[i] = netip.MustParsePrefix(text)
	}
	return list
}

// atlas draws addresses by the weights of its origins.
type atlas struct {
	origins []origin
	total   int
}

func newAtlas(origins []origin) atlas {
	a := atlas{origins: origins}
	for _, o := range origins {
		a.total += o.weight
	}
	return a
}

func (a atlas) address(r *rand.Rand) netip.Addr {
	n, i := r.IntN(a.total), 0
	for n >= a.origins[i].weight {
		n -= a.origins[i].weight
		i++
	}
	list := a.origins[i].blocks
	return inside(list[r.IntN(len(list))], r)
}

// inside draws an address from the block.
func inside(block netip.Prefix, r *rand.Rand) netip.Addr {
	b := block.Addr().AsSlice()
	for i := range b {
		fixed := min(max(block.Bits()-8*i, 0), 8)
		b[i] |= byte(r.Uint32()) & (0xff >> fixed)
	}
	addr, _ := netip.AddrFromSlice(b)
	return addr
}
