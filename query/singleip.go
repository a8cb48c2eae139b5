package query

import (
	"context"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
)

var querySingleIP = &Question{
	Name:    "querySingleIP",
	Summary: "The newest alerts of one source address by the sensors' clocks, 1000 at most (or what the operator set), newest first; none where the address is not globally routable.",
	Private: true,
	Formats: []string{XML},
	TTL:     fixed(60 * time.Second),
	Params: []Param{{
		Name:     "ip",
		Summary:  "The source address.",
		Kind:     Address,
		Required: true,
		Example:  "8.8.8.8",
	}},
	Ask: func(ctx context.Context, in Input) ([]byte, error) {
		ip := in.text("ip")
		if !isGlobal(ip) {
			return alertsXML(nil, writeSingleIPAlert), nil
		}
		newest, err := in.Reader.Newest(ctx,
			store.Filter{Domain: in.Domain, Time: store.Created, SourceIP: ip}, in.MaxAlerts)
		if err != nil {
			return nil, err
		}
		return alertsXML(newest, writeSingleIPAlert), nil
	},
}

func writeSingleIPAlert(w *xmlWriter, d *alert.Document) {
	w.leaf("Id", d.ID)
	w.leaf("DateCreated", d.CreateTime.String())
	w.open("Peer")
	w.leaf("Type", d.PeerType)
	w.leaf("Country", d.TargetCountry)
	w.close("Peer")
	w.leaf("Request", d.OriginalRequestString)
}
