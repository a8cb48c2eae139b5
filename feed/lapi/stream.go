package lapi

import (
	"net/netip"
	"time"

	"github.com/peba-edge/peba/feed"
)

// Poll is a bouncer's request for what changed.
type Poll struct {
	// Cursor is what Stream returned with the bouncer's last whole answer about the same
	// feed; the zero value if that is unknown.
	Cursor time.Time
	// Startup is set if the bouncer asks for everything, since it has just started.
	Startup bool
	// Slack is how much earlier or later than announced a ban may end at the client, besides
	// minSlack: how far this machine's clock was set since the bans were announced.
	Slack  time.Duration
	Filter Filter
}

// minSlack is how long after its end a ban is announced again: clients need time to read
// an answer, and durations are rounded up to seconds.
const minSlack = time.Minute

// Stream returns the body of GET /v1/decisions/stream, and the cursor of the next poll, which
// must be kept only if the whole body was written.
//
// A bouncer that starts, or whose cursor is unknown, gets all members. Others get those that
// joined or left since the last answer, and members whose ban ended: nftables ignores
// addresses that it has, so that they cannot be renewed earlier. No address is in both lists,
// since clients process them in different orders.
func Stream(s *feed.Snapshot, now time.Time, p Poll) (body []byte, cursor time.Time) {
	w := newWriter(s.Feed, now, &p.Filter)
	var bans, releases []decision
	if p.Filter.wants(s.Feed) {
		c := changesSince(s, now, &p)
		bans, releases = c.bans(s, &w), c.releases(s, &w)
	}
	body = make([]byte, 0, 64+decisionBytes*(len(bans)+len(releases)))
	body = append(body, `{"deleted":`...)
	body = w.list(body, releases)
	body = append(body, `,"new":`...)
	body = w.list(body, bans)
	return append(body, '}'), newCursor(s.At, now)
}

// changes says which members and departures are in an answer: by its zero value, all.
type changes struct {
	// since is the time after which members joined.
	since time.Time
	// endedSince and endedUntil are the first and last end of a ban, as announced, that may have
	// come at the client since its last poll.
	endedSince, endedUntil time.Time
	// leftSince is the time after which addresses left.
	leftSince time.Time
}

// changesSince returns what must be in the answer to a poll.
func changesSince(s *feed.Snapshot, now time.Time, p *Poll) changes {
	at, polled := splitCursor(p.Cursor)
	switch {
	case p.Startup:
		// It has nothing but what a firewall kept, with a timeout.
		return changes{leftSince: now.Add(-s.Feed.Duration - minSlack - p.Slack)}
	case at.After(s.At) || polled.After(now):
		// The clock was set back. As with the zero cursor, the client may have addresses
		// without a timeout, such as in a script, since any time.
		return changes{}
	}
	return changes{since: at, endedSince: polled.Add(-minSlack - p.Slack), endedUntil: now.Add(p.Slack), leftSince: at}
}

// bans returns the decisions for members.
func (c *changes) bans(s *feed.Snapshot, w *writer) []decision {
	var list []decision
	for i := range s.Members {
		m := &s.Members[i]
		if m.Joined.After(c.since) || endedBetween(s.Feed, m, c.endedSince, c.endedUntil) {
			list = append(list, w.ban(m))
		}
	}
	return list
}

// endedBetween reports whether a ban of a member ended between two times, both included.
func endedBetween(d *feed.Definition, m *feed.Member, from, to time.Time) bool {
	end := d.Until(m, to).Add(-d.Duration)
	return end.After(m.Created) && !end.Before(from)
}

// releases returns the decisions for addresses that left and did not join again.
func (c *changes) releases(s *feed.Snapshot, w *writer) []decision {
	left := map[netip.Addr]*feed.Departure{}
	var order []netip.Addr
	for i := range s.Left {
		if d := &s.Left[i]; d.At.After(c.leftSince) && left[d.Addr] == nil {
			left[d.Addr] = d
			order = append(order, d.Addr)
		}
	}
	if len(left) == 0 {
		return nil
	}
	for i := range s.Members {
		delete(left, s.Members[i].Addr)
	}
	list := make([]decision, 0, len(left))
	for _, addr := range order {
		if d := left[addr]; d != nil {
			list = append(list, w.release(d))
		}
	}
	return list
}

// newCursor returns the cursor of an answer. Joins and departures count by the snapshot's
// time: a snapshot that is ready later may have members that joined before now. Ends of bans
// count by the time of the poll. A cursor has both: its seconds are the snapshot's time,
// which has no fraction, and a nanosecond stands for each millisecond between them. Whoever
// loses the fraction announces a few bans more often.
func newCursor(at, now time.Time) time.Time {
	lag := min(max(0, now.Sub(at).Milliseconds()), int64(time.Second)-1)
	return at.Truncate(time.Second).Add(time.Duration(lag))
}

// splitCursor returns the time of a cursor's snapshot, and of its poll.
func splitCursor(cursor time.Time) (at, polled time.Time) {
	at = cursor.Truncate(time.Second)
	return at, at.Add(cursor.Sub(at) * time.Millisecond)
}
