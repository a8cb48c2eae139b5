// Package geo says what a geo look-up is: an IP address in, a place out. The
// implementations are geo/builtin (no files needed) and geo/mmdb (MaxMind DB
// files of any vendor).
package geo

import (
	"context"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// Opener is what a guest module in the namespace peba.geoip implements.
// Open is the first moment at which it may read files.
type Opener interface {
	Open(ctx context.Context) (Locator, error)
}

// Locator looks addresses up. Locate may be called from many goroutines.
type Locator interface {
	// Locate returns what is known of a global address; fields it knows
	// nothing of are left zero. It is asked for no other addresses: use Lookup.
	Locate(addr netip.Addr) Place

	// Close gives this handle back.
	Close() error
}

// Describer is what a Locator may be besides: able to say what it looks up in.
type Describer interface {
	// Describe returns the files that are in use now.
	Describe() []Database
}

// Database is a file that is looked up in.
type Database struct {
	Path string
	// Type is the vendor's name for what is in it.
	Type string
	// Built is when the vendor made it, in UTC.
	Built time.Time
}

// Place is where an address is and whose it is.
type Place struct {
	// Country is an ISO 3166-1 alpha-2 code, CountryName its English name.
	Country, CountryName string
	// Latitude and Longitude are in degrees; both zero when unknown.
	Latitude, Longitude float64
	// AS is "AS<number> <organisation>".
	AS string
}

// Location returns the stored form of the coordinates, "LAT , LON"
// (contract §1.1), "0.0 , 0.0" when unknown.
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
