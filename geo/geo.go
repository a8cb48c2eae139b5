// Package geo defines the GeoIP lookup, from an IP address to a place. The
// implementations are geo/builtin (a built-in table) and geo/mmdb (MaxMind DB
// files of any vendor).
package geo

import (
	"context"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// Opener is implemented by guest modules in the namespace peba.geoip. They must
// not read files before Open.
type Opener interface {
	Open(ctx context.Context) (Locator, error)
}

// Locator looks up addresses. It is safe for concurrent use.
type Locator interface {
	// Locate returns the place of a global address; unknown fields are zero. It
	// accepts only global addresses: for others use Lookup.
	Locate(addr netip.Addr) Place

	// Close releases this handle.
	Close() error
}

// Describer is an optional interface of a Locator that describes its databases.
type Describer interface {
	// Describe returns the files currently in use.
	Describe() []Database
}

// Database is a GeoIP database file.
type Database struct {
	Path string
	// Type is the vendor's name for its content.
	Type string
	// Built is the vendor's build time, in UTC.
	Built time.Time
}

// Place is the location and network of an address.
type Place struct {
	// Country is an ISO 3166-1 alpha-2 code, CountryName its English name.
	Country, CountryName string
	// Latitude and Longitude are in degrees; both zero when unknown.
	Latitude, Longitude float64
	// AS is "AS<number> <organisation>".
	AS string
}

// Location returns the stored form of the coordinates, "LAT , LON"
// (docs/CONTRACT.md §1.1), "0.0 , 0.0" when unknown.
func (p Place) Location() string {
	return degrees(p.Latitude) + " , " + degrees(p.Longitude)
}

// degrees writes a float as the Python service did: shortest form, always with a point.
func degrees(f float64) string {
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}
