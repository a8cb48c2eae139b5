package mmdb

import (
	"math"
	"net/netip"
	"strings"
	"testing"

	"github.com/maxmind/mmdbwriter/mmdbtype"

	"github.com/peba-edge/peba/geo"
)

// s makes a flat record of texts.
func s(pairs ...string) mmdbtype.Map {
	m := mmdbtype.Map{}
	for i := 0; i < len(pairs); i += 2 {
		m[mmdbtype.String(pairs[i])] = mmdbtype.String(pairs[i+1])
	}
	return m
}

func TestVendors(t *testing.T) {
	us := geo.Place{Country: "US", CountryName: "United States"}
	usAt := geo.Place{Country: "US", CountryName: "United States", Latitude: 37.751, Longitude: -97.822}
	google := geo.Place{AS: "AS15169 Google LLC"}
	with := func(p geo.Place, as string) geo.Place { p.AS = as; return p }
	tests := []struct {
		kind   string
		record mmdbtype.Map
		want   geo.Place
	}{
		// Types that geoip2-golang knows.
		{"GeoLite2-City", mmdbtype.Map{"country": country("US", "United States"), "location": location(37.751, -97.822)}, usAt},
		{"GeoIP2-Country", mmdbtype.Map{"country": country("US", "United States")}, us},
		{"GeoIP2-Country", mmdbtype.Map{"registered_country": country("US", "United States")}, geo.Place{}},
		{"GeoLite2-ASN", asn(15169, "Google LLC"), google},
		{"GeoIP2-ISP", asn(15169, "Google LLC"), google},
		{"GeoIP2-Enterprise", mmdbtype.Map{"country": country("US", "United States"), "traits": asn(15169, "Google LLC")}, with(us, google.AS)},
		{"DBIP-City-Lite", mmdbtype.Map{"country": country("US", "United States"), "location": location(37.751, -97.822)}, usAt},
		{"DBIP-ASN-Lite (compat=GeoLite2-ASN)", asn(15169, "Google LLC"), google},
		{"DBIP-ISP (compat=Enterprise)", mmdbtype.Map{"country": country("US", "United States"), "traits": asn(15169, "Google LLC")}, with(us, google.AS)},

		// Others: nested like MaxMind's, …
		{"DBIP-City", mmdbtype.Map{"country": country("US", "United States"), "location": location(37.751, -97.822), "traits": asn(15169, "Google LLC")}, with(usAt, google.AS)},
		{"IP2LITE-Country", mmdbtype.Map{"country": country("US", "United States")}, us},
		// … or flat.
		{"ipinfo generic_lite.mmdb", s("country", "United States", "country_code", "US", "continent", "North America", "asn", "AS15169", "as_name", "Google LLC"), with(us, google.AS)},
		{"ipinfo generic_country_asn_free.mmdb", s("country", "US", "country_name", "United States", "asn", "AS15169", "as_name", "Google LLC"), with(us, google.AS)},
		{"ipinfo standard_location.mmdb", s("country", "US", "city", "Wichita", "lat", "37.751", "lng", "-97.822"), geo.Place{Country: "US", Latitude: 37.751, Longitude: -97.822}},
		{"ipinfo asn", s("asn", "AS15169", "name", "Google LLC", "type", "hosting"), google},
		{"loc", s("country", "us", "loc", "37.751,-97.822"), geo.Place{Country: "US", Latitude: 37.751, Longitude: -97.822}},
		{"numbers", mmdbtype.Map{"asn": mmdbtype.Uint32(15169), "org": mmdbtype.String("Google LLC"), "country_code": mmdbtype.String("US"), "latitude": mmdbtype.Float32(37.75), "longitude": mmdbtype.Int32(-97)}, geo.Place{Country: "US", Latitude: 37.75, Longitude: -97, AS: google.AS}},
		{"only a number", mmdbtype.Map{"as_number": mmdbtype.Uint64(15169)}, geo.Place{AS: "AS15169"}},

		// What stands for unknown, and what is nonsense.
		{"words for unknown", s("country_code", "-", "country_name", "-", "asn", "AS3", "as_name", "x"), geo.Place{AS: "AS3 x"}},
		{"words for unknown", s("country_code", "ZZ", "country_name", "Unknown", "asn", "3"), geo.Place{AS: "AS3"}},
		{"a name only", s("country", "United States", "asn", "3"), geo.Place{AS: "AS3"}},
		{"half a place", s("country", "US", "lat", "37.751"), geo.Place{Country: "US"}},
		{"no number", s("country", "US", "asn", "x", "as_name", "y"), geo.Place{Country: "US"}},
		{"AS 0", s("country", "US", "asn", "0", "as_name", "y"), geo.Place{Country: "US"}},
		{"off the Earth", s("country", "US", "lat", "91", "lng", "0"), geo.Place{Country: "US"}},
		{"not UTF-8", s("asn", "3", "as_name", "caf\xe9"), geo.Place{AS: "AS3 caf\uFFFD"}},
		{"GeoLite2-City", mmdbtype.Map{"country": country("US", "United States"), "location": location(math.NaN(), 1)}, us},
	}
	for _, test := range tests {
		db, err := newDatabase(build(t, test.kind, 6, records{"8.8.8.0/24": test.record}))
		if err != nil {
			t.Errorf("%s: %v", test.kind, err)
			continue
		}
		for range 2 { // decoded, then remembered
			got, err := db.locate(netip.MustParseAddr("8.8.8.8"))
			if err != nil || got != test.want {
				t.Errorf("%s %v: %+v, %v, want %+v", test.kind, test.record, got, err, test.want)
			}
		}
		if got, err := db.locate(netip.MustParseAddr("8.8.9.8")); err != nil || got != (geo.Place{}) {
			t.Errorf("%s: an address that is not there: %+v, %v", test.kind, got, err)
		}
	}
}

func TestUselessDatabases(t *testing.T) {
	whole := asnFile(t)
	for name, test := range map[string]struct {
		content []byte
		want    string
	}{
		"empty":         {nil, "not a MaxMind DB file"},
		"text":          {[]byte("<html>please log in</html>"), "not a MaxMind DB file"},
		"half":          {whole[:len(whole)/2], "not a MaxMind DB file"},
		"known type":    {build(t, "GeoIP2-Anonymous-IP", 6, records{"8.8.8.0/24": {"is_anonymous": mmdbtype.Bool(true)}}), `type is "GeoIP2-Anonymous-IP"`},
		"unknown type":  {build(t, "Domains", 6, records{"8.8.8.0/24": s("domain", "example.org")}), `type is "Domains"`},
		"nothing in it": {build(t, "Places", 6, nil), `type is "Places"`},
	} {
		if _, err := newDatabase(test.content); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, test.want)
		}
	}
}

func TestIPv4Only(t *testing.T) {
	db, err := newDatabase(build(t, "GeoLite2-Country", 4, records{"8.8.8.0/24": {"country": country("US", "United States")}}))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := db.locate(netip.MustParseAddr("8.8.8.8")); err != nil || got.Country != "US" {
		t.Errorf("IPv4: %+v, %v, want US", got, err)
	}
	if got, err := db.locate(netip.MustParseAddr("2001:4860::8888")); err != nil || got != (geo.Place{}) {
		t.Errorf("IPv6: %+v, %v, want nothing", got, err)
	}
}

func BenchmarkLocate(b *testing.B) {
	db, err := newDatabase(cityFile(b))
	if err != nil {
		b.Fatal(err)
	}
	addr := netip.MustParseAddr("8.8.8.8")
	b.Run("decoded", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if p, err := db.lookUp(addr.AsSlice()); err != nil || p.Country != "US" {
				b.Fatal(p, err)
			}
		}
	})
	b.Run("remembered", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if p, err := db.locate(addr); err != nil || p.Country != "US" {
				b.Fatal(p, err)
			}
		}
	})
}
