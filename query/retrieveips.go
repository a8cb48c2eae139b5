package query

import (
	"context"
	"net/netip"
	"strconv"
	"time"

	"github.com/peba-edge/peba/geo"
	"github.com/peba-edge/peba/store"
)

var retrieveIPs = &Question{
	Name:    "retrieveIPs",
	Summary: "The globally routable source addresses of the last two hours (configurable), most alerts first. " + sourcesLeftOut,
	Private: true,
	Formats: []string{XML, JSON},
	TTL:     fixed(60 * time.Second),
	Params:  []Param{outParam, allParam},
	Answers: sourceAnswers,
	AlsoEWS: true,
	Ask: func(ctx context.Context, in Input) ([]byte, error) {
		return askSources(ctx, in, in.BadIPWindow)
	},
}

// sourcesLeftOut describes the alerts that are not counted.
const sourcesLeftOut = "Alerts whose source may be a victim are not counted: those of ddospot, those over UDP or ICMP " +
	"(except sentrypeer's), and those from the sensor's own external address."

// The parameter that includes the alerts of sourcesLeftOut.
var allParam = Param{
	Name:    "all",
	Summary: "1 also counts alerts whose source may be a victim.",
	Kind:    Word,
	Words:   []string{"0", "1"},
	Default: "0",
	Example: "1",
}

// sourceAnswers describe the answers of both questions.
var sourceAnswers = []Answer{{
	Schema: element("EWSSimpleIPInfo", field("Sources", wrapped(
		element("Source", field("Address", text("The address.")), field("Count", count("Number of alerts from it."))),
		"The addresses, most alerts first."))),
	Example: xmlDeclaration + `<EWSSimpleIPInfo>
  <Sources>
    <Source>
      <Address>8.8.8.8</Address>
      <Count>12</Count>
    </Source>
    <Source>
      <Address>2001:4860:4860::8888</Address>
      <Count>3</Count>
    </Source>
  </Sources>
</EWSSimpleIPInfo>
`,
}, {
	Schema: list(record(field("ip", text("The address.")), field("count", count("Number of alerts from it."))),
		"The addresses, most alerts first."),
	Example: `[
  {"ip": "8.8.8.8", "count": 12},
  {"ip": "2001:4860:4860::8888", "count": 3}
]`,
}}

// sourceCount is one address of the answer.
type sourceCount struct {
	IP    string `json:"ip"`
	Count int64  `json:"count"`
}

// askSources answers both questions, for any window.
func askSources(ctx context.Context, in Input, window time.Duration) ([]byte, error) {
	by := []store.Dimension{store.SourceIP}
	if in.text("all") == "0" {
		by = append(by, store.SourceDoubt)
	}
	groups, err := in.Reader.Group(ctx,
		store.Filter{Domain: in.Domain, From: in.Now.Add(-window).Truncate(time.Second)}, store.Grouping{By: by})
	if err != nil {
		return nil, err
	}
	sources := make([]sourceCount, 0, len(groups)) // not nil: an empty answer is []
	for _, g := range groups {
		inDoubt := len(by) > 1 && g.Key[1] != ""
		if !inDoubt && isGlobal(g.Key[0]) {
			sources = append(sources, sourceCount{g.Key[0], g.Count})
		}
	}
	if in.text("out") == "json" {
		return encodeJSON(sources)
	}
	return sourcesXML(sources), nil
}

// isGlobal reports whether text is a globally routable address.
func isGlobal(text string) bool {
	addr, err := netip.ParseAddr(text)
	return err == nil && geo.IsGlobal(addr)
}

func sourcesXML(sources []sourceCount) []byte {
	const root = "EWSSimpleIPInfo"
	w := newXML(root, 128*(len(sources)+1))
	if len(sources) == 0 {
		w.leaf("Sources", "")
		return w.bytes(root)
	}
	w.open("Sources")
	for _, s := range sources {
		w.open("Source")
		w.leaf("Address", s.IP)
		w.leaf("Count", strconv.FormatInt(s.Count, 10))
		w.close("Source")
	}
	w.close("Sources")
	return w.bytes(root)
}
