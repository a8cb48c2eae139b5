package stream_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/peba-edge/peba/store"
	"github.com/peba-edge/peba/stream"
)

// TestResume has clients come and go at random, to the edge they were at, to
// another one, or to one that has just started. Alerts become visible in any order.
// No client may miss one, and none may get one twice that stays with its edge, or
// whose alerts come in order.
func TestResume(t *testing.T) {
	for _, test := range []struct {
		name         string
		late, travel bool
	}{
		{"in order, one edge", false, false},
		{"in order, any edge", false, true},
		{"late, one edge", true, false},
		{"late, any edge", true, true},
	} {
		for seed := range uint64(3) {
			t.Run(fmt.Sprint(test.name, " ", seed), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { comeAndGo(t, rand.New(rand.NewPCG(seed, 1)), test.late, test.travel) })
			})
		}
	}
}

func comeAndGo(t *testing.T, random *rand.Rand, late, travel bool) {
	w := newWorld(t)
	edges := []*stream.Feed{w.feed(10), w.feed(10)}
	defer func() {
		for _, f := range edges {
			f.Close()
		}
	}()
	listen(t, edges[1], store.Both, "") // it reads at its own pace
	time.Sleep(time.Duration(random.IntN(1000)) * time.Millisecond)

	var sent, got []string
	var last string
	for range 20 {
		if travel && random.IntN(3) == 0 { // the edge starts anew
			edges[0].Close()
			edges[0] = w.feed(10)
		}
		edge := edges[0]
		if travel {
			edge = edges[random.IntN(2)]
		}
		c := listen(t, edge, store.Both, last)
		stay := time.Duration(random.IntN(8000)) * time.Millisecond
		if last == "" {
			time.Sleep(3 * time.Second) // nothing is owed to one who has had nothing
			stay = 5 * time.Second
		}
		sent = append(sent, w.trickle(random, stay, late)...)
		c.leave()
		if alerts := c.named("alert"); len(alerts) > 0 {
			// The connection may break within what is sent at once.
			alerts = alerts[:max(1, len(alerts)-random.IntN(6))]
			last = alerts[len(alerts)-1].id
			for _, e := range alerts {
				got = append(got, e.alertID())
			}
		}
		if missed := c.named("missed"); len(missed) > 0 {
			t.Errorf("missed: %v", missed)
		}
		sent = append(sent, w.trickle(random, time.Duration(random.IntN(5000))*time.Millisecond, late)...)
	}
	end := listen(t, edges[0], store.Both, last)
	time.Sleep(15 * time.Second)
	got = append(got, end.alerts()...)

	times := make(map[string]int)
	for _, id := range got {
		times[id]++
	}
	for _, id := range sent {
		switch n := times[id]; {
		case n == 0:
			t.Errorf("alert %s of %d is lost", strings.TrimLeft(id, "0"), len(sent))
		case n > 1 && (!late || !travel):
			t.Errorf("alert %s came %d times", strings.TrimLeft(id, "0"), n)
		}
		delete(times, id)
	}
	if len(times) > 0 {
		t.Errorf("alerts that nobody sent: %v", times)
	}
}

// trickle makes alerts visible for a while.
func (w *world) trickle(random *rand.Rand, span time.Duration, late bool) []string {
	var ids []string
	for end := time.Now().Add(span); time.Now().Before(end); {
		var ago time.Duration
		if late && random.IntN(3) == 0 {
			ago = time.Duration(random.IntN(10_000)) * time.Millisecond
		}
		ids = append(ids, w.put(1+random.IntN(3), ago, random.IntN(2) == 0)...)
		time.Sleep(time.Duration(random.IntN(400)) * time.Millisecond)
	}
	return ids
}

// TestMissed tells a client how many alerts it missed beside those that it gets.
func TestMissed(t *testing.T) {
	for _, test := range []struct {
		name   string
		rate   int // alerts a second
		away   time.Duration
		fails  bool
		replay int
		missed string
	}{
		// The last second is read after the client came back.
		{"little", 30, 20 * time.Second, false, 600, ""},
		{"much", 30, time.Minute, false, 990 + 30, `{"alerts":780}`},
		{"sampled", 60, 10 * time.Second, false, 450 + 50, `{"alerts":90}`},
		{"long ago", 1, time.Hour, false, 600 + 1, `{"alerts":2999}`},
		{"long ago, and the store fails", 1, time.Hour, true, 600 + 1, `{"alerts":null}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				f := w.feed(10)
				c := listen(t, f, store.Community, "")
				time.Sleep(2 * time.Second)
				w.put(1, 0, true)
				time.Sleep(5 * time.Second)
				last := c.leave()
				f.Close()
				for range int(test.away / time.Second) {
					w.put(test.rate, 0, true)
					time.Sleep(time.Second)
				}
				counting := &noCount{world: w, fails: test.fails}
				f = counting.feed()
				defer f.Close()
				c = listen(t, f, store.Community, last)
				time.Sleep(4 * time.Second)
				var missed string
				if told := c.named("missed"); len(told) > 0 {
					missed = told[0].data
				}
				if n := len(c.alerts()); n != test.replay || missed != test.missed {
					t.Errorf("%d alerts and missed %q, want %d and %q", n, missed, test.replay, test.missed)
				}
			})
		})
	}
}

// TestStrangeIDs takes what is no id of ours for none.
func TestStrangeIDs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		f := w.feed(100)
		defer f.Close()
		now := time.Now().Unix()
		w.put(3, 10*time.Second, true)
		for _, id := range []string{
			"", "1", "x", "-", "----", "-----", "%", strings.Repeat("9", 5000),
			fmt.Sprint(now, "-0-0-a"), fmt.Sprint(now, "--0-a-b"), fmt.Sprint(now, "--1-0-a-b"), fmt.Sprint(now, "-x-0-a-b"),
			fmt.Sprint(now, "-0-x-a-b"), fmt.Sprint(now, "-0--1-a-b"),
			fmt.Sprint(now-25*3600, "-0-0-a-b"), fmt.Sprint(now+3600, "-0-0-a-b"), "9223372036854775808-0-0-a-b", "-5-0-0-a-b",
			fmt.Sprint(now, "-0-0-a-", strings.Repeat("b", 2000)),
		} {
			c := listen(t, f, store.Community, id)
			time.Sleep(3 * time.Second)
			same(t, fmt.Sprintf("last event %.40q", id), c.alerts(), nil)
			c.leave()
		}
		// One that names an alert which there is not is still of its second.
		c := listen(t, f, store.Community, fmt.Sprint(now-60, "-0-0-a-b"))
		time.Sleep(3 * time.Second)
		if n := len(c.alerts()); n != 3 {
			t.Errorf("%d alerts since then, want 3", n)
		}
	})
}
