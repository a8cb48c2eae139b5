package query

import (
	"context"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
)

var querySingleIP = &Question{
	Name:    "querySingleIP",
	Summary: "The newest alerts of one source address by the sensors' clocks, at most 1000 (configurable), newest first. For an address that is not globally routable there are none, and a comment (`note` in JSON) says so, unless list_private is on.",
	Private: true,
	Formats: []string{XML, JSON},
	TTL:     fixed(60 * time.Second),
	Params:  []Param{addressParam, outParam},
	Answers: []Answer{{
		Schema: alertsSchema(
			field("Id", text("The alert's id.")),
			field("DateCreated", textLike(momentPattern, "When it happened by the sensor's clock, in UTC.")),
			field("Peer", record(
				field("Type", text("The honeypot type.")),
				field("Country", text("The sensor's country, ISO code or -.")))),
			field("Request", text("What the attacker did, in the attacker's own words."))),
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
	}, {
		Schema: record(
			field("ip", text("The address.")),
			field("note", text("Why there are no alerts; otherwise empty.")),
			field("alerts", list(privateAlertSchema, "The alerts, newest first."))),
		Example: `{
  "ip": "8.8.8.8",
  "note": "",
  "alerts": [
` + privateAlertExample + `
  ]
}`,
	}},
	Ask: askSingleIP,
}

// The parameter of questions about one source address.
var addressParam = Param{
	Name:     "ip",
	Summary:  "The source address.",
	Kind:     Address,
	Required: true,
	Example:  "8.8.8.8",
}

func askSingleIP(ctx context.Context, in Input) ([]byte, error) {
	ip, asJSON := in.text("ip"), in.text("out") == "json"
	var (
		newest []alert.Document
		note   string
		err    error
	)
	if in.lists(ip) {
		fields := singleIPFields
		if asJSON {
			fields = nil
		}
		filter := store.Filter{Domain: in.Domain, Time: store.Created, SourceIP: ip}
		if newest, err = in.Reader.Newest(ctx, filter, in.MaxAlerts, fields...); err != nil {
			return nil, err
		}
	} else {
		note = notListed(ip)
	}
	if asJSON {
		return encodeJSON(struct {
			IP     string         `json:"ip"`
			Note   string         `json:"note"`
			Alerts []privateAlert `json:"alerts"`
		}{ip, note, privateAlerts(newest)})
	}
	body := alertsXML(newest, writeSingleIPAlert)
	if note != "" {
		body = append(body, "<!-- "+note+" -->\n"...)
	}
	return body, nil
}

// lists reports whether alerts of a source address are listed.
func (s Settings) lists(ip string) bool { return s.ListPrivate || isGlobal(ip) }

// notListed returns why alerts of an address are not listed. In XML it becomes a
// comment after the root, so it must not contain "--".
func notListed(ip string) string {
	return ip + " is not globally routable: such addresses are listed only with the option list_private on"
}

// singleIPFields are the fields that writeSingleIPAlert reads.
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
