package mmdb

import (
	"errors"
	"fmt"
	"math"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"
	"github.com/oschwald/geoip2-golang"
	"github.com/oschwald/maxminddb-golang"

	"github.com/peba-edge/peba/geo"
)

// rememberedPlaces is the number of cached lookups per database. Decoding a
// City record takes 7 µs and a hundred allocations, and attacks come in series
// from few addresses to even fewer.
const rememberedPlaces = 16 << 10

// database is one version of a file.
type database struct {
	kind  string // the vendor's name for it
	built time.Time
	// lookUp finds and decodes one record; a missing address is not an error.
	lookUp   func(net.IP) (geo.Place, error)
	onlyIPv4 bool
	places   *otter.Cache[netip.Addr, geo.Place]
	// complained is set once an unreadable record was logged.
	complained atomic.Bool
}

// newDatabase opens and keeps the content of a file. It reads types unknown to
// geoip2-golang field by field.
func newDatabase(content []byte) (_ *database, err error) {
	defer func() {
		if v := recover(); v != nil { // the reader panics on absurd metadata
			err = fmt.Errorf("damaged: %v", v)
		}
	}()
	if err := checkMetadata(content); err != nil {
		return nil, err
	}
	raw, err := maxminddb.FromBytes(content)
	if err != nil {
		return nil, err
	}
	samples, err := tree{content, raw.Metadata.NodeCount, raw.Metadata.RecordSize}.checkRecords(sampledRecords)
	if err != nil {
		return nil, err
	}
	lookUp, err := chooseLookUp(content, raw, samples)
	if err != nil {
		return nil, err
	}
	places, err := otter.New(&otter.Options[netip.Addr, geo.Place]{MaximumSize: rememberedPlaces})
	if err != nil {
		return nil, err
	}
	return &database{
		kind:     raw.Metadata.DatabaseType,
		built:    time.Unix(int64(raw.Metadata.BuildEpoch), 0).UTC(),
		lookUp:   lookUp,
		onlyIPv4: raw.Metadata.IPVersion == 4,
		places:   places,
	}, nil
}

// chooseLookUp chooses the lookup for the database's type.
func chooseLookUp(content []byte, raw *maxminddb.Reader, samples []uintptr) (func(net.IP) (geo.Place, error), error) {
	known, err := geoip2.FromBytes(content)
	if err == nil {
		return lookUpKnown(known)
	}
	var unknownType geoip2.UnknownDatabaseTypeError
	if errors.As(err, &unknownType) {
		return lookUpOther(raw, samples)
	}
	return nil, err
}

// locate returns the place of addr in the database.
func (d *database) locate(addr netip.Addr) (geo.Place, error) {
	if d.onlyIPv4 && !addr.Is4() {
		return geo.Place{}, nil
	}
	if place, ok := d.places.GetIfPresent(addr); ok {
		return place, nil
	}
	place, err := d.lookUp(addr.AsSlice())
	if err != nil {
		return geo.Place{}, err
	}
	place = clean(place)
	d.places.Set(addr, place)
	return place, nil
}

// lookUpKnown chooses the lookup for a type known to geoip2-golang.
func lookUpKnown(r *geoip2.Reader) (func(net.IP) (geo.Place, error), error) {
	choices := []func(net.IP) (geo.Place, error){
		func(ip net.IP) (geo.Place, error) {
			record, err := r.Enterprise(ip)
			if err != nil {
				return geo.Place{}, err
			}
			return geo.Place{
				Country: record.Country.IsoCode, CountryName: record.Country.Names["en"],
				Latitude: record.Location.Latitude, Longitude: record.Location.Longitude,
				AS: as(uint64(record.Traits.AutonomousSystemNumber), record.Traits.AutonomousSystemOrganization),
			}, nil
		},
		func(ip net.IP) (geo.Place, error) {
			record, err := r.City(ip) // accepts Country databases too
			if err != nil {
				return geo.Place{}, err
			}
			return geo.Place{
				Country: record.Country.IsoCode, CountryName: record.Country.Names["en"],
				Latitude: record.Location.Latitude, Longitude: record.Location.Longitude,
			}, nil
		},
		func(ip net.IP) (geo.Place, error) {
			record, err := r.ASN(ip)
			if err != nil {
				return geo.Place{}, err
			}
			return geo.Place{AS: as(uint64(record.AutonomousSystemNumber), record.AutonomousSystemOrganization)}, nil
		},
	}
	for _, lookUp := range choices {
		var invalid geoip2.InvalidMethodError
		if _, err := lookUp(net.IPv4zero); !errors.As(err, &invalid) {
			return lookUp, nil
		}
	}
	return nil, errUseless(r.Metadata().DatabaseType)
}

func errUseless(kind string) error {
	return fmt.Errorf("its type is %q, without country, location or AS: expected City, Country, ASN or a similar type", kind)
}

// as is the stored form of an AS (docs/CONTRACT.md §1.1), empty for number 0.
func as(number uint64, organization string) string {
	if number == 0 {
		return ""
	}
	return strings.TrimSpace("AS" + strconv.FormatUint(number, 10) + " " + organization)
}

// clean drops invalid countries and coordinates, such as some vendors' words
// for unknown.
func clean(p geo.Place) geo.Place {
	p.Country = strings.ToUpper(p.Country)
	if len(p.Country) != 2 || strings.Trim(p.Country, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" || p.Country == "ZZ" {
		p.Country, p.CountryName = "", ""
	}
	// NaN is out of range too.
	if !(math.Abs(p.Latitude) <= 90 && math.Abs(p.Longitude) <= 180) {
		p.Latitude, p.Longitude = 0, 0
	}
	p.CountryName = strings.ToValidUTF8(p.CountryName, "\uFFFD")
	p.AS = strings.ToValidUTF8(p.AS, "\uFFFD")
	return p
}
