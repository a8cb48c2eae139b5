// Package sensors counts what each sensor sends. It counts in memory, writes records to a
// store, and sums the records of all processes in a list. DESIGN.md has the reasons.
package sensors

import (
	"crypto/rand"
	"encoding/hex"
	"strings"
	"sync"
	"time"

	"github.com/peba-edge/peba/alert"
)

// Reasons for rejecting all alerts of a message, beside those for single alerts.
const (
	refusedCredentials = "credentials"
	refusedStore       = "store"
)

// Counter counts what sensors send, in records of this run of the process, which
// Flush writes to a store. It is safe for concurrent use. A nil Counter has no
// records.
type Counter struct {
	max int // sensors of a group counted individually: MaxCounted
	// flushing is a lock (of capacity one) for writing to the store.
	flushing chan struct{}

	mu                 sync.Mutex
	community, private group
	messageSeq         uint64 // number of the last message
}

// group has the sensors of the community, or those of private users.
type group struct {
	// entries are by sensor id. The empty id is for all sensors not counted
	// individually.
	entries map[string]*entry
	// known has sensors that sent a message with a correct login, as far as
	// remembered.
	known map[string]struct{}
}

// NewCounter returns an empty Counter.
func NewCounter() *Counter {
	newGroup := func() group {
		return group{entries: make(map[string]*entry), known: make(map[string]struct{})}
	}
	return &Counter{max: MaxCounted, flushing: make(chan struct{}, 1), community: newGroup(), private: newGroup()}
}

// group returns the community's group or that of private users.
func (c *Counter) group(community bool) *group {
	if community {
		return &c.community
	}
	return &c.private
}

// Outcome is the result of a message with a correct login.
type Outcome struct {
	// At is the arrival of the message.
	At time.Time
	// Community is true for a message of the community, false for one of a private
	// user.
	Community bool
	// Agent is the request's User-Agent.
	Agent string
	// Stored is false if the store failed to store the message's alerts.
	Stored bool
}

// Count counts a message with a correct login.
func (c *Counter) Count(m *alert.Message, o Outcome) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.messageSeq++
	records := m.Records
	for i := range m.Origins {
		origin := &m.Origins[i]
		ofOrigin := records[:min(origin.Accepted, len(records))]
		records = records[len(ofOrigin):]
		id := sensorID(origin)
		e := c.entry(id, o.Community, o.At)
		if id != "" && e.Sensor == id {
			c.group(o.Community).know(id)
			e.describe(origin, o)
		}
		if e.lastMessage != c.messageSeq {
			e.lastMessage = c.messageSeq
			e.Messages++
		}
		if !o.Stored {
			e.refuse(refusedStore, origin.Alerts())
			continue
		}
		e.accept(o.At, origin.Accepted)
		if e.Sensor != "" {
			e.delay(ofOrigin, o.At)
		}
		for reason, n := range origin.Skipped {
			e.refuse(string(reason), n)
		}
	}
}

// CountWrong counts a message with a failed login. Anyone can send one in any
// sensor's name, so it only adds to the rejected alerts of a known sensor. Those
// of unknown sensors are counted together.
func (c *Counter) CountWrong(m *alert.Message, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range m.Origins {
		o := &m.Origins[i]
		id, community := sensorID(o), true
		if _, known := c.community.known[id]; !known {
			if _, known = c.private.known[id]; known {
				community = false
			} else {
				id = ""
			}
		}
		c.entry(id, community, now).refuse(refusedCredentials, o.Alerts())
	}
}

// sensorID returns a sensor's id: its uuid, otherwise its host name, otherwise
// the attacked address; empty if it sent none.
func sensorID(o *alert.Origin) string {
	switch {
	case o.UUID != "":
		return clip(o.UUID, maxName)
	case o.Hostname != "":
		return clip(o.Hostname, maxName)
	case o.Target != "":
		return "address " + o.Target
	}
	return ""
}

// clip truncates a text to so many bytes.
func clip(s string, maxBytes int) string {
	if len(s) <= maxBytes {
		return s
	}
	return strings.Clone(strings.ToValidUTF8(s[:maxBytes], "")) // not to keep all of it
}

// entry returns the entry that counts a sensor.
func (c *Counter) entry(id string, community bool, now time.Time) *entry {
	entries := c.group(community).entries
	e := entries[id]
	if e == nil && id != "" && len(entries) >= c.max {
		id = ""
		e = entries[id]
	}
	if e == nil {
		e = new(entry)
		e.Key, e.Sensor, e.Community = newRecordKey(), id, community
		entries[id] = e
	}
	e.Updated = alert.At(now)
	e.changes++
	return e
}

// newRecordKey returns a unique key.
func newRecordKey() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// know remembers that a sensor exists.
func (g *group) know(id string) {
	if len(g.known) < maxKnown {
		g.known[id] = struct{}{}
	}
}
