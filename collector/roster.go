package collector

import (
	"crypto/rand"
	"encoding/hex"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
)

// The community's log-in is public knowledge, and whoever has it may invent as
// many sensors as they like: so everything that is kept of one has a bound.
const (
	// mostSensors is how many are counted one by one at a time; what more there
	// are is counted together.
	mostSensors = 20_000
	// mostKnown is of how many sensors it is known that they exist.
	mostKnown     = 100_000
	mostAnalyzers = 32
	// mostName and mostAnalyzer are in bytes, mostVersion is in characters.
	mostName     = 128
	mostAnalyzer = 64
	mostVersion  = 64
	// idleAfter is how long a sensor that sends nothing stays in memory.
	idleAfter = time.Hour
)

// Reasons, beside those of single alerts, for which a message's alerts are refused.
const (
	refusedCredentials = "credentials"
	refusedStore       = "store"
)

// roster counts what sensors send, in records of this run of the process that
// are written to the store now and then.
type roster struct {
	mu      sync.Mutex
	most    int // sensors that are counted one by one
	entries map[sensorKey]*rosterEntry
	// known are the sensors that have sent something with the right log-in, as
	// far as is remembered, and whether as one of the community.
	known map[string]bool
	turn  uint64 // counts messages
}

// sensorKey is one sensor; or, with an empty id, all that are not told apart.
type sensorKey struct {
	id        string
	community bool
}

type rosterEntry struct {
	store.SensorRecord
	turn uint64 // of the last message that was counted
	// changes counts them, and written is how many of them are in the store.
	changes, written uint64
}

func newRoster() *roster {
	return &roster{most: mostSensors, entries: make(map[sensorKey]*rosterEntry), known: make(map[string]bool)}
}

// heard is what became of a message whose log-in was right.
type heard struct {
	at        time.Time
	community bool
	agent     string // the request's User-Agent
	// stored is false for a message that the store has not taken.
	stored bool
}

// count counts a message whose log-in was right.
func (r *roster) count(m *alert.Message, h heard) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.turn++
	for i := range m.Origins {
		o := &m.Origins[i]
		id := sensorID(o)
		e := r.entry(sensorKey{id, h.community}, h.at)
		if id != "" && e.Sensor == id {
			r.know(id, h.community)
			e.describe(o, h)
		}
		if e.turn != r.turn {
			e.turn = r.turn
			e.Messages++
		}
		if !h.stored {
			e.refuse(refusedStore, o.Alerts())
			continue
		}
		e.accept(h.at, o.Accepted)
		for reason, n := range o.Skipped {
			e.refuse(string(reason), n)
		}
	}
}

// countWrong counts a message whose log-in was wrong. Anybody can send one in any
// sensor's name: so it adds to the refused alerts of a sensor that is known, and
// changes nothing else of it; those of others are counted together.
func (r *roster) countWrong(m *alert.Message, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range m.Origins {
		o := &m.Origins[i]
		key := sensorKey{sensorID(o), true}
		community, known := r.known[key.id]
		if key.community = community || !known; !known {
			key.id = ""
		}
		r.entry(key, now).refuse(refusedCredentials, o.Alerts())
	}
}

// sensorID is what a sensor is known by: its uuid, or else its host name, or else
// the address at which it was attacked; empty if it tells none.
func sensorID(o *alert.Origin) string {
	switch {
	case o.UUID != "":
		return clip(o.UUID, mostName)
	case o.Hostname != "":
		return clip(o.Hostname, mostName)
	case o.Target != "":
		return "address " + o.Target
	}
	return ""
}

// clip cuts a text to so many bytes.
func clip(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.Clone(strings.ToValidUTF8(s[:most], "")) // not to keep all of it
}

// printed cuts a text to so many characters, and replaces those that cannot be
// printed.
func printed(s string, most int) string {
	var b strings.Builder
	for _, c := range s {
		if most--; most < 0 {
			break
		}
		if !unicode.IsPrint(c) {
			c = utf8.RuneError
		}
		b.WriteRune(c)
	}
	return b.String()
}

// entry returns where a sensor is counted.
func (r *roster) entry(key sensorKey, now time.Time) *rosterEntry {
	e := r.entries[key]
	if e == nil && key.id != "" && len(r.entries) >= r.most {
		key.id = ""
		e = r.entries[key]
	}
	if e == nil {
		e = &rosterEntry{}
		e.Key, e.Sensor, e.Community = newRecordKey(), key.id, key.community
		r.entries[key] = e
	}
	e.Updated = alert.At(now)
	e.changes++
	return e
}

// newRecordKey returns a key that no other record has.
func newRecordKey() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// know remembers that a sensor exists.
func (r *roster) know(id string, community bool) {
	if known, ok := r.known[id]; ok && known == community || !ok && len(r.known) >= mostKnown {
		return
	}
	r.known[id] = community || r.known[id]
}

// describe takes what a sensor says of itself.
func (e *rosterEntry) describe(o *alert.Origin, h heard) {
	if e.FirstSeen.IsZero() {
		e.FirstSeen = alert.At(h.at)
	}
	e.LastSeen = alert.At(h.at)
	e.UUID, e.Hostname = clip(o.UUID, mostName), clip(o.Hostname, mostName)
	e.Version = printed(h.agent, mostVersion)
	if o.Analyzer == "" || len(e.Analyzers) >= mostAnalyzers {
		return
	}
	if analyzer := clip(o.Analyzer, mostAnalyzer); !slices.Contains(e.Analyzers, analyzer) {
		e.Analyzers = append(e.Analyzers, analyzer)
	}
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
