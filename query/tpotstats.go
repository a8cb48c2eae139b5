package query

import (
	"context"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
)

var tpotStats = &Question{
	Name:          "TpotStats",
	Summary:       "How many alerts, honeypots and daemons the community had on one day by the time of arrival, in all and of each honeypot type.",
	CommunityOnly: true,
	Formats:       []string{JSON},
	TTL:           tpotStatsTTL,
	Params: []Param{{
		Name:    "day",
		Summary: "The day in UTC; by default today so far.",
		Kind:    Day,
		Example: "20261122",
	}},
	Answers: []Answer{{
		Schema: record(
			field("communityHoneypots", record(
				field("totalNumberAlerts", count("How many alerts.")),
				field("totalNumberHoneypots", count("From how many hosts.")),
				field("totalNumberDaemons", count("From how many honeypots on them.")),
				field("numberAlertsPerType", byKey("", count("How many alerts."), "By honeypot type, most first.")),
				field("numberHoneypotsPerType", byKey("", count("How many hosts."), "By honeypot type, most first.")))),
			field("UTCtimeFrom", textLike(momentPattern, "The day's first second.")),
			field("UTCtimeTo", textLike(momentPattern, "The day's last second."))),
		Example: `{
  "communityHoneypots": {
    "totalNumberAlerts": 1200,
    "totalNumberHoneypots": 3,
    "totalNumberDaemons": 5,
    "numberAlertsPerType": {"SSH/console(cowrie)": 1000, "Webpage": 200},
    "numberHoneypotsPerType": {"SSH/console(cowrie)": 3, "Webpage": 2}
  },
  "UTCtimeFrom": "2026-11-22 00:00:00",
  "UTCtimeTo": "2026-11-22 23:59:59"
}`,
	}},
	Ask: askTpotStats,
}

// settleTime is how long after its end a day may still get alerts: messages that
// arrived in it and are not stored yet.
const settleTime = 5 * time.Minute

// tpotStatsTTL caches days that are over.
func tpotStatsTTL(args Args, now time.Time) time.Duration {
	if !args.given("day") || !args.time("day").Before(startOfDay(now.Add(-settleTime))) {
		return 0
	}
	return 28 * oneDay
}

// honeypotStats is the counts of a span of time (contract §3.2, end).
type honeypotStats struct {
	Alerts           int64        `json:"totalNumberAlerts"`
	Honeypots        int          `json:"totalNumberHoneypots"`
	Daemons          int          `json:"totalNumberDaemons"`
	AlertsPerType    rankedCounts `json:"numberAlertsPerType"`
	HoneypotsPerType rankedCounts `json:"numberHoneypotsPerType"`
}

func askTpotStats(ctx context.Context, in Input) ([]byte, error) {
	day := in.day(in.Now)
	groups, err := in.Reader.Group(ctx,
		store.Filter{Domain: store.Community, From: day, To: day.Add(oneDay)},
		store.Grouping{By: honeypotDimensions})
	if err != nil {
		return nil, err
	}
	return encodeJSON(struct {
		Stats honeypotStats `json:"communityHoneypots"`
		From  string        `json:"UTCtimeFrom"`
		To    string        `json:"UTCtimeTo"`
	}{countHoneypots(groups), alert.At(day).String(), alert.At(day.Add(oneDay - time.Second)).String()})
}

// noHostname is what sensors that tell no host name are stored with.
const noHostname = "undefined"

// honeypotDimensions are what countHoneypots counts from.
var honeypotDimensions = []store.Dimension{store.PeerType, store.PeerIdent, store.Hostname, store.TargetIP, store.SensorUUID}

// honeypot is a host: by its uuid, or by its name where it sent none, or by its
// address where it sent neither.
type honeypot struct{ uuid, hostname, address string }

// honeypotOf returns the honeypot of a group by honeypotDimensions. An alert without
// a uuid is of the host that sends its name with one: sensors are updated, and not
// all that is stored has been counted by uuid.
func honeypotOf(key []string, uuids map[string]string) honeypot {
	hostname, address, uuid := key[2], key[3], key[4]
	if uuid == "" {
		uuid = uuids[hostname]
	}
	switch {
	case uuid != "":
		return honeypot{uuid: uuid}
	case hostname != noHostname:
		return honeypot{hostname: hostname}
	}
	return honeypot{hostname: noHostname, address: address}
}

// uuidsByHostname returns a uuid for each host name that comes with one.
func uuidsByHostname(groups []store.Group) map[string]string {
	uuids := make(map[string]string)
	for _, g := range groups {
		hostname, uuid := g.Key[2], g.Key[4]
		if known := uuids[hostname]; hostname != noHostname && uuid != "" && (known == "" || uuid < known) {
			uuids[hostname] = uuid
		}
	}
	return uuids
}

// countHoneypots counts from groups by honeypotDimensions.
func countHoneypots(groups []store.Group) honeypotStats {
	type onHoneypot struct {
		honeypot
		what string // a type or an analyzer id
	}
	var (
		stats = honeypotStats{
			AlertsPerType:    make(rankedCounts),
			HoneypotsPerType: make(rankedCounts),
		}
		seen      = make(map[honeypot]bool)
		daemons   = make(map[onHoneypot]bool)
		typesSeen = make(map[onHoneypot]bool)
		uuids     = uuidsByHostname(groups)
	)
	for _, g := range groups {
		peerType, ident, host := g.Key[0], g.Key[1], honeypotOf(g.Key, uuids)
		stats.Alerts += g.Count
		stats.AlertsPerType[peerType] += g.Count
		seen[host] = true
		daemons[onHoneypot{host, ident}] = true
		if on := (onHoneypot{host, peerType}); !typesSeen[on] {
			typesSeen[on] = true
			stats.HoneypotsPerType[peerType]++
		}
	}
	stats.Honeypots, stats.Daemons = len(seen), len(daemons)
	return stats
}
