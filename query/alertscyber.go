package query

import (
	"context"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
)

var retrieveAlertsCyber = &Question{
	Name:    "retrieveAlertsCyber",
	Summary: "The newest alerts by time of arrival, at most 1000 (configurable), newest first.",
	Private: true,
	Formats: []string{XML, JSON},
	TTL:     fixed(time.Second),
	Params:  []Param{outParam},
	Answers: []Answer{{
		Schema: alertsSchema(
			field("Id", text("The alert's id.")),
			field("DateCreated", textLike(momentPattern, "When it arrived, in UTC.")),
			field("Peer", record(
				field("Id", text("The sensor's analyzer id.")),
				field("Type", text("The honeypot type.")),
				field("Country", text("The sensor's country, ISO code or -.")))),
			field("Request", text("What the attacker did, in the attacker's own words.")),
			field("Source", record(
				field("Address", text("The attacker's address.")),
				field("Country", text("Its country, ISO code or -.")),
				field("Latitude", text("In degrees.")),
				field("Longitude", text("In degrees."))))),
		Example: xmlDeclaration + `<EWSSimpleAlertInfo>
  <Alerts>
    <Alert>
      <Id>6a1b2c3d9f0e8d7c6b5a49382716a5b4</Id>
      <DateCreated>2026-11-23 23:45:55</DateCreated>
      <Peer>
        <Id>dionaea-community-01</Id>
        <Type>Network(Dionaea)</Type>
        <Country>DE</Country>
      </Peer>
      <Request>Attack on port 445/tcp</Request>
      <Source>
        <Address>8.8.8.8</Address>
        <Country>US</Country>
        <Latitude>37.751</Latitude>
        <Longitude>-97.822</Longitude>
      </Source>
    </Alert>
  </Alerts>
</EWSSimpleAlertInfo>
`,
	}, {
		Schema: record(field("alerts", list(privateAlertSchema, "The alerts, newest first."))),
		Example: `{
  "alerts": [
` + privateAlertExample + `
  ]
}`,
	}},
	Ask: func(ctx context.Context, in Input) ([]byte, error) {
		asJSON, fields := in.text("out") == "json", cyberFields
		if asJSON {
			fields = nil
		}
		newest, err := in.Reader.Newest(ctx, store.Filter{Domain: in.Domain}, in.MaxAlerts, fields...)
		if err != nil {
			return nil, err
		}
		if asJSON {
			return encodeJSON(struct {
				Alerts []privateAlert `json:"alerts"`
			}{privateAlerts(newest)})
		}
		return alertsXML(newest, writeCyberAlert), nil
	},
}

// alertsSchema is the schema of a list of alerts with these members.
func alertsSchema(fields ...Property) *Schema {
	return element("EWSSimpleAlertInfo", field("Alerts", wrapped(element("Alert", fields...), "The alerts, newest first.")))
}

// alertsXML encodes a list of alerts, each written by write.
func alertsXML(alerts []alert.Document, write func(*xmlWriter, *alert.Document)) []byte {
	const root = "EWSSimpleAlertInfo"
	w := newXML(root, 768*(len(alerts)+1))
	if len(alerts) == 0 {
		w.leaf("Alerts", "")
		return w.bytes(root)
	}
	w.open("Alerts")
	for i := range alerts {
		w.open("Alert")
		write(w, &alerts[i])
		w.close("Alert")
	}
	w.close("Alerts")
	return w.bytes(root)
}

// cyberFields are the fields that writeCyberAlert reads.
var cyberFields = []string{
	"recievedTime", "peerIdent", "peerType", "targetCountry", "originalRequestString", "location", "sourceEntryIp", "country",
}

func writeCyberAlert(w *xmlWriter, d *alert.Document) {
	w.leaf("Id", d.ID)
	w.leaf("DateCreated", d.RecievedTime.String())
	w.open("Peer")
	w.leaf("Id", d.PeerIdent)
	w.leaf("Type", d.PeerType)
	w.leaf("Country", d.TargetCountry)
	w.close("Peer")
	w.leaf("Request", d.OriginalRequestString)
	lat, lng := coordinates(d.Location)
	w.open("Source")
	w.leaf("Address", d.SourceEntryIP)
	w.leaf("Country", d.Country)
	w.leaf("Latitude", lat)
	w.leaf("Longitude", lng)
	w.close("Source")
}
