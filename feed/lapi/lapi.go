// Package lapi answers CrowdSec's bouncers as CrowdSec's local API does, read only: each
// member of a feed is a decision to ban one address. DESIGN.md has the reasons; all of them
// are habits of clients that real firewalls run.
package lapi

import (
	"hash/fnv"
	"math"
	"strconv"
	"time"

	"github.com/peba-edge/peba/feed"
)

// Answers that do not depend on a feed.
const (
	// ContentType is the type of every body.
	ContentType = "application/json; charset=utf-8"
	// Health is the body of /health.
	Health = `{"status":"up"}`
)

// DefaultOrigin is the origin of decisions for clients that do not ask for another one.
const DefaultOrigin = "lists"

// decision is a ban, or the end of one.
type decision struct {
	member *feed.Member
	// duration is negative if the ban has ended.
	duration time.Duration
}

// writer appends decisions of one feed as JSON.
type writer struct {
	feed *feed.Definition
	now  time.Time
	// origin is a JSON string.
	origin []byte
}

// Scenario returns the scenario of a feed's decisions. Lua bouncers split it at slashes.
func Scenario(d *feed.Definition) string { return "peba-" + d.Name }

// newWriter returns a writer for a client that asked for these decisions.
func newWriter(d *feed.Definition, now time.Time, f *Filter) writer {
	return writer{feed: d, now: now, origin: quote(f.origin())}
}

// ban returns the decision for a member. Its duration is rounded up to seconds, so that
// nobody is released before the ban ends. It is at least a second, since Until is after now.
func (w *writer) ban(m *feed.Member) decision {
	left := w.feed.Until(m, w.now).Sub(w.now)
	return decision{m, (left + time.Second - 1).Truncate(time.Second)}
}

// release returns the decision for a departure. Its ban ended when it left.
func (w *writer) release(d *feed.Departure) decision {
	return decision{&d.Member, min(-time.Second, d.At.Sub(w.now).Truncate(time.Second))}
}

// list appends decisions as an array; no decisions are null, as in CrowdSec's answers.
func (w *writer) list(b []byte, decisions []decision) []byte {
	if len(decisions) == 0 {
		return append(b, "null"...)
	}
	b = append(b, '[')
	for i := range decisions {
		if i > 0 {
			b = append(b, ',')
		}
		b = w.decision(b, &decisions[i])
	}
	return append(b, ']')
}

// decision appends a decision, with the members in CrowdSec's order.
func (w *writer) decision(b []byte, d *decision) []byte {
	b = append(b, `{"duration":"`...)
	b = append(b, d.duration.String()...)
	b = append(b, `","id":`...)
	b = strconv.AppendInt(b, id(w.feed.Name, d.member), 10)
	b = append(b, `,"origin":`...)
	b = append(b, w.origin...)
	b = append(b, `,"scenario":"`...)
	b = append(b, Scenario(w.feed)...)
	b = append(b, `","scope":"Ip","type":"ban","value":"`...)
	b = d.member.Addr.AppendTo(b)
	return append(b, `"}`...)
}

// decisionBytes is about how long a decision is as JSON.
const decisionBytes = 160

// id returns the number of a decision, the same in every answer and after a restart. Some
// clients parse it into 32 bits; CrowdSec counts from 1. Two of 50,000 members may have the
// same number: clients tell decisions apart by their values.
func id(feedName string, m *feed.Member) int64 {
	h := fnv.New64a()
	addr := m.Addr.As16()
	text := append([]byte(feedName), 0)
	text = append(text, addr[:]...)
	text = strconv.AppendInt(text, m.Created.Unix(), 10)
	h.Write(text) //nolint:errcheck // a hash's Write never fails
	return int64(h.Sum64()%math.MaxInt32) + 1
}
