package collector

import (
	"crypto/rand"
	"encoding/hex"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/peba-edge/peba/alert"
)

// The community's log-in is public knowledge, and whoever has it may invent as
// many sensors as they like: so everything that is kept of one has a bound.
const (
	// mostSensors is how many of the community, and how many of private users, are
	// counted one by one at a time; what more there are is counted together.
	mostSensors = 20_000
	// mostKnown is of how many of each it is known that they exist.
	mostKnown     = 100_000
	mostAnalyzers = 32
	// mostName and mostAnalyzer are in bytes, mostVersion is in characters.
	mostName     = 128
	mostAnalyzer = 64
	mostVersion  = 64
	// idleAfter is how long a sensor sends nothing before it may have to make room
	// for another one. That one gets a record, so that invented ones are not many a day.
	idleAfter = 24 * time.Hour
	// roomMade is which part of a full crowd makes room at once.
	roomMade = 10
)

// Reasons, beside those of single alerts, for which a message's alerts are refused.
const (
	refusedCredentials = "credentials"
	refusedStore       = "store"
)

// roster counts what sensors send, in records of this run of the process that
// are written to the store now and then.
type roster struct {
	most int // of a crowd that are counted one by one
	// flushing has room for the one who writes to the store.
	flushing chan struct{}

	mu                 sync.Mutex
	community, private crowd
	turn               uint64 // counts messages
}

// crowd is the sensors of the community, or those of private users. Who invents
// some is in the way of no other crowd.
type crowd struct {
	// entries are by the sensor's id; with an empty one, all that are not told apart.
	entries map[string]*rosterEntry
	// known are those that have sent something with the right log-in, as far as is
	// remembered.
	known map[string]struct{}
}

func newRoster() *roster {
	newCrowd := func() crowd {
		return crowd{entries: make(map[string]*rosterEntry), known: make(map[string]struct{})}
	}
	return &roster{most: mostSensors, flushing: make(chan struct{}, 1), community: newCrowd(), private: newCrowd()}
}

// crowd returns the one or the other.
func (r *roster) crowd(community bool) *crowd {
	if community {
		return &r.community
	}
	return &r.private
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
	records := m.Records
	for i := range m.Origins {
		o := &m.Origins[i]
		ofOrigin := records[:min(o.Accepted, len(records))]
		records = records[len(ofOrigin):]
		id := sensorID(o)
		e := r.entry(id, h.community, h.at)
		if id != "" && e.Sensor == id {
			r.crowd(h.community).know(id)
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
		if e.Sensor != "" {
			e.delay(ofOrigin, h.at)
		}
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
		id, community := sensorID(o), true
		if _, known := r.community.known[id]; !known {
			if _, known = r.private.known[id]; known {
				community = false
			} else {
				id = ""
			}
		}
		r.entry(id, community, now).refuse(refusedCredentials, o.Alerts())
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
func (r *roster) entry(id string, community bool, now time.Time) *rosterEntry {
	entries := r.crowd(community).entries
	e := entries[id]
	if e == nil && id != "" && len(entries) >= r.most {
		id = ""
		e = entries[id]
	}
	if e == nil {
		e = &rosterEntry{}
		e.Key, e.Sensor, e.Community = newRecordKey(), id, community
		entries[id] = e
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
func (c *crowd) know(id string) {
	if len(c.known) < mostKnown {
		c.known[id] = struct{}{}
	}
}
