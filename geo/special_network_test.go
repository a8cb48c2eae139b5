package geo

import (
	"net/netip"
	"testing"
)

func TestIsGlobalNetwork(t *testing.T) {
	for text, want := range map[string]bool{
		"9.9.9.0/24": true, "9.0.0.0/8": true, "10.1.0.0/16": false, "192.88.98.0/23": false, "192.88.98.0/24": true, "100.0.0.0/8": false,
		"224.0.0.0/8": false, "2620:fe::/48": true, "2001::/23": false, "2001:3::/32": true, "2001:db8::/48": false, "2001:c00::/23": false,
		"2000::/16": true, "fe80::/64": false, "8000::/32": false, "64:ff9b::/96": true, "::/0": false, "0.0.0.0/0": false,
	} {
		if got := IsGlobalNetwork(netip.MustParsePrefix(text)); got != want {
			t.Errorf("%s: got %t", text, got)
		}
	}
}
