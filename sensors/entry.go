package sensors

import (
	"maps"
	"slices"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
)

// entry has the counts of one sensor.
type entry struct {
	store.SensorRecord
	lastMessage uint64 // the sequence number of the last counted message
	// names has the latest host name per analyzer.
	names map[string]string
	// changes counts changes, and written is the number of changes in the
	// store.
	changes, written uint64
}

// describe records names and version of a sensor.
func (e *entry) describe(o *alert.Origin, outcome Outcome) {
	if e.FirstSeen.IsZero() {
		e.FirstSeen = alert.At(outcome.At)
	}
	e.LastSeen = alert.At(outcome.At)
	e.UUID = clip(o.UUID, maxName)
	e.Version = alert.Printable(outcome.Agent, maxVersion)
	analyzer := clip(o.Analyzer, maxAnalyzer)
	known := slices.Contains(e.Analyzers, analyzer)
	if analyzer != "" && !known && len(e.Analyzers) < MaxAnalyzers {
		e.Analyzers, known = append(e.Analyzers, analyzer), true
	}
	if known {
		e.name(analyzer, clip(o.Hostname, maxName))
	}
}

// name records a host name from an analyzer. The name sent by most analyzers
// counts: some honeypots send an attacker's text, or nothing.
func (e *entry) name(analyzer, hostname string) {
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
	best := votes[e.Hostname] // which stays while none has more
	for _, name := range slices.Sorted(maps.Keys(votes)) {
		if votes[name] > best {
			e.Hostname, best = name, votes[name]
		}
	}
}

// delay records the delay from CreateTime to arrival of one message's alerts: the
// median, since a late message also has old alerts.
func (e *entry) delay(records []alert.Record, at time.Time) {
	if len(records) == 0 {
		return
	}
	delays := make([]int64, len(records))
	for i := range records {
		delays[i] = at.Unix() - records[i].CreateTime.Unix()
	}
	slices.Sort(delays)
	kept := e.Delays[max(0, len(e.Delays)-(MaxDelays-1)):]
	middle := len(delays) / 2
	e.Delays = slices.Concat(kept, delays[middle:middle+1])
}

func (e *entry) refuse(reason string, n int) {
	if e.Refused == nil {
		e.Refused = make(map[string]int64)
	}
	e.Refused[reason] += int64(n)
}

// accept counts alerts that were stored.
func (e *entry) accept(now time.Time, n int) {
	e.Accepted += int64(n)
	if n == 0 {
		return
	}
	span := startOf(now.Unix(), fineSpan)
	if last := len(e.Counts) - 1; last >= 0 && e.Counts[last].Start >= span { // or the clock went back
		e.Counts[last].Count += int64(n)
		return
	}
	kept := make([]store.SensorCount, 0, len(e.Counts)+1)
	for _, c := range e.Counts {
		if c.Start < span-fineSpans*seconds(fineSpan) {
			c.Start = startOf(c.Start, coarseSpan)
		}
		switch last := len(kept) - 1; {
		case c.Start < span-Hours*seconds(coarseSpan):
		case last >= 0 && kept[last].Start == c.Start:
			kept[last].Count += c.Count
		default:
			kept = append(kept, c)
		}
	}
	kept = append(kept, store.SensorCount{Start: span, Count: int64(n)})
	e.Counts = kept
}

// startOf returns the start of the span that contains a time, in seconds since the Unix
// epoch.
func startOf(unix int64, span time.Duration) int64 { return unix / seconds(span) * seconds(span) }

func seconds(d time.Duration) int64 { return int64(d / time.Second) }

// copied returns a copy that shares nothing with the entry.
func (e *entry) copied() store.SensorRecord {
	s := e.SensorRecord
	s.Analyzers, s.Refused, s.Counts = slices.Clone(s.Analyzers), maps.Clone(s.Refused), slices.Clone(s.Counts)
	s.Delays = slices.Clone(s.Delays)
	return s
}
