package geo

import (
	"net/netip"
	"testing"
)

func TestScope(t *testing.T) {
	tests := []struct {
		address         string
		global, private bool
	}{
		// Those that the Python service has been recorded with.
		{"10.0.0.5", false, true},
		{"0.0.0.0", false, true},
		{"127.0.0.1", false, true},
		{"169.254.1.1", false, true},
		{"172.20.1.1", false, true},
		{"192.168.1.7", false, true},
		{"198.18.0.1", false, true},
		{"198.51.100.9", false, true},
		{"203.0.113.7", false, true},
		{"240.0.0.1", false, true},
		{"255.255.255.255", false, true},
		{"100.64.0.1", false, false},
		{"224.0.0.1", false, false},
		{"192.88.99.1", false, false},
		{"192.0.0.9", true, false},
		{"1.1.1.1", true, false},

		{"9.255.255.255", true, false},
		{"11.0.0.0", true, false},
		{"100.63.255.255", true, false},
		{"100.127.255.255", false, false},
		{"100.128.0.0", true, false},
		{"172.15.255.255", true, false},
		{"172.31.255.255", false, true},
		{"172.32.0.0", true, false},
		{"192.0.0.8", false, true},
		{"192.0.0.10", true, false},
		{"192.0.0.11", false, true},
		{"192.0.0.170", false, true},
		{"192.0.1.0", true, false},
		{"192.0.2.255", false, true},
		{"192.31.196.1", true, false}, // AS112: special and global
		{"192.175.48.1", true, false},
		{"198.17.255.255", true, false},
		{"198.19.255.255", false, true},
		{"198.20.0.0", true, false},
		{"223.255.255.255", true, false},
		{"239.255.255.255", false, false},

		{"2a00:1450:4001:82a::200e", true, false},
		{"2620:4f:8000::1", true, false},
		{"64:ff9b::808:808", true, false},
		{"2001:200::1", true, false},
		{"2001:1::1", true, false},
		{"2001:1::3", true, false},
		{"2001:3::1", true, false},
		{"2001:4:112::1", true, false},
		{"2001:20::1", true, false},
		{"2001:3f:ffff::1", true, false},
		{"2001:1::4", false, true},
		{"2001:2::1", false, true},
		{"2001:10::1", false, true},
		{"2001:1ff::1", false, true},
		{"2001:db8::1", false, true},
		{"3fff:fff::1", false, true},
		{"3fff:1000::1", true, false},
		{"::", false, true},
		{"::1", false, true},
		{"64:ff9b:1::1", false, true},
		{"100::1", false, true},
		{"100:0:0:1::1", false, true},
		{"5f00::1", false, true},
		{"4000::1", false, true},
		{"fc00::1", false, true},
		{"fdff::1", false, true},
		{"fe80::1", false, true},
		{"fe80::1%eth0", false, true},
		{"fec0::1", false, true},
		{"2001::1", false, false},
		{"2002:808:808::1", false, false},
		{"ff02::1", false, false},
		{"ff02::1%eth0", false, false},
		{"ff0e::1", false, false},

		{"::ffff:8.8.8.8", true, false},
		{"::ffff:10.0.0.5", false, true},
		{"::ffff:100.64.0.1", false, false},
	}
	for _, test := range tests {
		addr := netip.MustParseAddr(test.address)
		if got := IsGlobal(addr); got != test.global {
			t.Errorf("IsGlobal(%s) = %v, want %v", addr, got, test.global)
		}
		if got := IsPrivate(addr); got != test.private {
			t.Errorf("IsPrivate(%s) = %v, want %v", addr, got, test.private)
		}
	}
	if IsGlobal(netip.Addr{}) || IsPrivate(netip.Addr{}) {
		t.Error("no address at all counts as global or private")
	}
}

// A block after one that contains it would never be found.
func TestSpecificBlocksFirst(t *testing.T) {
	for _, blocks := range [][]block{special4, special6} {
		for i, b := range blocks {
			if b.Masked() != b.Prefix {
				t.Errorf("%s has bits beyond its length", b.Prefix)
			}
			for _, before := range blocks[:i] {
				if before.Bits() <= b.Bits() && before.Contains(b.Addr()) {
					t.Errorf("%s stands after %s", b.Prefix, before.Prefix)
				}
			}
		}
	}
}
