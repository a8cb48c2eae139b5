package query

import (
	"context"
	"strconv"
	"time"

	"github.com/peba-edge/peba/store"
)

// The parameter for the window in which alerts are counted.
var timeParam = Param{
	Name:     "time",
	Summary:  "The window: the last so many minutes, or day for since 00:00 UTC.",
	Kind:     Number,
	Words:    []string{"day"},
	Required: true,
	Example:  "60",
}

var retrieveAlertsCount = &Question{
	Name:    "retrieveAlertsCount",
	Summary: "Number of alerts that arrived in a window up to now.",
	Formats: []string{XML, JSON},
	TTL:     fixed(60 * time.Second),
	Params:  []Param{timeParam, outParam},
	Answers: []Answer{{
		Schema: element("EWSSimpleIPInfo", field("AlertCount", count("Number of alerts."))),
		Example: xmlDeclaration + `<EWSSimpleIPInfo>
  <AlertCount>1234</AlertCount>
</EWSSimpleIPInfo>
`,
	}, {
		Schema:  record(field("AlertCount", count("Number of alerts."))),
		Example: `{"AlertCount": 1234}`,
	}},
	Ask: askAlertsCount,
}

// since returns the start of the window given by the parameter time.
func (in Input) since() time.Time {
	if in.text("time") == "day" {
		return startOfDay(in.Now)
	}
	return minutesBefore(in.Now, in.number("time"))
}

func askAlertsCount(ctx context.Context, in Input) ([]byte, error) {
	count, err := in.Reader.Count(ctx, store.Filter{Domain: in.Domain, From: in.since()})
	if err != nil {
		return nil, err
	}
	if in.text("out") == "json" {
		return encodeJSON(struct {
			AlertCount int64
		}{count})
	}
	const root = "EWSSimpleIPInfo"
	w := newXML(root, 256)
	w.leaf("AlertCount", strconv.FormatInt(count, 10))
	return w.bytes(root), nil
}
