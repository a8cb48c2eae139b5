package stix

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/peba-edge/peba/feed"
)

// AppendMember appends the present version of a member's indicator, whose identifier is id.
func (w *Writer) AppendMember(b []byte, m *feed.Member, id ID) []byte {
	return w.appendIndicator(b, m, id, m.Changed, w.feed.Until(m, m.Changed), false)
}

// AppendDeparture appends the last version of the indicator of a former member: revoked.
func (w *Writer) AppendDeparture(b []byte, d *feed.Departure, id ID) []byte {
	return w.appendIndicator(b, &d.Member, id, d.At, d.At, true)
}

func (w *Writer) appendIndicator(b []byte, m *feed.Member, id ID, modified, until time.Time, revoked bool) []byte {
	addr := plain(m.Addr)
	details := &m.Published
	b = append(b, `{"type":"indicator","spec_version":"2.1","id":"`...)
	b = id.Append(b)
	b = append(b, '"')
	b = append(b, w.refs...)
	b = appendTime(b, "created", m.Created)
	b = appendTime(b, "modified", modified)
	if revoked {
		b = append(b, `,"revoked":true`...)
	}
	b = append(b, `,"name":"`...)
	b = addr.AppendTo(b)
	b = append(b, ` attacks honeypots","description":`...)
	b = w.appendDescription(b, details)
	b = append(b, `,"indicator_types":["malicious-activity"],"confidence":`...)
	b = strconv.AppendInt(b, int64(min(100, max(0, details.Score.Total()))), 10)
	b = appendLabels(b, details)
	b = append(b, `,"pattern":"[`...)
	b = append(b, addressType(addr)...)
	b = append(b, `:value = '`...)
	b = addr.AppendTo(b)
	b = append(b, `']","pattern_type":"stix","pattern_version":"2.1"`...)
	b = appendTime(b, "valid_from", m.Joined)
	b = appendTime(b, "valid_until", until)
	return append(b, '}')
}

// appendDescription appends a text about why the address is listed, quoted.
func (w *Writer) appendDescription(b []byte, d *feed.Details) []byte {
	start := len(b)
	b = append(b, '"')
	b = appendCount(b, d.Alerts, "alert")
	if d.Attempts > 0 {
		b = append(b, ", "...)
		b = appendCount(b, d.Attempts, "login attempt")
	}
	b = append(b, ", "...)
	b = appendCount(b, int64(d.Sensors), "sensor")
	b = append(b, ", "...)
	b = appendCount(b, int64(d.Days), "day")
	b = append(b, ", "...)
	b = d.First.UTC().AppendFormat(b, time.RFC3339)
	b = append(b, " to "...)
	b = d.Last.UTC().AppendFormat(b, time.RFC3339)
	b = append(b, ". Score "...)
	b = strconv.AppendInt(b, int64(d.Score.Total()), 10)
	b = append(b, ". Feed "...)
	b = append(b, w.feed.Name...)
	b = append(b, `."`...)
	if safe(b[start+1 : len(b)-1]) {
		return b
	}
	return appendText(b[:start], string(b[start+1:len(b)-1]))
}

// appendCount appends a number and what it counts.
func appendCount(b []byte, n int64, what string) []byte {
	b = append(append(strconv.AppendInt(b, n, 10), ' '), what...)
	if n != 1 {
		b = append(b, 's')
	}
	return b
}

// appendLabels appends the honeypot types and the interaction as labels; nothing if there
// are none, since STIX has no empty lists.
func appendLabels(b []byte, d *feed.Details) []byte {
	before := `,"labels":[`
	for _, name := range d.Types {
		if name == "" {
			continue
		}
		b = appendText(append(b, before...), name)
		before = ","
	}
	if d.Interaction != "" {
		b = appendText(append(b, before...), "interaction:"+d.Interaction)
		before = ","
	}
	if before == "," {
		b = append(b, ']')
	}
	return b
}

// appendTime appends a property with a time.
func appendTime(b []byte, name string, t time.Time) []byte {
	b = append(append(append(b, `,"`...), name...), `":"`...)
	return append(t.UTC().AppendFormat(b, timeLayout), '"')
}

// safe reports whether a text needs no escaping in JSON.
func safe[Text string | []byte](text Text) bool {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// appendText appends a JSON string. Attackers may have written the text.
func appendText(b []byte, text string) []byte {
	if safe(text) {
		return append(append(append(b, '"'), text...), '"')
	}
	quoted, err := json.Marshal(text)
	if err != nil {
		panic(fmt.Sprintf("stix: a string has no JSON form: %v", err))
	}
	return append(b, quoted...)
}
