// Package misp writes a feed as the directory that MISP reads: a manifest, an event for each
// UTC day, and the hashes of all values.
//
// MISP reads an event again if its timestamp in the manifest is later than the one it has.
// It keeps attributes that are no longer in an event. So the event of today has everybody
// who was listed at any time of the day, and grows only. After midnight it is closed and
// never changes, so that MISP does not read it again.
package misp

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/peba-edge/peba/feed"
	"github.com/peba-edge/peba/feed/ids"
)

// MaxAttributes is the maximum number of addresses in an event: those with the highest
// score. MISP needs minutes for more. If more are listed in a day, better ones replace
// others, which then stay in those MISPs that have read them.
const MaxAttributes = 5000

// detectionScore is the score from which on MISP may export an address to detection and
// blocking (to_ids). An address that knocked at one sensor a few times has less. One that
// tried logins a hundred times, or was seen by several sensors, has more.
const detectionScore = 50

// Day has the addresses that were listed on a UTC day. Callers store that of a day which
// has passed as JSON, and give it to DirectoryOf as long as it is published.
type Day struct {
	Feed      string `json:"feed"`
	Publisher string `json:"publisher,omitempty"`
	// Date is the start of the day.
	Date       time.Time   `json:"date"`
	Attributes []Attribute `json:"attributes"`
}

// Attribute is an address in a Day, with what is published about it.
type Attribute struct {
	Addr netip.Addr `json:"a"`
	// Changed is the time of the grid at which it was published so.
	Changed time.Time `json:"g"`
	First   time.Time `json:"f"`
	Last    time.Time `json:"t"`
	Score   int       `json:"s"`
	Comment string    `json:"c"`
}

// StartOf returns the start of the UTC day of a time.
func StartOf(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }

// DayOf returns the day of a date by a snapshot: the members that joined before its end, and
// who left after its start. A snapshot from after the day has the same addresses, except for
// those that have left and joined again since.
func DayOf(s *feed.Snapshot, date time.Time) Day {
	start := StartOf(date)
	end := start.Add(24 * time.Hour)
	var listed []*feed.Member
	for i := range s.Members {
		if m := &s.Members[i]; m.Joined.Before(end) {
			listed = append(listed, m)
		}
	}
	for i := range s.Left {
		if d := &s.Left[i]; d.At.After(start) && d.Joined.Before(end) {
			listed = append(listed, &d.Member)
		}
	}
	slices.SortFunc(listed, func(a, b *feed.Member) int {
		return cmp.Or(cmp.Compare(b.Published.Score.Total(), a.Published.Score.Total()), a.Addr.Compare(b.Addr))
	})
	listed = listed[:min(len(listed), MaxAttributes)]
	day := Day{Feed: s.Feed.Name, Publisher: s.Feed.Publisher, Date: start, Attributes: make([]Attribute, 0, len(listed))}
	for _, m := range listed {
		day.Attributes = append(day.Attributes, attributeOf(m))
	}
	return day
}

func attributeOf(m *feed.Member) Attribute {
	p := &m.Published
	return Attribute{
		Addr: m.Addr, Changed: m.Changed, First: p.First, Last: p.Last, Score: p.Score.Total(),
		// JSON would change invalid characters when the day is stored.
		Comment: strings.ToValidUTF8(fmt.Sprintf("score %d, alerts %d, login attempts %d, sensors %d, days %d: %s",
			p.Score.Total(), p.Alerts, p.Attempts, p.Sensors, p.Days, strings.Join(p.Types, ", ")), "\ufffd"),
	}
}

// uuid returns the identifier of the day's event.
func (d *Day) uuid() ids.UUID {
	return ids.V5(ids.Named(d.Publisher, d.Feed), "misp "+d.Date.Format(time.DateOnly))
}
