package query

import (
	"context"
	"time"

	"github.com/peba-edge/peba/store"
)

var retrieveAlertsJSON = &Question{
	Name:    "retrieveAlertsJson",
	Summary: "The newest alerts by the time of their arrival, newest first, without the source addresses.",
	Formats: []string{JSON},
	TTL:     fixed(25 * time.Second),
	Params: []Param{{
		Name:    "topx",
		Summary: "How many alerts.",
		Kind:    Number,
		Min:     1,
		Max:     1000,
		Default: "35",
		Example: "35",
	}},
	Ask: askAlertsJSON,
}

// publicAlert is one alert of the answer. It never has the source address.
type publicAlert struct {
	ID            string `json:"id"`
	DateCreated   string `json:"dateCreated"`
	Country       string `json:"country"`
	CountryName   string `json:"countryName"`
	TargetCountry string `json:"targetCountry"`
	SourceLat     string `json:"sourceLat"`
	SourceLng     string `json:"sourceLng"`
	DestLat       string `json:"destLat"`
	DestLng       string `json:"destLng"`
	AnalyzerType  string `json:"analyzerType"`
	RequestString string `json:"requestString"`
	ClientDomain  bool   `json:"clientDomain"`
}

func askAlertsJSON(ctx context.Context, in Input) ([]byte, error) {
	newest, err := in.Reader.Newest(ctx, store.Filter{Domain: in.Domain}, int(in.number("topx")))
	if err != nil {
		return nil, err
	}
	alerts := make([]publicAlert, len(newest)) // not nil: an empty answer is []
	for i := range newest {
		d := &newest[i]
		a := publicAlert{
			ID:            d.ID,
			DateCreated:   d.RecievedTime.String(),
			Country:       d.Country,
			CountryName:   d.CountryName,
			TargetCountry: d.TargetCountry,
			AnalyzerType:  d.PeerType,
			RequestString: requestString(d),
			ClientDomain:  d.ClientDomain,
		}
		a.SourceLat, a.SourceLng = in.coordinatesOrHome(d.Location)
		a.DestLat, a.DestLng = in.coordinatesOrHome(d.LocationDestination)
		alerts[i] = a
	}
	return encodeJSON(struct {
		Alerts []publicAlert `json:"alerts"`
	}{alerts})
}
