package mmdb

import (
	"context"
	"encoding/json"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/maxmind/mmdbwriter/mmdbtype"
	"github.com/peba-edge/peba/geo"
)

// load provisions the module as the app does.
func load(t *testing.T, files ...string) (geo.Opener, error) {
	t.Helper()
	ctx, cancel := caddy.NewContext(caddy.Context{Context: context.Background()})
	t.Cleanup(cancel)
	config, err := json.Marshal(Module{Files: files})
	if err != nil {
		t.Fatal(err)
	}
	m, err := ctx.LoadModuleByID("peba.geoip.mmdb", config)
	if err != nil {
		return nil, err
	}
	return m.(geo.Opener), nil
}

// openAll opens the files until the test ends.
func openAll(t *testing.T, files ...string) geo.Locator {
	t.Helper()
	m, err := load(t, files...)
	if err != nil {
		t.Fatal(err)
	}
	l, err := m.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for range 2 { // closing twice gives the share back once
			if err := l.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
		}
	})
	return l
}

func TestMerge(t *testing.T) {
	countries := build(t, "ipinfo lite", 6, records{
		"1.1.1.0/24":          s("country", "Australia", "country_code", "AU", "asn", "AS13335", "as_name", "Cloudflare, Inc."),
		"8.8.8.0/24":          s("country", "Canada", "country_code", "CA", "asn", "AS1", "as_name", "not to be asked"),
		"9.9.9.0/24":          s("country", "Switzerland", "country_code", "CH"),
		"2a00:1450:4001::/48": s("country", "France", "country_code", "FR", "lat", "46", "lng", "2"),
		"45.0.0.0/24":         s("country", "United States", "country_code", "US", "lat", "38", "lng", "-97"),
	})
	l := openAll(t, write(t, cityFile(t)), write(t, asnFile(t)), write(t, countries))
	for address, want := range map[string]geo.Place{
		"8.8.8.8":          {Country: "US", CountryName: "United States", Latitude: 37.751, Longitude: -97.822, AS: "AS15169 GOOGLE"},
		"::ffff:8.8.8.8":   {Country: "US", CountryName: "United States", Latitude: 37.751, Longitude: -97.822, AS: "AS15169 GOOGLE"},
		"2001:4860::8888":  {Country: "US", CountryName: "United States", Latitude: 37.751, Longitude: -97.822, AS: "AS15169 GOOGLE"},
		"103.21.244.8":     {Country: "-", CountryName: "-", AS: "AS13335 CLOUDFLARENET"},
		"200.89.70.10":     {Country: "CL", CountryName: "Chile", Latitude: -33.4521, Longitude: -70.6536, AS: "-"},
		"1.1.1.1":          {Country: "AU", CountryName: "Australia", AS: "AS13335 Cloudflare, Inc."},
		"9.9.9.9":          {Country: "CH", CountryName: "Switzerland", Latitude: 47.4, Longitude: 8.5, AS: "-"},
		"45.0.0.1":         {Country: "US", CountryName: "United States", Latitude: 38, Longitude: -97, AS: "AS63500"},
		"45.0.1.1":         {Country: "-", CountryName: "-", AS: "-"},
		"2a00:1450:4001::": {Country: "DE", CountryName: "Germany", AS: "-"}, // not with France's middle
		"141.76.2.4":       {Country: "-", CountryName: "-", AS: "-"},
		"10.0.0.5":         {Country: "PIR", CountryName: "IANA Private IP Range", AS: "IANA"},
	} {
		if got := geo.Lookup(l, netip.MustParseAddr(address)); got != want {
			t.Errorf("%s is %+v, want %+v", address, got, want)
		}
	}
}

// A City database may know a country's code and another its name.
func TestMergeName(t *testing.T) {
	bare := build(t, "ipinfo standard_location.mmdb", 6, records{"8.8.8.0/24": s("country", "US", "lat", "37.751", "lng", "-97.822")})
	named := build(t, "GeoLite2-Country", 6, records{"8.8.8.0/24": mmdbtype.Map{"country": country("US", "United States")}})
	l := openAll(t, write(t, bare), write(t, named))
	want := geo.Place{Country: "US", CountryName: "United States", Latitude: 37.751, Longitude: -97.822}
	if got := l.Locate(netip.MustParseAddr("8.8.8.8")); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestBadFiles(t *testing.T) {
	city := write(t, cityFile(t))
	missing := filepath.Join(t.TempDir(), "missing.mmdb")
	for name, test := range map[string]struct {
		files []string
		want  string
	}{
		"none":        {nil, "geoip mmdb has no files: expected one or more"},
		"missing":     {[]string{city, missing}, "geoip file " + missing + ": no such file or directory"},
		"twice":       {[]string{city, filepath.Dir(city) + "/./" + filepath.Base(city)}, "geoip file " + city + " is given twice"},
		"placeholder": {[]string{"{env.PEBA_TEST_NOT_SET}"}, "PEBA_TEST_NOT_SET"},
		"folder":      {[]string{filepath.Dir(city)}, "geoip file " + filepath.Dir(city) + " is a folder: expected a file"},
	} {
		if _, err := load(t, test.files...); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, test.want)
		}
	}

	for name, test := range map[string]struct {
		file, want string
	}{
		"text": {write(t, []byte("text")), "not a MaxMind DB file"},
	} {
		m, err := load(t, city, test.file)
		if err != nil {
			t.Errorf("%s: %v: only Open is to read files", name, err)
			continue
		}
		_, err = m.Open(t.Context())
		if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "geoip file "+test.file) {
			t.Errorf("%s: error %v, want one with %q and the file", name, err, test.want)
		}
		if _, open := files.References(city); open {
			t.Errorf("%s: the other file stays open", name)
		}
	}
}

func TestPlaceholder(t *testing.T) {
	city := write(t, cityFile(t))
	t.Setenv("PEBA_TEST_DIR", filepath.Dir(city))
	l := openAll(t, "{env.PEBA_TEST_DIR}/"+filepath.Base(city))
	if got := l.Locate(netip.MustParseAddr("8.8.8.8")); got.Country != "US" {
		t.Errorf("8.8.8.8 is %+v, want US", got)
	}
}

// A reload opens before the old config closes.
func TestReloadShares(t *testing.T) {
	city := write(t, cityFile(t))
	before := openAll(t, city)
	after := openAll(t, city)
	if n, _ := files.References(city); n != 2 {
		t.Errorf("%d references, want 2 to one file", n)
	}
	if err := before.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(city); err != nil {
		t.Fatal(err)
	}
	if got := after.Locate(netip.MustParseAddr("8.8.8.8")); got.Country != "US" {
		t.Errorf("8.8.8.8 is %+v, want US", got)
	}
	if err := after.Close(); err != nil {
		t.Fatal(err)
	}
	if _, open := files.References(city); open {
		t.Error("the file stays open after its last user")
	}
}

func TestCaddyfile(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, name := range []string{"a.mmdb", "b.mmdb"} {
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for input, want := range map[string]any{
		"mmdb a.mmdb":                     []string{"a.mmdb"},
		"mmdb a.mmdb b.mmdb":              []string{"a.mmdb", "b.mmdb"},
		"mmdb":                            "no file: expected FILE..., one or more",
		"mmdb a.mmdb a.mmdb":              `file "a.mmdb" is given twice`,
		"mmdb missing.mmdb":               "geoip file missing.mmdb: no such file or directory",
		"mmdb .":                          "geoip file . is a folder: expected a file",
		"mmdb {env.MMDB}":                 []string{"{env.MMDB}"},
		"mmdb a.mmdb {\n\tlanguage de\n}": `unknown option "language": expected FILE... and no options`,
	} {
		m := new(Module)
		err := m.UnmarshalCaddyfile(caddyfile.NewTestDispenser(input))
		switch want := want.(type) {
		case []string:
			if err != nil || !slices.Equal(m.Files, want) {
				t.Errorf("%q: %q, %v, want %q", input, m.Files, err, want)
			}
		case string:
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%q: error %v, want %q", input, err, want)
			}
		}
	}
}
