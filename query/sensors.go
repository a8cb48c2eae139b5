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

// mostSensorRecords is how many records are read, the last updated first: far
// more than a community has, unless somebody invents sensors.
const mostSensorRecords = 50_000

var sensors = &Question{
	Name: "sensors",
	Summary: "The sensors that sent messages, the last seen first: what they call themselves, and how many alerts were accepted and refused " +
		"since they were first seen. One that sends both as one of the community and as a private user's stands there twice.",
	Private: true,
	Formats: []string{JSON},
	TTL:     fixed(5 * time.Second),
	Answers: []Answer{{
		Schema: record(
			field("sensors", list(record(
				field("id", text("The uuid, else the host name, else address and the sensor's target address.")),
				field("uuid", text("Empty where it tells none, as the next ones.")),
				field("hostname", text("Its host name.")),
				field("analyzers", list(text("A honeypot's id."), "The honeypots on it, 32 at most.")),
				field("version", text("The User-Agent of its last message.")),
				field("community", &Schema{Type: "boolean", Description: "Whether it is one of the community's."}),
				field("firstSeen", textLike(momentPattern, "When its first message came, as far as is known.")),
				field("lastSeen", textLike(momentPattern, "When its last message came; those with a wrong log-in do not count.")),
				field("accepted", count("How many alerts were answered OK, those that were sent again included.")),
				field("refused", byKey("", count("How many alerts."),
					"By reason, most first: those of peba_ingest_alerts_total, store for messages that could not be stored, credentials for wrong log-ins in its name; each time that they are sent.")),
				field("lastHour", count("How many were accepted in the last 50 to 60 minutes.")),
				field("perHour", list(count("How many alerts."), "The same for the last 24 hours of the clock, the present one last.")),
				field("quiet", &Schema{Type: "boolean", Description: "Whether it has been silent for more than an hour and ten times as long as it is between two of its messages on average; " +
					"for a day, if there was only one."})),
				"The sensors.")),
			field("others", record(
				field("accepted", count("How many alerts were answered OK.")),
				field("refused", byKey("", count("How many alerts."), "By reason, most first."))),
			)),
		Example: `{
  "sensors": [
    {
      "id": "5bf2dea2-0a7d-4029-9830-1c7e2ac0ad5a",
      "uuid": "5bf2dea2-0a7d-4029-9830-1c7e2ac0ad5a",
      "hostname": "tpot-01",
      "analyzers": ["cowrie-community-01", "dionaea-community-01"],
      "version": "EWS Poster v1.33",
      "community": true,
      "firstSeen": "2026-11-20 10:00:00",
      "lastSeen": "2026-11-23 23:45:55",
      "accepted": 123456,
      "refused": {"timezone": 3, "credentials": 1},
      "lastHour": 312,
      "perHour": [290, 0, 312],
      "quiet": false
    }
  ],
  "others": {"accepted": 0, "refused": {"credentials": 12}}
}`,
	}},
	Ask: askSensors,
}

// sensor is one of the answer.
type sensor struct {
	ID        string       `json:"id"`
	UUID      string       `json:"uuid"`
	Hostname  string       `json:"hostname"`
	Analyzers []string     `json:"analyzers"`
	Version   string       `json:"version"`
	Community bool         `json:"community"`
	FirstSeen alert.Time   `json:"firstSeen"`
	LastSeen  alert.Time   `json:"lastSeen"`
	Accepted  int64        `json:"accepted"`
	Refused   rankedCounts `json:"refused"`
	LastHour  int64        `json:"lastHour"`
	PerHour   []int64      `json:"perHour"`
	Quiet     bool         `json:"quiet"`

	messages int64
}

func askSensors(ctx context.Context, in Input) ([]byte, error) {
	records, err := in.Reader.Sensors(ctx, mostSensorRecords)
	if err != nil {
		return nil, err
	}
	type key struct {
		id        string
		community bool
	}
	byID := make(map[key]*sensor)
	for i := range records {
		r := &records[i]
		if r.Community && in.Domain == store.Private || !r.Community && in.Domain == store.Community {
			continue
		}
		k := key{r.Sensor, r.Community}
		if byID[k] == nil {
			byID[k] = &sensor{
				ID: r.Sensor, Community: r.Community, Refused: make(rankedCounts),
				Analyzers: []string{}, PerHour: make([]int64, hoursShown), // not nil: an empty list is []
			}
		}
		byID[k].add(r, in.Now)
	}
	var answer struct {
		Sensors []*sensor `json:"sensors"`
		Others  struct {
			Accepted int64        `json:"accepted"`
			Refused  rankedCounts `json:"refused"`
		} `json:"others"`
	}
	answer.Sensors, answer.Others.Refused = []*sensor{}, make(rankedCounts)
	for _, s := range byID {
		// Of some no message with the right log-in is left: only their names,
		// as somebody else may have sent them.
		if s.ID == "" || s.LastSeen.IsZero() {
			answer.Others.Accepted += s.Accepted
			answer.Others.Refused.add(s.Refused)
			continue
		}
		slices.Sort(s.Analyzers)
		s.Quiet = s.isQuiet(in.Now)
		answer.Sensors = append(answer.Sensors, s)
	}
	slices.SortFunc(answer.Sensors, func(a, b *sensor) int {
		return cmp.Or(b.LastSeen.Compare(a.LastSeen.Time), strings.Compare(a.ID, b.ID), cmp.Compare(a.rank(), b.rank()))
	})
	return encodeJSON(answer)
}

// rank puts the community first.
func (s *sensor) rank() int {
	if s.Community {
		return 0
	}
	return 1
}

// add adds more counts.
func (c rankedCounts) add(more map[string]int64) {
	for name, n := range more {
		c[name] += n
	}
}

const (
	hoursShown = 24
	// mostAnalyzersShown bounds what many records may have between them.
	mostAnalyzersShown = 32
	// lastHourSpans is what lastHour is made of, the present one included.
	lastHourSpans = 6
	countSpan     = 10 * time.Minute
)

// add adds a record. What a sensor says of itself is that of the record that was
// seen last.
func (s *sensor) add(r *store.SensorRecord, now time.Time) {
	s.Accepted += r.Accepted
	s.messages += r.Messages
	s.Refused.add(r.Refused)
	if !r.FirstSeen.IsZero() && (s.FirstSeen.IsZero() || r.FirstSeen.Before(s.FirstSeen.Time)) {
		s.FirstSeen = r.FirstSeen
	}
	if r.LastSeen.After(s.LastSeen.Time) {
		s.LastSeen, s.UUID, s.Hostname, s.Version = r.LastSeen, r.UUID, r.Hostname, r.Version
	}
	for _, analyzer := range r.Analyzers {
		if len(s.Analyzers) < mostAnalyzersShown && !slices.Contains(s.Analyzers, analyzer) {
			s.Analyzers = append(s.Analyzers, analyzer)
		}
	}
	recent := now.Truncate(countSpan).Add(-(lastHourSpans - 1) * countSpan).Unix()
	for _, c := range r.Counts {
		ago := now.Truncate(time.Hour).Sub(time.Unix(c.Start, 0).Truncate(time.Hour)) / time.Hour
		if ago >= 0 && ago < hoursShown {
			s.PerHour[hoursShown-1-ago] += c.Count
		}
		if c.Start >= recent {
			s.LastHour += c.Count
		}
	}
}

// isQuiet tells whether it has been silent for much longer than it usually is.
func (s *sensor) isQuiet(now time.Time) bool {
	usual := oneDay / 10
	if s.messages > 1 {
		usual = s.LastSeen.Sub(s.FirstSeen.Time) / time.Duration(s.messages-1)
	}
	return now.Sub(s.LastSeen.Time) > max(time.Hour, 10*usual)
}
