package lists

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/peba-edge/peba/feed"
)

// jsonSize is the expected size of an object in bytes.
const jsonSize = 640

// writeJSON writes one object, with the licence if there is one.
func writeJSON(s *feed.Snapshot, o Options) []byte {
	entries := o.choose(s.Entries)
	b := append(make([]byte, 0, headSize+jsonSize*len(entries)), '{')
	if s.Feed.Licence != "" {
		b = appendString(append(b, `"license":`...), s.Feed.Licence)
		b = append(b, ',')
	}
	b = append(b, `"iocs":[`...)
	for i := range entries {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendObject(append(b, '\n'), s, &entries[i])
	}
	return append(b, "]}\n"...)
}

// writeNDJSON writes one object per line.
func writeNDJSON(s *feed.Snapshot, o Options) []byte {
	entries := o.choose(s.Entries)
	b := make([]byte, 0, jsonSize*len(entries))
	for i := range entries {
		b = append(appendObject(b, s, &entries[i]), '\n')
	}
	return b
}

// appendObject appends an entry: first the fields that GreedyBear has, too, then ours. An
// aggregate has the values of its best member, and the number of members.
func appendObject(b []byte, s *feed.Snapshot, e *feed.Entry) []byte {
	m := &s.Members[e.Best]
	d := &m.Current
	b = append(b, `{"value":"`...)
	b = appendNetwork(b, e.Prefix)
	b = append(b, `","first_seen":"`...)
	b = appendTime(b, d.First)
	b = append(b, `","last_seen":"`...)
	b = appendTime(b, d.Last)
	b = append(b, `","attack_count":`...)
	b = strconv.AppendInt(b, d.Alerts, 10)
	b = append(b, `,"interaction_count":`...)
	b = strconv.AppendInt(b, d.Alerts, 10)
	b = append(b, `,"login_attempts":`...)
	b = strconv.AppendInt(b, d.Attempts, 10)
	b = append(b, `,"attacker_country":`...)
	b = appendString(b, m.CountryName)
	b = append(b, `,"attacker_country_code":`...)
	b = appendString(b, m.Country)
	number, name := splitAS(m.AS)
	b = append(b, `,"asn":`...)
	b = append(b, number...)
	b = append(b, `,"as_name":`...)
	b = appendString(b, name)
	b = append(b, `,"feed_type":[`...)
	for i, t := range d.Types {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, t)
	}
	b = append(b, `],"interaction":`...)
	b = appendString(b, d.Interaction)
	b = append(b, `,"sensors":`...)
	b = strconv.AppendInt(b, int64(d.Sensors), 10)
	b = append(b, `,"days":`...)
	b = strconv.AppendInt(b, int64(d.Days), 10)
	b = appendScore(b, &d.Score)
	b = append(b, `,"joined":"`...)
	b = appendTime(b, m.Joined)
	b = append(b, `","until":"`...)
	b = appendTime(b, s.Feed.Until(m, s.At))
	b = append(b, '"')
	if !e.Prefix.IsSingleIP() {
		b = append(b, `,"members":`...)
		b = strconv.AppendInt(b, int64(e.Members), 10)
	}
	return append(b, '}')
}

// appendScore appends the score and its parts.
func appendScore(b []byte, s *feed.Score) []byte {
	b = append(b, `,"score":`...)
	b = strconv.AppendInt(b, int64(s.Total()), 10)
	b = append(b, `,"score_parts":{"recency":`...)
	b = strconv.AppendInt(b, int64(s.Recency), 10)
	b = append(b, `,"volume":`...)
	b = strconv.AppendInt(b, int64(s.Volume), 10)
	b = append(b, `,"sensors":`...)
	b = strconv.AppendInt(b, int64(s.Sensors), 10)
	b = append(b, `,"days":`...)
	b = strconv.AppendInt(b, int64(s.Days), 10)
	b = append(b, `,"interaction":`...)
	b = strconv.AppendInt(b, int64(s.Interaction), 10)
	return append(b, '}')
}

// splitAS returns the number of "AS<number> <organisation>" in JSON, null if it is unknown,
// and the organisation.
func splitAS(as string) (number, name string) {
	first, name, _ := strings.Cut(as, " ")
	number, ok := strings.CutPrefix(first, "AS")
	if _, err := strconv.ParseUint(number, 10, 32); !ok || err != nil || len(number) > 1 && number[0] == '0' {
		return "null", as
	}
	return number, name
}

// appendString appends a text in JSON. It escapes < > & as well, so that no browser can
// interpret attackers' texts as markup.
func appendString(b []byte, text string) []byte {
	if !printable(text) || strings.ContainsAny(text, `"\<>&`) {
		return appendEscaped(b, text)
	}
	b = append(b, '"')
	b = append(b, text...)
	return append(b, '"')
}

// appendEscaped appends a text in JSON that has characters to escape.
func appendEscaped(b []byte, text string) []byte {
	escaped, err := json.Marshal(text)
	if err != nil {
		panic("lists: a text cannot be written in JSON: " + err.Error()) // every text can
	}
	return append(b, escaped...)
}
