package mmdb

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"
)

// records are what a database says of networks.
type records map[string]mmdbtype.Map

// build returns a MaxMind DB file.
func build(t testing.TB, kind string, ipVersion int, rs records) []byte {
	t.Helper()
	tree, err := mmdbwriter.New(mmdbwriter.Options{
		DatabaseType: kind,
		IPVersion:    ipVersion,
		BuildEpoch:   1_790_000_000,
	})
	if err != nil {
		t.Fatal(err)
	}
	for cidr, record := range rs {
		_, network, err := net.ParseCIDR(cidr)
		if err != nil {
			t.Fatal(err)
		}
		if err := tree.Insert(network, record); err != nil {
			t.Fatal(err)
		}
	}
	var file bytes.Buffer
	if _, err := tree.WriteTo(&file); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// replace puts content in the file's place as geoipupdate does: by renaming.
func replace(t testing.TB, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path+".new", content, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

// write makes a file of that content in a folder of the test's own.
func write(t testing.TB, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "test.mmdb")
	replace(t, path, content)
	return path
}

// country is how MaxMind's and DB-IP's records name a country.
func country(code, name string) mmdbtype.Map {
	return mmdbtype.Map{
		"iso_code": mmdbtype.String(code),
		"names":    mmdbtype.Map{"de": mmdbtype.String(name + " auf Deutsch"), "en": mmdbtype.String(name)},
	}
}

func location(latitude, longitude float64) mmdbtype.Map {
	return mmdbtype.Map{"latitude": mmdbtype.Float64(latitude), "longitude": mmdbtype.Float64(longitude)}
}

func asn(number uint32, organization string) mmdbtype.Map {
	return mmdbtype.Map{
		"autonomous_system_number":       mmdbtype.Uint32(number),
		"autonomous_system_organization": mmdbtype.String(organization),
	}
}

func cityFile(t testing.TB) []byte {
	return build(t, "GeoLite2-City", 6, records{
		"8.8.8.0/24":          {"country": country("US", "United States"), "location": location(37.751, -97.822)},
		"1.1.1.0/24":          {"registered_country": country("AU", "Australia")},
		"9.9.9.0/24":          {"location": location(47.4, 8.5)},
		"2001:4860::/32":      {"country": country("US", "United States"), "location": location(37.751, -97.822)},
		"200.89.70.0/24":      {"country": country("CL", "Chile"), "location": location(-33.4521, -70.6536)},
		"2a00:1450:4001::/48": {"country": country("DE", "Germany")},
	})
}

func asnFile(t testing.TB) []byte {
	return build(t, "GeoLite2-ASN", 6, records{
		"8.8.8.0/24":      asn(15169, "GOOGLE"),
		"103.21.244.0/24": asn(13335, "CLOUDFLARENET"),
		"2001:4860::/32":  asn(15169, "GOOGLE"),
		"45.0.0.0/24":     {"autonomous_system_number": mmdbtype.Uint32(64500 - 1000)},
		"45.0.1.0/24":     {"autonomous_system_organization": mmdbtype.String("nobody")},
	})
}
