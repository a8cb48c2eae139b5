package query

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
)

var enrichment = &Question{
	Name: "enrichment",
	Summary: "Statistics about one source address: number and times of its alerts, the honeypots and ports, the credentials. " +
		"All numbers include all its stored alerts; times are those of arrival.",
	Private: true,
	Formats: []string{JSON},
	TTL:     fixed(60 * time.Second),
	AtOnce:  2,
	Params: []Param{addressParam, {
		Name:    "topx",
		Summary: "Maximum number of ports, sensors, credentials and CVEs; distinct counts all of them.",
		Kind:    Number,
		Min:     1,
		Max:     1000,
		Default: "100",
		Example: "10",
	}},
	Answers: []Answer{{
		Schema: record(
			field("ip", text("The address.")),
			field("note", text("Why the answer has no data; otherwise empty.")),
			field("alerts", count("Number of alerts from it.")),
			field("first", orNull(momentPattern, "Arrival of the first one, in UTC; null if there is none.")),
			field("last", orNull(momentPattern, "Arrival of the last one, in UTC; null if there is none.")),
			field("country", text("Its country in the last alert, ISO code or -.")),
			field("countryName", text("The country's name.")),
			field("as", text("Its autonomous system in the last alert, as AS, number and name, or -.")),
			field("lat", text("Its latitude in degrees.")),
			field("lng", text("Its longitude in degrees.")),
			field("perDay", byKey(dayPattern, count("Number of alerts."), "By day, in order. Days without alerts between the first and the last are included as 0.")),
			field("types", byKey("", count("Number of alerts."), "By honeypot type, highest first.")),
			field("ports", topSchema("ports", field("port", text("The attacked port.")))),
			field("sensors", topSchema("sensors",
				field("id", text("The sensor, as in /alert/sensors.")), field("hostname", text("Its host name; undefined if it sent none.")))),
			field("credentials", topSchema("pairs", field("username", text("The user name.")), field("password", text("The password.")))),
			field("cves", topSchema("CVEs", field("cve", text("The vulnerability.")))),
			field("feeds", list(text("A feed's name."), "The feeds that list it. Feeds that count alerts of both domains are included with ci=-1."))),
		Example: `{
  "ip": "8.8.8.8",
  "note": "",
  "alerts": 3600,
  "first": "2026-11-22 22:17:04",
  "last": "2026-11-23 23:45:55",
  "country": "US",
  "countryName": "United States",
  "as": "AS15169 Google LLC",
  "lat": "37.751",
  "lng": "-97.822",
  "perDay": {"2026-11-22 00:00:00": 600, "2026-11-23 00:00:00": 3000},
  "types": {"SSH/console(cowrie)": 3590, "Network(Dionaea)": 10},
  "ports": {"distinct": 2, "top": [{"port": "22", "alerts": 3590}, {"port": "445", "alerts": 10}]},
  "sensors": {"distinct": 1, "top": [{"id": "5bf2dea2-0a7d-4029-9830-1c7e2ac0ad5a", "hostname": "tpot-01", "alerts": 3600}]},
  "credentials": {"distinct": 812, "top": [{"username": "root", "password": "123456", "alerts": 40}]},
  "cves": {"distinct": 0, "top": []},
  "feeds": ["blocklist"]
}`,
	}},
	Ask: askEnrichment,
}

// orNull is the schema of a text of a format, or null.
func orNull(pattern, description string) *Schema {
	return &Schema{AnyOf: []*Schema{{Type: "string", Pattern: pattern}, {Type: "null"}}, Description: description}
}

// topSchema is the schema of topOf's result.
func topSchema(what string, fields ...Property) *Schema {
	return record(
		field("distinct", count("Number of distinct "+what+".")),
		field("top", list(record(append(fields, field("alerts", count("Number of alerts.")))...), "Those with the most alerts, highest first.")))
}

// addressSummary is the answer.
type addressSummary struct {
	IP          string       `json:"ip"`
	Note        string       `json:"note"`
	Alerts      int64        `json:"alerts"`
	First       *alert.Time  `json:"first"`
	Last        *alert.Time  `json:"last"`
	Country     string       `json:"country"`
	CountryName string       `json:"countryName"`
	AS          string       `json:"as"`
	Lat         string       `json:"lat"`
	Lng         string       `json:"lng"`
	PerDay      object       `json:"perDay"`
	Types       rankedCounts `json:"types"`
	Ports       ranking      `json:"ports"`
	Sensors     ranking      `json:"sensors"`
	Credentials ranking      `json:"credentials"`
	CVEs        ranking      `json:"cves"`
	Feeds       []string     `json:"feeds"`
}

// ranking is a list of the most frequent entries.
type ranking struct {
	Distinct int      `json:"distinct"`
	Top      []object `json:"top"`
}

func askEnrichment(ctx context.Context, in Input) ([]byte, error) {
	none := ranking{Top: []object{}} // not nil: an empty list is []
	s := addressSummary{
		IP: in.text("ip"), Country: "-", CountryName: "-", AS: "-", Lat: unknownDegree, Lng: unknownDegree,
		PerDay: object{}, Types: rankedCounts{}, Ports: none, Sensors: none, Credentials: none, CVEs: none, Feeds: in.feedsWith(in.text("ip")),
	}
	if !in.lists(s.IP) {
		s.Note = notListed(s.IP)
		return encodeJSON(s)
	}
	filter := store.Filter{Domain: in.Domain, SourceIP: s.IP}
	newest, err := in.Reader.Newest(ctx, filter, 1, "country", "countryName", "sourceEntryAS", "location")
	if err != nil {
		return nil, err
	}
	if len(newest) == 0 {
		return encodeJSON(s)
	}
	s.Country, s.CountryName, s.AS = newest[0].Country, newest[0].CountryName, newest[0].SourceEntryAS
	s.Lat, s.Lng = coordinates(newest[0].Location)
	if err := s.count(ctx, in, filter); err != nil {
		return nil, err
	}
	return encodeJSON(s)
}

// count fills in the numbers.
func (s *addressSummary) count(ctx context.Context, in Input, filter store.Filter) error {
	days, err := in.Reader.Group(ctx, filter, store.Grouping{Bucket: oneDay, Times: true})
	if err != nil {
		return err
	}
	s.PerDay = fillDays(days)
	for _, day := range days {
		s.Alerts += day.Count
		if s.First == nil || day.First.Before(s.First.Time) {
			s.First = new(alert.At(day.First))
		}
		if s.Last == nil || day.Last.After(s.Last.Time) {
			s.Last = new(alert.At(day.Last))
		}
	}
	types, err := in.Reader.Group(ctx, filter, store.Grouping{By: []store.Dimension{store.PeerType}})
	if err != nil {
		return err
	}
	for _, g := range types {
		s.Types[g.Key[0]] += g.Count
	}
	topx := int(in.number("topx"))
	for _, r := range []struct {
		into *ranking
		by   []store.Dimension
		// name returns the members of an entry, or nil if the group is not an
		// entry.
		name func(key []string) object
	}{
		{&s.Ports, []store.Dimension{store.TargetPort}, func(key []string) object { return named("port", key[0]) }},
		{&s.Sensors, []store.Dimension{store.SensorUUID, store.Hostname, store.TargetIP}, nil},
		{&s.Credentials, []store.Dimension{store.Username, store.Password}, func(key []string) object {
			if key[0] == "" && key[1] == "" {
				return nil
			}
			return object{{"username", key[0]}, {"password", key[1]}}
		}},
		{&s.CVEs, []store.Dimension{store.VulnID}, func(key []string) object {
			if _, isCVE := (&alert.Document{VulnID: key[0]}).CVE(); !isCVE {
				return nil
			}
			return object{{"cve", key[0]}}
		}},
	} {
		groups, err := in.Reader.Group(ctx, filter, store.Grouping{By: r.by})
		if err != nil {
			return err
		}
		if r.name == nil {
			groups, r.name = bySensor(groups), func(key []string) object { return object{{"id", key[0]}, {"hostname", key[1]}} }
		}
		*r.into = topOf(groups, topx, r.name)
	}
	return nil
}

// bySensor sums groups by uuid, host name and target address per sensor: its id and
// the most frequent host name.
func bySensor(groups []store.Group) []store.Group {
	var sensors []store.Group
	place := make(map[string]int)
	for _, g := range groups {
		id := sensorName(g.Key[0], g.Key[1], g.Key[2])
		at, known := place[id]
		if !known {
			at, place[id] = len(sensors), len(sensors)
			sensors = append(sensors, store.Group{Key: []string{id, g.Key[1]}})
		}
		if sensors[at].Key[1] == alert.UnknownHost {
			sensors[at].Key[1] = g.Key[1]
		}
		sensors[at].Count += g.Count
	}
	slices.SortFunc(sensors, func(a, b store.Group) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Key[0], b.Key[0]))
	})
	return sensors
}

// named returns one member, or nil if its text is empty.
func named(name, value string) object {
	if value == "" {
		return nil
	}
	return object{{name, value}}
}

// topOf returns the first n groups that have a name.
func topOf(groups []store.Group, n int, name func(key []string) object) ranking {
	r := ranking{Top: []object{}}
	for _, g := range groups {
		entry := name(g.Key)
		if entry == nil {
			continue
		}
		if r.Distinct++; len(r.Top) < n {
			r.Top = append(r.Top, append(entry, member{"alerts", g.Count}))
		}
	}
	return r
}
