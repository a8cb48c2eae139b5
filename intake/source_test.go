package intake

import (
	"net/netip"
	"testing"
)

func TestSourceNetwork(t *testing.T) {
	for _, test := range []struct {
		one, two string
		same     bool
	}{
		{"9.9.9.9", "9.9.9.10", false},
		{"9.9.9.9", "::ffff:9.9.9.9", true},
		{"2001:4860:4860::8888", "2001:4860:4860:0:ffff::1", true},
		{"2001:4860:4860::8888", "2001:4860:4860:1::8888", false},
		{"fe80::1%eth0", "fe80::2%eth1", true},
	} {
		same := SourceNetwork(netip.MustParseAddr(test.one)) == SourceNetwork(netip.MustParseAddr(test.two))
		if same != test.same {
			t.Errorf("%s and %s count as one: %v", test.one, test.two, same)
		}
	}
	if got := SourceNetwork(netip.Addr{}); got != (netip.Prefix{}) {
		t.Errorf("an unknown source: %v", got)
	}
}
