package builtin

import (
	"encoding/binary"
	"net/netip"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/phuslu/iploc"

	"github.com/peba-edge/peba/geo"
)

// unknown is iploc's word for an unknown country.
const unknown = "ZZ"

// codes are those that iploc yields for one address in each IPv4 /21 and each
// IPv6 /28 of the blocks that are given out.
func codes() map[string]bool {
	found := map[string]bool{}
	for net := range uint32(1 << 21) {
		var a [4]byte
		binary.BigEndian.PutUint32(a[:], net<<11)
		found[iploc.IPCountry(netip.AddrFrom4(a))] = true
	}
	for _, block := range []string{"2001::/16", "2400::/12", "2600::/12", "2800::/12", "2a00::/12", "2c00::/12"} {
		prefix := netip.MustParsePrefix(block)
		a := prefix.Addr().As16()
		first := binary.BigEndian.Uint32(a[:])
		for net := range uint32(1) << (28 - prefix.Bits()) {
			binary.BigEndian.PutUint32(a[:], first+net<<4)
			found[iploc.IPCountry(netip.AddrFrom16(a))] = true
		}
	}
	return found
}

func TestEveryCodeHasACountry(t *testing.T) {
	found := codes()
	if len(found) < 230 {
		t.Fatalf("iploc yields only %d codes: this test does not look everywhere", len(found))
	}
	for code := range found {
		if _, ok := geo.CountryOf(code); !ok && code != unknown {
			t.Errorf("iploc yields %q, which is in no table of countries", code)
		}
	}
}

// Addresses whose country has been the same for decades.
func TestLocate(t *testing.T) {
	l, err := new(Module).Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	us := geo.Place{Country: "US", CountryName: "United States", Latitude: 38, Longitude: -97, AS: "-"}
	jp := geo.Place{Country: "JP", CountryName: "Japan", Latitude: 36, Longitude: 138, AS: "-"}
	nowhere := geo.Place{Country: "-", CountryName: "-", AS: "-"}
	for address, want := range map[string]geo.Place{
		"8.8.8.8":                us,
		"::ffff:8.8.8.8":         us,
		"2001:4860:4860::8888":   us,
		"133.242.9.1":            jp,
		"2001:200::1":            jp,
		"3f00::1":                nowhere, // not given out
		"64:ff9b::1":             nowhere,
		"192.0.0.9":              nowhere,
		"0.255.255.255":          {Country: "PIR", CountryName: "IANA Private IP Range", AS: "IANA"},
		"2002:c000:204::1":       nowhere,
		"255.255.255.255":        {Country: "PIR", CountryName: "IANA Private IP Range", AS: "IANA"},
		"fdff:ffff:ffff:ffff::1": {Country: "PIR", CountryName: "IANA Private IP Range", AS: "IANA"},
	} {
		if got := geo.Lookup(l, netip.MustParseAddr(address)); got != want {
			t.Errorf("%s is %+v, want %+v", address, got, want)
		}
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

// Lookup asks for global addresses only; the table must still stand any.
func TestEdges(t *testing.T) {
	for _, address := range []string{"0.0.0.0", "255.255.255.255", "::", "::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"} {
		if got := (locator{}).Locate(netip.MustParseAddr(address)); got != (geo.Place{}) {
			t.Errorf("%s is %+v, want nothing", address, got)
		}
	}
}

func TestCaddyfile(t *testing.T) {
	for input, want := range map[string]string{
		"builtin":                     "",
		"builtin FILE":                `unexpected "FILE": expected no argument`,
		"builtin {\n\tlanguage de\n}": `unknown option "language": expected none`,
	} {
		err := new(Module).UnmarshalCaddyfile(caddyfile.NewTestDispenser(input))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q", input, err, want)
		}
	}
}

func BenchmarkLocate(b *testing.B) {
	for _, address := range []string{"133.242.9.1", "2001:200::1"} {
		b.Run(address, func(b *testing.B) {
			addr := netip.MustParseAddr(address)
			b.ReportAllocs()
			for b.Loop() {
				if p := geo.Lookup(locator{}, addr); p.Country != "JP" {
					b.Fatal(p)
				}
			}
		})
	}
}
