package simulate

import (
	"math/rand/v2"
	"net/netip"
	"testing"
)

// specialBlocks are those of IANA's special-purpose registries, multicast and
// what is not handed out.
var specialBlocks = blocks("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
	"192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
	"198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3",
	"::/3", "2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20", "4000::/2", "8000::/1")

func special(addr netip.Addr) bool {
	for _, block := range specialBlocks {
		if block.Contains(addr) {
			return true
		}
	}
	return false
}

func TestOriginsAreGlobal(t *testing.T) {
	for _, origins := range [][]origin{origins4, origins6, sites4, sites6} {
		for _, o := range origins {
			if o.weight <= 0 || len(o.blocks) == 0 {
				t.Errorf("%v has weight %d", o.blocks, o.weight)
			}
			for _, block := range o.blocks {
				if block != block.Masked() {
					t.Errorf("%s has bits beyond its length", block)
				}
				for _, s := range specialBlocks {
					if s.Overlaps(block) {
						t.Errorf("%s overlaps the special-purpose block %s", block, s)
					}
				}
			}
		}
	}
}

func TestInside(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, block := range blocks("58.208.0.0/12", "45.33.0.0/17", "192.0.2.7/32", "0.0.0.0/0", "240e::/20", "2405:200::/29") {
		seen := map[netip.Addr]bool{}
		for range 200 {
			addr := inside(block, r)
			if !block.Contains(addr) {
				t.Fatalf("%s is not in %s", addr, block)
			}
			seen[addr] = true
		}
		if want := block.Addr().BitLen() - block.Bits(); want > 10 && len(seen) < 190 {
			t.Errorf("%d addresses drawn of %s", len(seen), block)
		}
	}
}

func TestAtlasFollowsWeights(t *testing.T) {
	a := newAtlas([]origin{{1, blocks("11.0.0.0/8")}, {8, blocks("12.0.0.0/8")}, {1, blocks("13.0.0.0/8", "14.0.0.0/8")}})
	r := rand.New(rand.NewPCG(1, 1))
	counts := map[byte]int{}
	for range 10_000 {
		counts[a.address(r).As4()[0]]++
	}
	for first, want := range map[byte]int{11: 1000, 12: 8000, 13: 500, 14: 500} {
		if got := counts[first]; got < want-150 || got > want+150 {
			t.Errorf("%d.0.0.0/8: %d of 10,000, want about %d", first, got, want)
		}
	}
}
