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
	Answers: []Answer{{
		Schema: alertsSchema(
			field("Id", text("The alert's id.")),
			field("DateCreated", textLike(momentPattern, "When it happened by the sensor's clock, in UTC.")),
			field("Peer", record(
				field("Type", text("The honeypot type.")),
				field("Country", text("The sensor's country, ISO code or -.")))),
			field("Request", text("What the attacker did, as the attacker wrote it."))),
		Example: xmlDeclaration + `<EWSSimpleAlertInfo>
  <Alerts>
    <Alert>
      <Id>6a1b2c3d9f0e8d7c6b5a49382716a5b4</Id>
      <DateCreated>2026-11-23 23:45:51</DateCreated>
      <Peer>
        <Type>Network(Dionaea)</Type>
        <Country>DE</Country>
      </Peer>
      <Request>Attack on port 445/tcp</Request>
    </Alert>
  </Alerts>
</EWSSimpleAlertInfo>
`,
	}},
	Ask: func(ctx context.Context, in Input) ([]byte, error) {
		ip := in.text("ip")
		if !isGlobal(ip) {
			return alertsXML(nil, writeSingleIPAlert), nil
		}
		newest, err := in.Reader.Newest(ctx,
			store.Filter{Domain: in.Domain, Time: store.Created, SourceIP: ip}, in.MaxAlerts, singleIPFields...)
		if err != nil {
			return nil, err
		}
		return alertsXML(newest, writeSingleIPAlert), nil
	},
}

// singleIPFields are what writeSingleIPAlert reads.
var singleIPFields = []string{"createTime", "peerType", "targetCountry", "originalRequestString"}

func writeSingleIPAlert(w *xmlWriter, d *alert.Document) {
	w.leaf("Id", d.ID)
	w.leaf("DateCreated", d.CreateTime.String())
	w.open("Peer")
	w.leaf("Type", d.PeerType)
	w.leaf("Country", d.TargetCountry)
	w.close("Peer")
	w.leaf("Request", d.OriginalRequestString)
}
