package query

import (
	"context"
	"fmt"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/sensors"
)

var sensorList = &Question{
	Name: "sensors",
	Summary: fmt.Sprintf("The sensors that sent messages, last seen first: their names, and how many alerts were accepted and rejected "+
		"since they were first seen. A sensor that sends both for the community and for a private user is listed twice. "+
		"Each process counts %s of the community's and as many of private users' individually, and the rest as others; "+
		"at most %s of each are listed, from the %s records that changed last (each process creates one per sensor).",
		humanize.Comma(sensors.MaxCounted), humanize.Comma(sensors.MaxListed), humanize.Comma(sensors.MaxRecords)),
	Private: true,
	Formats: []string{JSON},
	TTL:     fixed(5 * time.Second),
	Answers: []Answer{{
		Schema: record(
			field("sensors", list(record(
				field("id", text("The uuid, otherwise the host name, otherwise address and the sensor's target address.")),
				field("uuid", text("Its uuid; empty if it sent none, like the next ones.")),
				field("hostname", text("Its host name.")),
				field("analyzers", list(text("A honeypot's id."), fmt.Sprintf("The honeypots on it, at most %d.", sensors.MaxAnalyzers))),
				field("unclassified", list(text("A honeypot's id."), "The honeypots of unknown type: their alerts are Unclassified.")),
				field("version", text("The User-Agent of its last message.")),
				field("community", &Schema{Type: "boolean", Description: "Whether it belongs to the community."}),
				field("firstSeen", textLike(momentPattern, "Arrival of its first known message.")),
				field("lastSeen", textLike(momentPattern, "Arrival of its last message with a correct login.")),
				field("accepted", count("Number of alerts answered OK, including duplicates.")),
				field("refused", byKey("", count("Number of alerts."),
					"By reason, highest first: those of peba_ingest_alerts_total, store for messages that could not be stored, credentials for failed logins in its name. Every attempt counts.")),
				field("lastHour", count("Number of alerts accepted in the last 50 to 60 minutes.")),
				field("perHour", list(count("Number of alerts."), "The same for each of the last 24 clock hours, the current one last.")),
				field("delay", &Schema{AnyOf: []*Schema{{Type: "integer"}, {Type: "null"}}, Description: fmt.Sprintf("Typical delay in seconds from CreateTime to arrival: the median of its last messages, at most %d. Negative if its clock is ahead, null if unknown.", sensors.MaxDelays)}),
				field("clock", &Schema{Type: "string", Enum: sensors.Clocks(), Description: "State of its clock, derived from the delays. timezone: they are steadily close to a multiple of 15 minutes; wrong: they are steadily something else, or the clock is ahead; " +
					"delayed: they vary and the clock may be right, as after an outage; ok: below 5 minutes; unknown: fewer than three messages."}),
				field("quiet", &Schema{Type: "boolean", Description: "Whether it has been silent for more than an hour and ten times the average interval of its messages; " +
					"for a day if there was only one."})),
				"The sensors.")),
			field("others", record(
				field("accepted", count("Number of alerts answered OK.")),
				field("refused", byKey("", count("Number of alerts."), "By reason, highest first."))),
			),
			field("complete", &Schema{Type: "boolean", Description: "False if the answer is incomplete: the sensors that were silent the longest may be missing, and counts may be too low."})),
		Example: `{
  "sensors": [
    {
      "id": "5bf2dea2-0a7d-4029-9830-1c7e2ac0ad5a",
      "uuid": "5bf2dea2-0a7d-4029-9830-1c7e2ac0ad5a",
      "hostname": "tpot-01",
      "analyzers": ["cowrie-community-01", "dionaea-community-01"],
      "unclassified": [],
      "version": "EWS Poster v1.33",
      "community": true,
      "firstSeen": "2026-11-20 10:00:00",
      "lastSeen": "2026-11-23 23:45:55",
      "accepted": 123456,
      "refused": {"timezone": 3, "credentials": 1},
      "lastHour": 312,
      "perHour": [290, 0, 312],
      "delay": 7214,
      "clock": "timezone",
      "quiet": false
    }
  ],
  "others": {"accepted": 0, "refused": {"credentials": 12}},
  "complete": true
}`,
	}},
	Ask: askSensors,
}

// sensor is one sensor of the answer.
type sensor struct {
	ID        string       `json:"id"`
	UUID      string       `json:"uuid"`
	Hostname  string       `json:"hostname"`
	Analyzers []string     `json:"analyzers"`
	Unknown   []string     `json:"unclassified"`
	Version   string       `json:"version"`
	Community bool         `json:"community"`
	FirstSeen alert.Time   `json:"firstSeen"`
	LastSeen  alert.Time   `json:"lastSeen"`
	Accepted  int64        `json:"accepted"`
	Refused   rankedCounts `json:"refused"`
	LastHour  int64        `json:"lastHour"`
	PerHour   []int64      `json:"perHour"`
	Delay     *int64       `json:"delay"`
	Clock     string       `json:"clock"`
	Quiet     bool         `json:"quiet"`
}

// sensorAnswer is the answer.
type sensorAnswer struct {
	Sensors []sensor `json:"sensors"`
	Others  struct {
		Accepted int64        `json:"accepted"`
		Refused  rankedCounts `json:"refused"`
	} `json:"others"`
	Complete bool `json:"complete"`
}

func askSensors(ctx context.Context, in Input) ([]byte, error) {
	listing, err := sensors.List(ctx, in.Reader, in.Counter, in.Domain, in.Now)
	if err != nil {
		return nil, err
	}
	answer := sensorAnswer{Sensors: make([]sensor, len(listing.Sensors)), Complete: listing.Complete}
	answer.Others.Accepted, answer.Others.Refused = listing.Accepted, listing.Refused
	for i, s := range listing.Sensors {
		answer.Sensors[i] = newSensor(s)
	}
	return encodeJSON(answer)
}

func newSensor(s *sensors.Sensor) sensor {
	unknown := []string{} // not nil: an empty list is []
	for _, analyzer := range s.Analyzers {
		if alert.PeerType(analyzer) == alert.Unclassified {
			unknown = append(unknown, analyzer)
		}
	}
	return sensor{
		ID: s.ID, UUID: s.UUID, Hostname: s.Hostname, Analyzers: append([]string{}, s.Analyzers...), Unknown: unknown, Version: s.Version,
		Community: s.Community, FirstSeen: s.FirstSeen, LastSeen: s.LastSeen, Accepted: s.Accepted, Refused: s.Refused,
		LastHour: s.LastHour, PerHour: s.PerHour[:], Delay: s.Delay, Clock: s.Clock, Quiet: s.Quiet,
	}
}
