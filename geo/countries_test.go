package geo

import (
	"math"
	"strings"
	"testing"
)

func TestCountries(t *testing.T) {
	if n := len(countries); n != 249+1 {
		t.Errorf("%d countries, want 249 of ISO 3166-1 and Kosovo", n)
	}
	names, places := map[string]string{}, map[[2]float64]string{}
	for code, c := range countries {
		if len(code) != 2 || strings.Trim(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
			t.Errorf("%q is no code", code)
		}
		if c.Name == "" || names[c.Name] != "" {
			t.Errorf("%s and %s share the name %q", code, names[c.Name], c.Name)
		}
		names[c.Name] = code
		if math.Abs(c.Latitude) > 90 || math.Abs(c.Longitude) > 180 || places[[2]float64{c.Latitude, c.Longitude}] != "" {
			t.Errorf("%s is at %v, %v, as is %q", code, c.Latitude, c.Longitude, places[[2]float64{c.Latitude, c.Longitude}])
		}
		places[[2]float64{c.Latitude, c.Longitude}] = code
		for _, text := range strings.Split((Place{Latitude: c.Latitude, Longitude: c.Longitude}).Location(), " , ") {
			if _, decimals, _ := strings.Cut(text, "."); len(decimals) > 4 {
				t.Errorf("%s: %s has more than four decimals", code, text)
			}
		}
	}
}

func TestCountryOf(t *testing.T) {
	if c, ok := CountryOf("CL"); !ok || c != (Country{Name: "Chile", Latitude: -30, Longitude: -71}) {
		t.Errorf("CL is %+v, %v, want Chile", c, ok)
	}
	if c, ok := CountryOf("ZZ"); ok {
		t.Errorf("ZZ is %+v, want none", c)
	}
}
