package mmdb

import (
	"net"
	"strconv"
	"strings"

	"github.com/oschwald/maxminddb-golang"

	"github.com/peba-edge/peba/geo"
)

// sampledRecords is how many records are sampled to find out whether a database
// has anything useful.
const sampledRecords = 10_000

// lookUpOther returns the lookup for a database of any vendor, if the sampled
// records have anything useful.
func lookUpOther(r *maxminddb.Reader, samples []uintptr) (func(net.IP) (geo.Place, error), error) {
	for _, at := range samples {
		record := map[string]any{}
		if err := r.Decode(at, &record); err != nil {
			return nil, err
		}
		if clean(placeOf(record)) != (geo.Place{}) {
			return func(ip net.IP) (geo.Place, error) {
				record := map[string]any{}
				err := r.Lookup(ip, &record)
				return placeOf(record), err
			}, nil
		}
	}
	return nil, errUseless(r.Metadata.DatabaseType)
}

// placeOf reads a record by the vendors' field names. MaxMind's fields are
// nested; those of IPinfo, IPLocate, IPtoASN and others are flat, and often all
// texts.
func placeOf(record map[string]any) geo.Place {
	p := geo.Place{
		Country:     text(record, "country.iso_code", "country_code"),
		CountryName: text(record, "country.names.en", "country_name"),
	}
	// IPinfo has the code here in some of its databases and the name in others.
	if country := text(record, "country"); p.Country == "" {
		p.Country = country
	} else if p.CountryName == "" {
		p.CountryName = country
	}
	p.Latitude, p.Longitude = coordinates(record)

	number := strings.TrimPrefix(strings.ToUpper(text(record,
		"autonomous_system_number", "traits.autonomous_system_number", "asn", "as_number")), "AS")
	if n, err := strconv.ParseUint(number, 10, 32); err == nil {
		p.AS = as(n, text(record, "autonomous_system_organization", "traits.autonomous_system_organization",
			"as_name", "as_organization", "organization", "org", "name"))
	}
	return p
}

// coordinates returns latitude and longitude, zero unless both are present.
func coordinates(record map[string]any) (float64, float64) {
	latitude := text(record, "location.latitude", "latitude", "lat")
	longitude := text(record, "location.longitude", "longitude", "lng", "lon")
	if latitude == "" {
		latitude, longitude, _ = strings.Cut(text(record, "loc"), ",")
	}
	north, err := strconv.ParseFloat(latitude, 64)
	if err != nil {
		return 0, 0
	}
	east, err := strconv.ParseFloat(longitude, 64)
	if err != nil {
		return 0, 0
	}
	return north, east
}

// text returns the first present field that is not a map or list, as text. Dots
// in a field's name lead into nested maps.
func text(record map[string]any, fields ...string) string {
	for _, field := range fields {
		var value any = record
		for name := range strings.SplitSeq(field, ".") {
			nested, _ := value.(map[string]any)
			value = nested[name]
		}
		switch v := value.(type) {
		case string:
			if v != "" {
				return v
			}
		case uint64:
			return strconv.FormatUint(v, 10)
		case int:
			return strconv.Itoa(v)
		case float64:
			return strconv.FormatFloat(v, 'g', -1, 64)
		case float32:
			return strconv.FormatFloat(float64(v), 'g', -1, 32)
		}
	}
	return ""
}
