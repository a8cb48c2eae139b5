package query

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
)

var retrieveAlertsJSON = &Question{
	Name:    "retrieveAlertsJson",
	Summary: "The newest alerts by time of arrival, newest first, without source addresses.",
	Formats: []string{JSON},
	TTL:     fixed(25 * time.Second),
	Params: []Param{{
		Name:    "topx",
		Summary: "Number of alerts.",
		Kind:    Number,
		Min:     1,
		Max:     1000,
		Default: "35",
		Example: "35",
	}},
	Answers: []Answer{{
		Schema: record(field("alerts", list(publicAlertSchema,
			"The alerts, newest first. Unknown coordinates are replaced by the operator's home."))),
		Example: `{
  "alerts": [
` + publicAlertExample("2026-11-23 23:45:55") + `
  ]
}`,
	}},
	Ask: askAlertsJSON,
}

var publicAlertSchema = record(
	field("id", text("The alert's id.")),
	field("dateCreated", textLike(momentPattern, "When it arrived, in UTC.")),
	field("country", text("The attacker's country, ISO code or -.")),
	field("countryName", text("Its name.")),
	field("targetCountry", text("The sensor's country, ISO code or -.")),
	field("sourceLat", text("The attacker's latitude in degrees.")),
	field("sourceLng", text("The attacker's longitude in degrees.")),
	field("destLat", text("The sensor's latitude in degrees.")),
	field("destLng", text("The sensor's longitude in degrees.")),
	field("analyzerType", text("The honeypot type.")),
	field("requestString", text("What the attacker did, in one line, escaped for HTML.")),
	field("clientDomain", &Schema{Type: "boolean", Description: "Whether it is one of the community's alerts."}))

// publicAlertExample is one alert in an example's list.
func publicAlertExample(dateCreated string) string {
	return `    {
      "id": "6a1b2c3d9f0e8d7c6b5a49382716a5b4",
      "dateCreated": "` + dateCreated + `",
      "country": "BR",
      "countryName": "Brazil",
      "targetCountry": "DE",
      "sourceLat": "-23.5475",
      "sourceLng": "-46.6361",
      "destLat": "52.3751",
      "destLng": "9.9819",
      "analyzerType": "SSH/console(cowrie)",
      "requestString": "Username: &quot;root&quot; | Password: &quot;123456&quot; | Status: Fail",
      "clientDomain": true
    }`
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
	newest, err := in.Reader.Newest(ctx, store.Filter{Domain: in.Domain}, int(in.number("topx")), publicFields...)
	if err != nil {
		return nil, err
	}
	alerts := make([]publicAlert, len(newest)) // not nil: an empty answer is []
	for i := range newest {
		alerts[i] = in.public(&newest[i], requestString(&newest[i]))
	}
	return encodeJSON(struct {
		Alerts []publicAlert `json:"alerts"`
	}{alerts})
}

// publicFields are the fields that public and requestString read.
var publicFields = []string{
	"recievedTime", "country", "countryName", "targetCountry", "location", "locationDestination", "peerType", "clientDomain",
	"originalRequestString", "username", "password", "login", "targetEntryPort", "targetport",
}

// public returns the public part of an alert.
func (s Settings) public(d *alert.Document, request string) publicAlert {
	a := publicAlert{
		ID:            d.ID,
		DateCreated:   d.RecievedTime.String(),
		Country:       d.Country,
		CountryName:   d.CountryName,
		TargetCountry: d.TargetCountry,
		AnalyzerType:  d.PeerType,
		RequestString: request,
		ClientDomain:  d.ClientDomain,
	}
	a.SourceLat, a.SourceLng = s.coordinatesOrHome(d.Location)
	a.DestLat, a.DestLng = s.coordinatesOrHome(d.LocationDestination)
	return a
}

// EncodeAlert returns an alert as in the answer of retrieveAlertsJson, in one
// line without a line break. The request is truncated to maxRequest bytes before
// escaping, which may turn one byte into nine.
func EncodeAlert(d *alert.Document, s Settings, maxRequest int) ([]byte, error) {
	request := plainRequest(d)
	if len(request) > maxRequest {
		request = strings.ToValidUTF8(request[:maxRequest], "") // no partial characters
	}
	body, err := json.Marshal(s.public(d, htmlEscaper.Replace(request)))
	if err != nil {
		return nil, fmt.Errorf("writing alert %q: %w", d.ID, err)
	}
	return body, nil
}
