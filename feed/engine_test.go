package feed

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gaissmai/bart"

	"github.com/peba-edge/peba/store"
)

func TestJoinAndLeave(t *testing.T) {
	w := newWorld(t, nil)
	expect(t, w.step(minutes(0)))
	w.attack("9.9.9.9", minutes(0).Add(10*time.Second), 1, nil)
	expect(t, w.step(minutes(1)))
	w.attack("9.9.9.9", minutes(1).Add(59*time.Second), 1, nil)
	w.attack("9.9.9.10", minutes(2), 5, nil) // not before the grid's time
	s := w.step(minutes(2))
	expect(t, s, "9.9.9.9")
	m := s.Members[0]
	if !m.Created.Equal(minutes(2)) || !m.Joined.Equal(minutes(2)) || !m.Changed.Equal(minutes(2)) {
		t.Errorf("created %v, joined %v, changed %v, want all %v", m.Created, m.Joined, m.Changed, minutes(2))
	}
	if d := m.Current; d.Alerts != 2 || d.Sensors != 1 || d.Days != 1 || !d.First.Equal(minutes(0).Add(10*time.Second)) ||
		!d.Last.Equal(minutes(1).Add(59*time.Second)) || !slices.Equal(d.Types, []string{"SSH/console(cowrie)"}) {
		t.Errorf("details: %+v", d)
	}
	if m.Country != "US" || m.AS != "AS64500 Example" {
		t.Errorf("place: %q %q", m.Country, m.AS)
	}
	expect(t, w.step(minutes(3)), "9.9.9.10", "9.9.9.9")
	// The window begins at the start of a slot, here of a minute.
	expect(t, w.step(minutes(60)), "9.9.9.10", "9.9.9.9")
	s = w.step(minutes(61))
	expect(t, s, "9.9.9.10")
	if len(s.Left) != 1 || s.Left[0].Addr.String() != "9.9.9.9" || !s.Left[0].At.Equal(minutes(61)) {
		t.Errorf("left: %+v", s.Left)
	}
	// It comes back: the same address, with a new time of joining.
	w.attack("9.9.9.9", minutes(70), 2, nil)
	s = w.step(minutes(71))
	back, is := s.Lists(netip.MustParseAddr("9.9.9.9"))
	if !is || !back.Created.Equal(minutes(2)) || !back.Joined.Equal(minutes(71)) || len(s.Left) != 1 {
		t.Errorf("back: %+v, left %+v", back, s.Left)
	}
	if n := len(s.History); n != 2 || s.History[1].Size != 1 || s.History[0].Joined != 2 || s.History[1].Left != 2 {
		t.Errorf("history: %+v", s.History)
	}
}

// TestRestart: a new process continues with the same members and times, before it has read
// any alert, and afterwards.
func TestRestart(t *testing.T) {
	w := newWorld(t, nil)
	rng := rand.New(rand.NewPCG(1, 2))
	for i := 1; i < 200; i++ {
		for range 5 {
			w.attack(fmt.Sprintf("9.9.9.%d", rng.IntN(60)), minutes(i-1).Add(time.Duration(rng.IntN(60))*time.Second), 1, nil)
		}
		before := w.step(minutes(i))
		if i%7 > 0 {
			continue
		}
		w.restart()
		if err := w.e.feeds[0].restore(t.Context(), minutes(i), new(bart.Lite)); err != nil {
			t.Fatal(err)
		}
		restored := w.e.Snapshot("test")
		compare(t, "restored", before, restored)
		compare(t, "computed again", before, w.step(minutes(i)))
	}
}

// TestDamagedState: a feed continues from an older state, and without a step that cannot be
// read.
func TestDamagedState(t *testing.T) {
	for name, part := range map[string]string{"base": "test/base/", "step": "test/step/"} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, func(d *Definition) { d.Window = 10 * time.Hour })
			for i := 1; i < 70; i++ {
				w.attack(fmt.Sprintf("9.9.9.%d", i), minutes(i-1), 2, nil)
				w.step(minutes(i))
			}
			parts, err := store.List[store.FeedPart](t.Context(), w.store, store.Listing{Prefix: part})
			if err != nil || len(parts) == 0 {
				t.Fatalf("parts: %v, %v", parts, err)
			}
			last := parts[len(parts)-1]
			last.Value = last.Value[:len(last.Value)/2]
			if err := w.store.DeleteRecord(t.Context(), store.KindFeedPart, last.Key); err != nil {
				t.Fatal(err)
			}
			if err := w.store.PutRecords(t.Context(), last); err != nil {
				t.Fatal(err)
			}
			w.restart()
			s := w.step(minutes(70))
			if m, is := s.Lists(netip.MustParseAddr("9.9.9.5")); !is || !m.Joined.Equal(minutes(5)) || len(s.Members) != 69 {
				t.Errorf("%d members; an early one joined %v", len(s.Members), m)
			}
		})
	}
}

// compare fails unless both snapshots have the same members and departures. Their
// current details may differ.
func compare(t *testing.T, what string, want, got *Snapshot) {
	t.Helper()
	if got == nil {
		t.Fatalf("%s: no snapshot", what)
	}
	describe := func(m *Member) string {
		return fmt.Sprintf("%v %v %v %v %+v", m.Addr, m.Created, m.Joined, m.Changed, m.Published)
	}
	for i := range max(len(want.Members), len(got.Members)) {
		var a, b string
		if i < len(want.Members) {
			a = describe(&want.Members[i])
		}
		if i < len(got.Members) {
			b = describe(&got.Members[i])
		}
		if a != b {
			t.Fatalf("%s: member %d is %s, want %s", what, i, b, a)
		}
	}
	if !slices.EqualFunc(want.Left, got.Left, func(a, b Departure) bool { return a.Addr == b.Addr && a.At.Equal(b.At) }) {
		t.Fatalf("%s: left %v, want %v", what, got.Left, want.Left)
	}
}

// TestTwoProcesses: two engines over one store list the same at every time, also if one is
// late, and if alerts became countable between their readings.
func TestTwoProcesses(t *testing.T) {
	w := newWorld(t, nil)
	other := w.newEngine(w.defs)
	rng := rand.New(rand.NewPCG(3, 4))
	for i := 1; i < 120; i++ {
		engines := []*Engine{w.e, other}
		if rng.IntN(2) == 0 {
			slices.Reverse(engines)
		}
		for k, e := range engines {
			if k == 1 && rng.IntN(5) == 0 {
				break // it is late, and takes the step with the next one
			}
			w.attack(fmt.Sprintf("9.9.9.%d", rng.IntN(40)), minutes(i-1).Add(time.Duration(rng.IntN(60))*time.Second), 3, nil)
			if err := e.step(t.Context(), minutes(i)); err != nil {
				t.Fatal(err)
			}
		}
		if i%10 == 0 {
			for _, e := range slices.Concat(engines, engines) { // each sees what the other did
				if err := e.step(t.Context(), minutes(i)); err != nil {
					t.Fatal(err)
				}
			}
			a := w.e.Snapshot("test")
			b := other.Snapshot("test")
			compare(t, fmt.Sprint("at step ", i), a, b)
		}
	}
}

// TestLateAlerts: alerts that can be counted long after they were received count.
func TestLateAlerts(t *testing.T) {
	w := newWorld(t, nil)
	w.attack("9.9.9.9", minutes(0), 2, nil)
	expect(t, w.step(minutes(10)), "9.9.9.9")
	w.attack("9.9.9.8", minutes(3), 2, nil)
	w.attack("9.9.9.7", minutes(9), 2, nil)
	expect(t, w.step(minutes(11)), "9.9.9.9")
	expect(t, w.step(minutes(16)), "9.9.9.7", "9.9.9.8", "9.9.9.9")
	if err := w.store.Retire(t.Context(), minutes(2)); err != nil {
		t.Fatal(err)
	}
	expect(t, w.step(minutes(22)), "9.9.9.7", "9.9.9.8") // alerts that were deleted do not count
}

// TestRenewal: the published details change at the renewal of a ban, and when the score
// moved a lot, but not otherwise.
func TestRenewal(t *testing.T) {
	w := newWorld(t, func(d *Definition) { d.Window, d.Duration = 24*time.Hour, 6*time.Hour })
	w.attack("9.9.9.9", minutes(0), 2, nil)
	w.step(minutes(1))
	w.attack("9.9.9.9", minutes(70), 1, nil)
	if m := w.step(minutes(71)).Members[0]; !m.Changed.Equal(minutes(1)) || m.Published.Alerts != 2 || m.Current.Alerts != 3 {
		t.Errorf("after a little more: %+v", m)
	}
	w.attack("9.9.9.9", minutes(80), 300, nil)
	if m := w.step(minutes(81)).Members[0]; !m.Changed.Equal(minutes(81)) || m.Published.Alerts != 303 {
		t.Errorf("after much more: %+v", m)
	}
	joined := Member{Addr: netip.MustParseAddr("9.9.9.9"), Created: minutes(1)}
	end := w.defs[0].Until(&joined, minutes(1)).Truncate(time.Minute) // of the first ban
	if m := w.step(end).Members[0]; !m.Changed.Equal(minutes(81)) {
		t.Errorf("before the renewal: %+v", m)
	}
	m := w.step(end.Add(time.Minute)).Members[0]
	if !m.Changed.Equal(end.Add(time.Minute)) {
		t.Errorf("at the renewal: %+v", m)
	}
	if next := w.defs[0].Until(&m, m.Changed).Truncate(time.Minute); !next.Equal(end.Add(6 * time.Hour)) {
		t.Errorf("the next ban ends at %v, want %v", next, end.Add(6*time.Hour))
	}
}

// TestEndsAreSpread: bans that began together do not end together, and none is short.
func TestEndsAreSpread(t *testing.T) {
	def := Default("test")
	ends := make(map[int64]int)
	for i := range 1000 {
		m := Member{Addr: netip.AddrFrom4([4]byte{9, 9, byte(i >> 8), byte(i)}), Created: start}
		end := def.Until(&m, start)
		if span := end.Sub(start); span < def.Duration/2 || span > def.Duration {
			t.Fatalf("%v: the first ban lasts %v", m.Addr, span)
		}
		for _, at := range []time.Time{start.Add(-time.Hour), end.Add(-time.Nanosecond)} {
			if got := def.Until(&m, at); !got.Equal(end) {
				t.Errorf("at %v: %v, want %v", at, got, end)
			}
		}
		if next := def.Until(&m, end); !next.Equal(end.Add(def.Duration)) {
			t.Errorf("at the end: %v, want %v", next, end.Add(def.Duration))
		}
		ends[end.Unix()/3600]++
	}
	for hour, n := range ends {
		if n > 150 {
			t.Errorf("%d of 1000 bans end in the hour from %v", n, time.Unix(hour*3600, 0).UTC())
		}
	}
}

// TestBehind: while weeks of alerts are read, members stay, nobody joins, and the list of
// allowed networks takes effect.
func TestBehind(t *testing.T) {
	w := newWorld(t, nil)
	w.attack("9.9.9.9", minutes(0), 2, nil)
	w.attack("9.9.9.8", minutes(0), 2, nil)
	w.step(minutes(1))
	w.restart()
	w.e.Interval = 0 // no time to read anything
	w.attack("9.9.9.7", minutes(1), 2, nil)
	if err := w.store.PutRecords(t.Context(), store.FeedAllowance{CIDR: "9.9.9.8/32", Reason: "test"}); err != nil {
		t.Fatal(err)
	}
	expect(t, w.step(minutes(2)), "9.9.9.9")
	w.e.Interval = time.Minute
	expect(t, w.step(minutes(3)), "9.9.9.7", "9.9.9.9")
}

// TestStoreFails: the feed stays as it is, and goes on.
func TestStoreFails(t *testing.T) {
	w := newWorld(t, nil)
	w.attack("9.9.9.9", minutes(0), 2, nil)
	before := w.step(minutes(1))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.e.step(ctx, minutes(2)); err == nil {
		t.Error("a failing store is not an error")
	}
	after := w.e.Snapshot("test")
	compare(t, "after the error", before, after)
	expect(t, w.step(minutes(3)), "9.9.9.9")
}

// TestDays: each day is kept once, as it was when it ended, for a week.
func TestDays(t *testing.T) {
	w := newWorld(t, func(d *Definition) { d.Window, d.MinAlerts = 3*time.Hour, 1 })
	calls := 0
	w.e.CloseDay = func(s *Snapshot, day time.Time) ([]byte, error) {
		calls++
		return fmt.Appendf(nil, "%s %d %d", day.Format(time.DateOnly), len(s.Members), calls), nil
	}
	for i := range 10 * 24 {
		at := start.Add(time.Duration(i) * time.Hour)
		w.attack("9.9.9.9", at.Add(-time.Minute), 1, nil)
		w.step(at)
		if i == 5*24 {
			closeDay := w.e.CloseDay
			w.restart()
			w.e.CloseDay = closeDay
		}
	}
	days := w.e.Days("test")
	if len(days) != keepDays {
		t.Fatalf("%d days, want %d", len(days), keepDays)
	}
	for i, d := range days {
		want := time.Date(2026, 12, 2+i, 0, 0, 0, 0, time.UTC)
		if !d.Day.Equal(want) || !strings.HasPrefix(string(d.Value), want.Format(time.DateOnly)+" 1 ") {
			t.Errorf("day %d is %v, %q, want %v", i, d.Day, d.Value, want)
		}
	}
	if calls != 11 { // the day before the first, and ten
		t.Errorf("%d days were closed, want 11", calls)
	}
}

// TestClockAhead: what a node recorded while its clock was ahead does not stop the feeds, here
// or after a restart.
func TestClockAhead(t *testing.T) {
	w := newWorld(t, nil)
	w.attack("9.9.9.9", minutes(0), 2, nil)
	w.step(minutes(1))
	w.attack("9.9.9.8", minutes(1), 2, nil)
	other := w.newEngine(w.defs)
	for _, e := range []*Engine{other, w.e} {
		if err := e.step(t.Context(), minutes(30*24*60)); err != nil {
			t.Fatal(err)
		}
	}
	expect(t, w.step(minutes(2)), "9.9.9.8", "9.9.9.9")
	w.restart()
	w.attack("9.9.9.7", minutes(2), 2, nil)
	s := w.step(minutes(3))
	expect(t, s, "9.9.9.7", "9.9.9.8", "9.9.9.9")
	if m, _ := s.Lists(netip.MustParseAddr("9.9.9.9")); !m.Joined.Equal(minutes(1)) {
		t.Errorf("joined %v, want %v", m.Joined, minutes(1))
	}
}

// TestOutdatedState: a list of long ago is not served until it was computed again.
func TestOutdatedState(t *testing.T) {
	w := newWorld(t, nil)
	w.attack("9.9.9.9", minutes(0), 2, nil)
	w.step(minutes(1))
	w.restart()
	w.e.Interval = 0 // no time to read anything
	if err := w.e.step(t.Context(), minutes(60*24*60)); err != nil {
		t.Fatal(err)
	}
	if s := w.e.Snapshot("test"); s != nil {
		t.Errorf("served: %v", listed(s))
	}
	w.e.Interval = time.Minute
	s := w.step(minutes(60*24*60 + 1))
	expect(t, s)
	if len(s.Left) != 1 {
		t.Errorf("left: %v", s.Left)
	}
}
