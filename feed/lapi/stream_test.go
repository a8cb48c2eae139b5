package lapi

import (
	"encoding/json"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/peba-edge/peba/feed"
)

// noon is when the tests' snapshot was computed.
var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// sample returns a snapshot with two members and two departures, of a feed whose bans last four
// hours, the first ones too.
func sample() *feed.Snapshot {
	def := feed.Default("blocklist")
	def.Duration = 4 * time.Hour
	member := func(addr string, age time.Duration) feed.Member {
		at := noon.Add(-age)
		m := feed.Member{Addr: netip.MustParseAddr(addr), Created: at, Joined: at}
		// Its first ban would end earlier by a part that depends on the address.
		m.Created = at.Add(at.Add(def.Duration).Sub(def.Until(&m, at)))
		return m
	}
	return &feed.Snapshot{
		Feed: &def, At: noon,
		Members: []feed.Member{member("203.0.113.5", time.Minute), member("2001:db8::7", 5*time.Hour)},
		Left: []feed.Departure{
			{Member: member("203.0.113.6", 3*time.Hour), At: noon.Add(-time.Minute)},
			{Member: member("203.0.113.7", 40*time.Hour), At: noon.Add(-24 * time.Hour)},
		},
	}
}

// values returns the addresses in a list, in order.
func values(list []struct{ Duration, Value string }) string {
	var all []string
	for _, d := range list {
		all = append(all, d.Value+" "+d.Duration)
	}
	return strings.Join(all, ", ")
}

func TestStream(t *testing.T) {
	now := noon.Add(30*time.Second + 400*time.Millisecond)
	const everybody = "203.0.113.5 3h58m30s, 2001:db8::7 2h59m30s"
	tests := []struct {
		name         string
		poll         Poll
		bans, leaves string
	}{
		{"startup", Poll{Startup: true, Cursor: newCursor(noon, noon)}, everybody, "203.0.113.6 -1m30s"},
		{"unknown cursor", Poll{}, everybody, "203.0.113.6 -1m30s, 203.0.113.7 -24h0m30s"},
		{"newer snapshot", Poll{Cursor: newCursor(noon.Add(time.Second), now)}, everybody, "203.0.113.6 -1m30s, 203.0.113.7 -24h0m30s"},
		{"later poll", Poll{Cursor: newCursor(noon, now.Add(time.Second))}, everybody, "203.0.113.6 -1m30s, 203.0.113.7 -24h0m30s"},
		{"same snapshot", Poll{Cursor: newCursor(noon, noon)}, "", ""},
		{"before the last changes", Poll{Cursor: newCursor(noon.Add(-2*time.Minute), noon)}, "203.0.113.5 3h58m30s", "203.0.113.6 -1m30s"},
		{"as the last changes", Poll{Cursor: newCursor(noon.Add(-time.Minute), noon)}, "", ""},
		{"before a ban ended", Poll{Cursor: newCursor(noon.Add(-65*time.Minute), noon.Add(-61*time.Minute))}, everybody, "203.0.113.6 -1m30s"},
		{"a minute after a ban ended", Poll{Cursor: newCursor(noon.Add(-65*time.Minute), noon.Add(-59*time.Minute))}, everybody, "203.0.113.6 -1m30s"},
		{"two minutes after a ban ended", Poll{Cursor: newCursor(noon.Add(-65*time.Minute), noon.Add(-58*time.Minute))}, "203.0.113.5 3h58m30s", "203.0.113.6 -1m30s"},
		{"clock set by an hour", Poll{Cursor: newCursor(noon, now), Slack: time.Hour}, "2001:db8::7 2h59m30s", ""},
	}
	for _, test := range tests {
		body, cursor := Stream(sample(), now, test.poll)
		var a answer
		if err := json.Unmarshal(body, &a); err != nil {
			t.Fatalf("%s: %v: %s", test.name, err, body)
		}
		if got := values(a.New); got != test.bans {
			t.Errorf("%s: new is %s, expected %s", test.name, got, test.bans)
		}
		if got := values(a.Deleted); got != test.leaves {
			t.Errorf("%s: deleted is %s, expected %s", test.name, got, test.leaves)
		}
		if at, polled := splitCursor(cursor); !at.Equal(noon) || !polled.Equal(now) {
			t.Errorf("%s: the cursor is for a snapshot at %s and a poll at %s", test.name, at, polled)
		}
	}
}

// TestCursor holds what a cursor keeps, and that it is earlier rather than later.
func TestCursor(t *testing.T) {
	for _, lag := range []time.Duration{0, time.Millisecond, 90 * time.Second, 200 * time.Hour} {
		if at, polled := splitCursor(newCursor(noon, noon.Add(lag+999*time.Microsecond))); !at.Equal(noon) || !polled.Equal(noon.Add(lag)) {
			t.Errorf("%s: got a snapshot at %s and a poll at %s", lag, at, polled)
		}
	}
	if at, polled := splitCursor(newCursor(noon, noon.AddDate(1, 0, 0))); !at.Equal(noon) || polled.Sub(noon) < 200*time.Hour || polled.After(noon.AddDate(1, 0, 0)) {
		t.Errorf("a year: got a snapshot at %s and a poll at %s", at, polled)
	}
	// The clock was set back: the poll counts as later than now.
	if at, polled := splitCursor(newCursor(noon, noon.Add(-time.Hour))); !at.Equal(noon) || !polled.Equal(noon) {
		t.Errorf("set back: got a snapshot at %s and a poll at %s", at, polled)
	}
}

// TestNeverBoth holds that a departure of a member, or a second one of an address, is not told.
func TestNeverBoth(t *testing.T) {
	s := sample()
	again := s.Left[0]
	again.At = noon.Add(-time.Hour)
	s.Left = append(s.Left, again, feed.Departure{Member: s.Members[0], At: noon})
	body, _ := Stream(s, noon, Poll{})
	for _, addr := range []string{"203.0.113.5", "203.0.113.6"} {
		if n := strings.Count(string(body), `"`+addr+`"`); n != 1 {
			t.Errorf("%s is %d times in %s", addr, n, body)
		}
	}
}

// TestBytes holds the exact form of answers.
func TestBytes(t *testing.T) {
	body, _ := Stream(sample(), noon, Poll{Cursor: newCursor(noon.Add(-2*time.Minute), noon), Filter: Filter{Origins: []string{`a"b`}}})
	const expected = `{"deleted":[{"duration":"-1m0s","id":805187391,"origin":"a\"b","scenario":"peba-blocklist","scope":"Ip","type":"ban","value":"203.0.113.6"}],` +
		`"new":[{"duration":"3h59m0s","id":1072251880,"origin":"a\"b","scenario":"peba-blocklist","scope":"Ip","type":"ban","value":"203.0.113.5"}]}`
	if string(body) != expected {
		t.Errorf("got  %s\nexpected %s", body, expected)
	}
	body, _ = Stream(sample(), noon, Poll{Cursor: newCursor(noon, noon)})
	if string(body) != `{"deleted":null,"new":null}` {
		t.Errorf("no changes: got %q", body)
	}
}

// TestIDs holds that numbers fit 32 bits, are positive, and are rarely the same.
func TestIDs(t *testing.T) {
	const many = 50_000
	ids := make([]int64, 0, many)
	addr := netip.MustParseAddr("192.0.2.0")
	for range many {
		n := id("blocklist", &feed.Member{Addr: addr, Created: noon})
		if n < 1 || n > 1<<31-1 {
			t.Fatalf("%s: got %d", addr, n)
		}
		ids = append(ids, n)
		addr = addr.Next()
	}
	slices.Sort(ids)
	if n := len(slices.Compact(ids)); n < many-10 {
		t.Errorf("%d addresses have %d numbers", many, n)
	}
	m := &feed.Member{Addr: addr, Created: noon}
	if id("blocklist", m) == id("other", m) {
		t.Error("the feed does not change the number")
	}
}

// TestDurations holds the durations at the edges of a ban.
func TestDurations(t *testing.T) {
	s := sample()
	joined := s.Members[0].Joined
	for at, expected := range map[time.Duration]string{
		-time.Hour: "5h0m0s", // the clock was set back
		0:          "4h0m0s", 1: "4h0m0s", time.Second: "3h59m59s", 4*time.Hour - 1: "1s", 4 * time.Hour: "4h0m0s", 400 * time.Hour: "4h0m0s",
	} {
		body := string(Decisions(s, joined.Add(at), Filter{Value: s.Members[0].Addr}))
		if !strings.HasPrefix(body, `[{"duration":"`+expected+`",`) {
			t.Errorf("%s after it joined: expected %s: %s", at, expected, body)
		}
	}
	w := newWriter(s.Feed, s.Left[0].At, &Filter{})
	if d := w.release(&s.Left[0]).duration; d != -time.Second {
		t.Errorf("as it leaves: got %s", d)
	}
}
