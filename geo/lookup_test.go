package geo

import (
	"net/netip"
	"testing"
)

// places locates what is in the map.
type places map[netip.Addr]Place

func (p places) Locate(addr netip.Addr) Place { return p[addr] }
func (p places) Close() error                 { return nil }

func TestLookup(t *testing.T) {
	locator := places{
		netip.MustParseAddr("8.8.8.8"):    {Country: "US", CountryName: "United States", Latitude: 37.751, Longitude: -97.822, AS: "AS15169 GOOGLE"},
		netip.MustParseAddr("9.9.9.9"):    {AS: "AS19281 QUAD9-AS-1"},
		netip.MustParseAddr("10.0.0.5"):   {Country: "US", CountryName: "not to be asked"},
		netip.MustParseAddr("100.64.0.1"): {Country: "US", CountryName: "not to be asked"},
		netip.MustParseAddr("20.0.0.1"):   {Country: "FR"},
		netip.MustParseAddr("2a00::1"):    {Country: "DE", CountryName: "Germany", Latitude: 51, Longitude: 9},
	}
	private := Place{Country: "PIR", CountryName: "IANA Private IP Range", AS: "IANA"}
	nowhere := Place{Country: "-", CountryName: "-", AS: "-"}
	tests := []struct {
		address  string
		want     Place
		location string
	}{
		{"8.8.8.8", locator[netip.MustParseAddr("8.8.8.8")], "37.751 , -97.822"},
		{"::ffff:8.8.8.8", locator[netip.MustParseAddr("8.8.8.8")], "37.751 , -97.822"},
		{"9.9.9.9", Place{Country: "-", CountryName: "-", AS: "AS19281 QUAD9-AS-1"}, "0.0 , 0.0"},
		{"2a00::1", Place{Country: "DE", CountryName: "Germany", Latitude: 51, Longitude: 9, AS: "-"}, "51.0 , 9.0"},
		{"20.0.0.1", Place{Country: "FR", CountryName: "France", AS: "-"}, "0.0 , 0.0"},
		{"1.2.3.4", nowhere, "0.0 , 0.0"},
		{"10.0.0.5", private, "0.0 , 0.0"},
		{"::ffff:10.0.0.5", private, "0.0 , 0.0"},
		{"fe80::1%eth0", private, "0.0 , 0.0"},
		{"100.64.0.1", nowhere, "0.0 , 0.0"},
		{"224.0.0.1", nowhere, "0.0 , 0.0"},
	}
	for _, test := range tests {
		got := Lookup(locator, netip.MustParseAddr(test.address))
		if got != test.want {
			t.Errorf("Lookup(%s) = %+v, want %+v", test.address, got, test.want)
		}
		if got.Location() != test.location {
			t.Errorf("location of %s is %q, want %q", test.address, got.Location(), test.location)
		}
	}
	if got := Lookup(locator, netip.Addr{}); got != nowhere {
		t.Errorf("Lookup of no address = %+v, want %+v", got, nowhere)
	}
}
