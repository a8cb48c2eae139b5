package query

import (
	"context"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
)

var tpotStats = &Question{
	Name:          "TpotStats",
	Summary:       "Number of alerts, honeypots and daemons of the community on one day by time of arrival, in total and per honeypot type.",
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
				field("totalNumberAlerts", count("Number of alerts.")),
				field("totalNumberHoneypots", count("Number of hosts.")),
				field("totalNumberDaemons", count("Number of honeypots on them.")),
				field("numberAlertsPerType", byKey("", count("Number of alerts."), "By honeypot type, highest first.")),
				field("numberHoneypotsPerType", byKey("", count("Number of hosts."), "By honeypot type, highest first.")))),
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

// settleTime is how long after its end a day may still get alerts, from messages
// that arrived in it but are not stored yet.
const settleTime = 5 * time.Minute

// tpotStatsTTL caches past days.
func tpotStatsTTL(args Args, now time.Time) time.Duration {
	if !args.given("day") || !args.time("day").Before(startOfDay(now.Add(-settleTime))) {
		return 0
	}
	return 28 * oneDay
}

// honeypotStats has the counts of a time span (docs/CONTRACT.md §3.2, end).
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

// honeypotDimensions are the dimensions that countHoneypots needs.
var honeypotDimensions = []store.Dimension{store.PeerType, store.PeerIdent, store.Hostname, store.TargetIP, store.SensorUUID}

// honeypot identifies a host: by its uuid, otherwise its name, otherwise its
// address.
type honeypot struct{ uuid, hostname, address string }

// honeypotOf returns the honeypot of a group by honeypotDimensions. An alert without
// a uuid belongs to the host with the same name and a uuid: sensors get updated, and
// not everything stored was counted by uuid.
func honeypotOf(key []string, uuids map[string]string) honeypot {
	hostname, address, uuid := key[2], key[3], key[4]
	if uuid == "" {
		uuid = uuids[hostname]
	}
	switch {
	case uuid != "":
		return honeypot{uuid: uuid}
	case hostname != alert.UnknownHost:
		return honeypot{hostname: hostname}
	}
	return honeypot{hostname: alert.UnknownHost, address: address}
}

// uuidsByHostname returns a uuid for each host name that occurs with one.
func uuidsByHostname(groups []store.Group) map[string]string {
	uuids := make(map[string]string)
	for _, g := range groups {
		hostname, uuid := g.Key[2], g.Key[4]
		if known := uuids[hostname]; hostname != alert.UnknownHost && uuid != "" && (known == "" || uuid < known) {
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
