package query

import (
	"context"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
)

var retrieveAlertsCyber = &Question{
	Name:    "retrieveAlertsCyber",
	Summary: "The newest alerts by the time of their arrival, 1000 at most (or what the operator set), newest first.",
	Private: true,
	Formats: []string{XML},
	TTL:     fixed(time.Second),
	Ask: func(ctx context.Context, in Input) ([]byte, error) {
		newest, err := in.Reader.Newest(ctx, store.Filter{Domain: in.Domain}, in.MaxAlerts)
		if err != nil {
			return nil, err
		}
		return alertsXML(newest, writeCyberAlert), nil
	},
}

// alertsXML lists alerts, each written by write.
func alertsXML(alerts []alert.Document, write func(*xmlWriter, *alert.Document)) []byte {
	const root = "EWSSimpleAlertInfo"
	w := newXML(root)
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
