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

// Of the community's sensors and of private users' as much is told each, so that
// nobody who invents some takes the room of the other ones. The bounds are far
// from what a community has, and an answer that meets one says so.
const (
	// mostSensors is how many are listed.
	mostSensors = 50_000
	// mostSensorRecords is how many records are read, the last updated first: some
	// seconds' work.
	mostSensorRecords = 200_000
)

var sensors = &Question{
	Name: "sensors",
	Summary: "The sensors that sent messages, the last seen first: what they call themselves, and how many alerts were accepted and refused " +
		"since they were first seen. One that sends both as one of the community and as a private user's stands there twice. " +
		"Each process counts 20,000 of the community's and as many of private users' one by one, and the rest as others; " +
		"of each at most 50,000 are listed, from the 200,000 records that changed last (one is made for each sensor by each process).",
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
				field("unclassified", list(text("A honeypot's id."), "Those of the honeypots whose type is not known: their alerts are Unclassified.")),
				field("version", text("The User-Agent of its last message.")),
				field("community", &Schema{Type: "boolean", Description: "Whether it is one of the community's."}),
				field("firstSeen", textLike(momentPattern, "When its first message came, as far as is known.")),
				field("lastSeen", textLike(momentPattern, "When its last message came; those with a wrong log-in do not count.")),
				field("accepted", count("How many alerts were answered OK, those that were sent again included.")),
				field("refused", byKey("", count("How many alerts."),
					"By reason, most first: those of peba_ingest_alerts_total, store for messages that could not be stored, credentials for wrong log-ins in its name; each time that they are sent.")),
				field("lastHour", count("How many were accepted in the last 50 to 60 minutes.")),
				field("perHour", list(count("How many alerts."), "The same for the last 24 hours of the clock, the present one last.")),
				field("delay", &Schema{AnyOf: []*Schema{{Type: "integer"}, {Type: "null"}}, Description: "How many seconds after their CreateTime its alerts typically arrive: the median of its last messages, 31 at most; negative where its clock is ahead, null where nothing is known."}),
				field("clock", &Schema{Type: "string", Enum: clocks, Description: "What the delays say of its clock: timezone, if they are steadily close to a multiple of 15 minutes; wrong, if they are steadily something else, or its clock is ahead; " +
					"delayed, if they vary and the clock may be right, as after a failure; ok below 5 minutes; unknown before there are three."}),
				field("quiet", &Schema{Type: "boolean", Description: "Whether it has been silent for more than an hour and ten times as long as it is between two of its messages on average; " +
					"for a day, if there was only one."})),
				"The sensors.")),
			field("others", record(
				field("accepted", count("How many alerts were answered OK.")),
				field("refused", byKey("", count("How many alerts."), "By reason, most first."))),
			),
			field("complete", &Schema{Type: "boolean", Description: "False where there is more than is told: the sensors that were silent the longest may be missing, and counts may be too low."})),
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

// sensor is one of the answer.
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

	messages int64
	delays   []int64
}

// sensorAnswer is what is answered.
type sensorAnswer struct {
	Sensors []*sensor `json:"sensors"`
	Others  struct {
		Accepted int64        `json:"accepted"`
		Refused  rankedCounts `json:"refused"`
	} `json:"others"`
	Complete bool `json:"complete"`
}

func askSensors(ctx context.Context, in Input) ([]byte, error) {
	answer := sensorAnswer{Sensors: []*sensor{}, Complete: true} // not nil: an empty list is []
	answer.Others.Refused = make(rankedCounts)
	for _, community := range []bool{true, false} {
		if community && in.Domain == store.Private || !community && in.Domain == store.Community {
			continue
		}
		byID, complete, err := in.sensors(ctx, community)
		if err != nil {
			return nil, err
		}
		answer.Complete = answer.Complete && complete
		for _, s := range byID {
			answer.add(s, in.Now)
		}
	}
	slices.SortFunc(answer.Sensors, func(a, b *sensor) int {
		return cmp.Or(b.LastSeen.Compare(a.LastSeen.Time), strings.Compare(a.ID, b.ID), cmp.Compare(a.rank(), b.rank()))
	})
	return encodeJSON(answer)
}

// sensors adds up the records of each sensor. The empty id is of those that are
// not told apart.
func (in Input) sensors(ctx context.Context, community bool) (byID map[string]*sensor, complete bool, err error) {
	byID, read := make(map[string]*sensor), 0
	complete = true
	err = in.Reader.Sensors(ctx, community, mostSensorRecords+1, func(r store.SensorRecord) error {
		s := byID[r.Sensor]
		if read++; read > mostSensorRecords || s == nil && len(byID) >= mostSensors && r.Sensor != "" {
			complete = false
			return nil
		}
		if s == nil {
			s = &sensor{
				ID: r.Sensor, Community: community, Refused: make(rankedCounts),
				Analyzers: []string{}, Unknown: []string{}, PerHour: make([]int64, hoursShown), // not nil: an empty list is []
			}
			byID[r.Sensor] = s
		}
		s.add(&r, in.Now)
		return nil
	})
	return byID, complete, err
}

// add adds a sensor; or, if no message with the right log-in is left of it, only
// to the others: its names may be somebody else's words.
func (a *sensorAnswer) add(s *sensor, now time.Time) {
	if s.ID == "" || s.LastSeen.IsZero() {
		a.Others.Accepted += s.Accepted
		a.Others.Refused.add(s.Refused)
		return
	}
	slices.Sort(s.Analyzers)
	for _, analyzer := range s.Analyzers {
		if alert.PeerType(analyzer) == alert.Unclassified {
			s.Unknown = append(s.Unknown, analyzer)
		}
	}
	s.Quiet = s.isQuiet(now)
	s.Delay, s.Clock = readClock(s.delays)
	a.Sensors = append(a.Sensors, s)
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
		s.delays = r.Delays
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
