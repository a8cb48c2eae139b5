package lapi

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/peba-edge/peba/feed"
)

// The model's feed: short bans on a short grid, so that everything happens often.
const (
	modelBan   = 10 * time.Minute
	modelGrid  = 20 * time.Second
	modelKeep  = 90 * time.Minute
	modelSteps = 3000
)

// world is a feed of up to 60 members that change.
type world struct {
	rand *rand.Rand
	feed *feed.Definition
	grid time.Duration
	// at is the true time, which clients' timers follow; the feed's clock is ahead. slack
	// is how far that clock was set while bans lasted, jumped the last time.
	at, jumped   time.Time
	ahead, slack time.Duration
	// members and left are what the next snapshot has.
	members map[netip.Addr]*feed.Member
	left    map[netip.Addr]feed.Departure
	// next is the time of the next snapshot's grid.
	next time.Time
	// served is the snapshot that clients get.
	served *feed.Snapshot
}

// newWorld returns a world with bans that last so long, on a grid.
func newWorld(seed uint64, start time.Time, ban, grid time.Duration) *world {
	def := feed.Default("model")
	def.Duration = ban
	w := &world{
		rand: rand.New(rand.NewPCG(seed, 1)), feed: &def, grid: grid, at: start,
		members: map[netip.Addr]*feed.Member{}, left: map[netip.Addr]feed.Departure{},
	}
	w.next = w.at
	w.compute()
	return w
}

// now is what the feed's clock shows.
func (w *world) now() time.Time { return w.at.Add(w.ahead) }

// step lets up to five seconds pass. Snapshots are late, and some are skipped.
func (w *world) step() {
	w.at = w.at.Add(time.Duration(w.rand.IntN(5000)) * time.Millisecond)
	if w.at.Sub(w.jumped) > modelBan+w.slack+minSlack {
		w.slack = 0
	}
	if w.rand.IntN(1000) == 0 {
		jump := time.Duration(w.rand.IntN(180)) * time.Second
		w.slack += jump
		w.jumped = w.at
		if w.rand.IntN(2) == 0 {
			jump = -jump
		}
		w.ahead += jump
	}
	if w.now().After(w.next.Add(time.Duration(w.rand.IntN(5000))*time.Millisecond)) && w.rand.IntN(4) > 0 {
		w.compute()
	}
}

// compute serves a snapshot of the last time of the grid, with changes at the times since
// the snapshot before.
func (w *world) compute() {
	for !w.next.After(w.now()) {
		w.change(w.next)
		w.next = w.next.Add(w.grid)
	}
	at := w.next.Add(-w.grid)
	s := &feed.Snapshot{Feed: w.feed, At: at}
	for _, m := range w.members {
		s.Members = append(s.Members, *m)
	}
	for _, d := range w.left {
		s.Left = append(s.Left, d)
	}
	slices.SortFunc(s.Left, func(a, b feed.Departure) int { return b.At.Compare(a.At) })
	w.served = s
}

// change lets a few addresses join and leave.
func (w *world) change(at time.Time) {
	for addr, d := range w.left {
		if at.Sub(d.At) > modelKeep {
			delete(w.left, addr)
		}
	}
	for range w.rand.IntN(6) {
		addr := netip.AddrFrom4([4]byte{203, 0, 113, byte(w.rand.IntN(30))})
		if w.rand.IntN(2) == 0 {
			addr = netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 15: byte(w.rand.IntN(30))})
		}
		if m := w.members[addr]; m != nil {
			w.left[addr] = feed.Departure{Member: *m, At: at}
			delete(w.members, addr)
			continue
		}
		m := &feed.Member{Addr: addr, Created: at, Joined: at}
		if d, known := w.left[addr]; known {
			m.Created = d.Created
			delete(w.left, addr)
		}
		w.members[addr] = m
	}
}

// client is a model of a bouncer and its set.
type client struct {
	name  string
	every time.Duration
	// keepsOld clients ignore addresses that they have, like nftables; others take the new
	// timeout, like ipset.
	keepsOld bool
	// newFirst clients process new before deleted, like Traefik.
	newFirst bool
	// timeless clients have no timers, like scripts.
	timeless bool
	// slow is the maximum time that they need to process an answer.
	slow time.Duration

	// set has when the client's timer removes an address, in true time.
	set         map[netip.Addr]time.Time
	due         time.Time
	started     bool
	cursor      time.Time // as the server knows it
	savedCursor time.Time // as the server finds it after a restart
}

func models() []*client {
	return []*client{
		{name: "nftables", every: 3 * time.Second, keepsOld: true},
		{name: "slow nftables", every: 10 * time.Second, keepsOld: true, slow: 30 * time.Second},
		{name: "rare nftables", every: 5 * modelBan / 2, keepsOld: true, slow: time.Second},
		{name: "eager nftables", every: time.Millisecond, keepsOld: true},
		{name: "ipset", every: 10 * time.Second, slow: time.Second},
		{name: "script", every: 10 * time.Second, timeless: true},
		{name: "rare script", every: 5 * modelBan / 2, timeless: true},
		{name: "Traefik", every: 15 * time.Second, newFirst: true},
		{name: "rare Traefik", every: modelKeep + modelBan, newFirst: true},
	}
}

// answer is a body of the stream.
type answer struct {
	New, Deleted []struct {
		Duration, Value string
	}
}

// expire removes what has timed out.
func (c *client) expire(at time.Time) {
	for addr, end := range c.set {
		if !c.timeless && !end.After(at) {
			delete(c.set, addr)
		}
	}
}

// apply processes an answer of the snapshot at now, which is at a little later.
func (c *client) apply(a *answer, at, now time.Time, s *feed.Snapshot) error {
	c.expire(at)
	remove := func() {
		for _, d := range a.Deleted {
			delete(c.set, netip.MustParseAddr(d.Value))
		}
	}
	if !c.newFirst {
		remove()
	}
	for _, d := range a.New {
		addr := netip.MustParseAddr(d.Value)
		duration, err := time.ParseDuration(d.Duration)
		if err != nil || duration <= 0 || duration%time.Second != 0 {
			return fmt.Errorf("%s: duration %s", d.Value, d.Duration)
		}
		if m, listed := s.Lists(addr); !listed || now.Add(duration).Before(s.Feed.Until(m, now)) {
			return fmt.Errorf("%s would be released after %s, before its ban ends", addr, duration)
		}
		if _, has := c.set[addr]; !has || !c.keepsOld {
			c.set[addr] = at.Add(duration)
		}
	}
	if c.newFirst {
		remove()
	}
	return nil
}

// poll asks for changes, applies them, and compares the set with the feed's members. Some polls
// fail before or after the answer, some clients and servers restart.
func (c *client) poll(w *world) error {
	if w.rand.IntN(200) == 0 {
		c.set, c.started = map[netip.Addr]time.Time{}, false
	}
	switch w.rand.IntN(200) {
	case 0:
		c.cursor = time.Time{}
	case 1, 2:
		c.cursor = c.savedCursor
	case 3, 4, 5, 6:
		c.savedCursor = c.cursor
	}
	now := w.now()
	body, cursor := Stream(w.served, now, Poll{Cursor: c.cursor, Startup: !c.started, Slack: w.slack})
	luck := w.rand.IntN(20)
	if c.timeless && w.at.Sub(c.due) > modelKeep/4 {
		luck = 2 // those miss departures if nothing works until the feed forgets them
	}
	switch luck {
	case 0: // the answer is lost, and the server knows it
		return nil
	case 1: // the server believes that it is lost
	default:
		c.cursor = cursor
	}
	c.started = true
	var a answer
	if err := json.Unmarshal(body, &a); err != nil {
		return err
	}
	for _, d := range a.Deleted {
		for _, n := range a.New {
			if d.Value == n.Value {
				return fmt.Errorf("%s is new and deleted", d.Value)
			}
		}
	}
	took := time.Duration(w.rand.Int64N(int64(c.slow) + 1))
	c.expire(w.at)
	before := maps.Clone(c.set)
	if err := c.apply(&a, w.at.Add(took), now, w.served); err != nil {
		return err
	}
	c.due = w.at.Add(took).Add(c.every)
	return c.check(w, before)
}

// check compares the set with the members. Only those may be missing that were there before
// the poll, and timed out while the client processed the answer.
func (c *client) check(w *world, before map[netip.Addr]time.Time) error {
	members := map[netip.Addr]bool{}
	for i := range w.served.Members {
		m := &w.served.Members[i]
		members[m.Addr] = true
		_, has := c.set[m.Addr]
		if _, had := before[m.Addr]; !has && !had {
			return fmt.Errorf("%s is missing", m.Addr)
		}
	}
	for addr := range c.set {
		if !members[addr] {
			return fmt.Errorf("%s is not a member", addr)
		}
	}
	return nil
}

// TestModel holds that the sets of all kinds of clients equal the feed's members after
// each poll, and that no ban ends early in between.
func TestModel(t *testing.T) {
	t.Parallel()
	polls := 0
	for seed := range uint64(8) {
		w, clients := newWorld(seed, noon, modelBan, modelGrid), models()
		for _, c := range clients {
			c.due, c.set = w.at, map[netip.Addr]time.Time{}
		}
		for step := range modelSteps {
			w.step()
			for _, c := range clients {
				if c.due.After(w.at) {
					continue
				}
				polls++
				if err := c.poll(w); err != nil {
					t.Fatalf("seed %d, step %d, %s: %s: %v", seed, step, w.at.Format(time.TimeOnly), c.name, err)
				}
			}
		}
	}
	t.Logf("%d polls", polls)
}
