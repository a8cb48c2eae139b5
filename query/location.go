package query

import (
	"strings"

	"github.com/peba-edge/peba/geo"
)

// The stored form of coordinates is "LAT , LON" (docs/CONTRACT.md §1.1).
const (
	locationSeparator = " , "
	unknownDegree     = "0.0"
)

// coordinates splits a stored location. Invalid ones are unknown.
func coordinates(location string) (lat, lng string) {
	lat, lng, found := strings.Cut(location, locationSeparator)
	if !found {
		return unknownDegree, unknownDegree
	}
	return lat, lng
}

// coordinatesOrHome returns coordinates, with the operator's home for unknown
// ones.
func (s Settings) coordinatesOrHome(location string) (lat, lng string) {
	lat, lng = coordinates(location)
	if lat == unknownDegree && lng == unknownDegree {
		return coordinates(geo.Place{Latitude: s.HomeLatitude, Longitude: s.HomeLongitude}.Location())
	}
	return lat, lng
}
