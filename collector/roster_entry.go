package collector

import (
	"maps"
	"slices"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
)

// rosterEntry is what is counted of one sensor.
type rosterEntry struct {
	store.SensorRecord
	turn uint64 // of the last message that was counted
	// names are the host names that came last, by analyzer.
	names map[string]string
	// changes counts them, and written is how many of them are in the store.
	changes, written uint64
}

// describe takes what a sensor says of itself.
func (e *rosterEntry) describe(o *alert.Origin, h heard) {
	if e.FirstSeen.IsZero() {
		e.FirstSeen = alert.At(h.at)
	}
	e.LastSeen = alert.At(h.at)
	e.UUID = clip(o.UUID, mostName)
	e.Version = printed(h.agent, mostVersion)
	analyzer := clip(o.Analyzer, mostAnalyzer)
	known := slices.Contains(e.Analyzers, analyzer)
	if analyzer != "" && !known && len(e.Analyzers) < mostAnalyzers {
		e.Analyzers, known = append(e.Analyzers, analyzer), true
	}
	if known {
		e.name(analyzer, clip(o.Hostname, mostName))
	}
}

// name takes a host name from an analyzer. Of several the one counts that most
// analyzers send: some honeypots send what an attacker wrote, or nothing.
func (e *rosterEntry) name(analyzer, hostname string) {
	if hostname == "" || e.names[analyzer] == hostname {
		return
	}
	if e.names == nil {
		e.names = make(map[string]string)
	}
	e.names[analyzer] = hostname
	votes := make(map[string]int)
	for _, name := range e.names {
		votes[name]++
	}
	most := votes[e.Hostname] // which stays while none has more
	for _, name := range slices.Sorted(maps.Keys(votes)) {
		if votes[name] > most {
			e.Hostname, most = name, votes[name]
		}
	}
}

// mostDelays is how many of them are kept.
const mostDelays = 31

// delay notes how long after their CreateTime alerts of one message arrived: what is
// in the middle, for a message that was sent late has old ones too.
func (e *rosterEntry) delay(records []alert.Record, at time.Time) {
	if len(records) == 0 {
		return
	}
	delays := make([]int64, len(records))
	for i := range records {
		delays[i] = at.Unix() - records[i].CreateTime.Unix()
	}
	slices.Sort(delays)
	kept := e.Delays[max(0, len(e.Delays)-(mostDelays-1)):]
	e.Delays = append(slices.Clone(kept), delays[len(delays)/2])
}

func (e *rosterEntry) refuse(reason string, n int) {
	if e.Refused == nil {
		e.Refused = make(map[string]int64)
	}
	e.Refused[reason] += int64(n)
}

// How the accepted alerts are counted over time, in seconds: by spans of ten
// minutes, of which those older than seven are added up by the hour.
const (
	fineSpan   = 600
	coarseSpan = 3600
	fineSpans  = 7
	keptCounts = 24 * 3600
)

// accept counts alerts that were stored.
func (e *rosterEntry) accept(now time.Time, n int) {
	e.Accepted += int64(n)
	if n == 0 {
		return
	}
	span := now.Unix() / fineSpan * fineSpan
	if last := len(e.Counts) - 1; last >= 0 && e.Counts[last].Start >= span { // or the clock went back
		e.Counts[last].Count += int64(n)
		return
	}
	kept := make([]store.SensorCount, 0, len(e.Counts)+1)
	for _, c := range e.Counts {
		if c.Start < span-fineSpans*fineSpan {
			c.Start = c.Start / coarseSpan * coarseSpan
		}
		switch last := len(kept) - 1; {
		case c.Start < span-keptCounts:
		case last >= 0 && kept[last].Start == c.Start:
			kept[last].Count += c.Count
		default:
			kept = append(kept, c)
		}
	}
	kept = append(kept, store.SensorCount{Start: span, Count: int64(n)})
	e.Counts = kept
}

// copied shares nothing with the entry that changes.
func (e *rosterEntry) copied() store.SensorRecord {
	s := e.SensorRecord
	s.Analyzers, s.Refused, s.Counts = slices.Clone(s.Analyzers), maps.Clone(s.Refused), slices.Clone(s.Counts)
	s.Delays = slices.Clone(s.Delays)
	return s
}
