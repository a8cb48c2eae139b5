package stream_test

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/peba-edge/peba/store"
)

// counted puts count events together, as a page does. until is the end, exclusive, of
// what was told, and gap whether nothing was told of some seconds before it.
func counted(t *testing.T, events []event) (counts map[int64]int64, until int64, gap bool) {
	t.Helper()
	counts = make(map[int64]int64)
	for _, e := range events {
		var told struct {
			From   int64
			Counts []int64
		}
		if err := json.Unmarshal([]byte(e.data), &told); err != nil {
			t.Fatalf("%s: %v", e.data, err)
		}
		gap = gap || until != 0 && told.From > until
		for i, n := range told.Counts {
			counts[told.From+int64(i)] = n
		}
		until = max(until, told.From+int64(len(told.Counts)))
	}
	return counts, until, gap
}

// sameCounts compares what a client knows of the last five minutes with the store.
func (w *world) sameCounts(what string, c *client, domain store.Domain) {
	w.t.Helper()
	counts, until, gap := counted(w.t, c.named("count"))
	if want := time.Now().Add(-2 * time.Second).Unix(); until < want || gap {
		w.t.Errorf("%s: told up to %d, want %d; something is left out: %t", what, until, want, gap)
	}
	groups, err := w.Store.Group(w.t.Context(),
		store.Filter{Domain: domain, From: time.Unix(until-300, 0), To: time.Unix(until, 0)}, store.Grouping{Bucket: time.Second})
	if err != nil {
		w.t.Fatal(err)
	}
	want := make(map[int64]int64)
	for _, g := range groups {
		want[g.Start.Unix()] = g.Count
	}
	for at := until - 300; at < until; at++ {
		if counts[at] != want[at] {
			w.t.Errorf("%s: second %d has %d alerts, was told %d", what, at, want[at], counts[at])
		}
	}
}

// TestCounts tells how many alerts arrived in each second: of bursts of which few are
// shown, of late alerts, to those who listen and those who come later.
func TestCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		f := w.feed(10)
		defer f.Close()
		random := rand.New(rand.NewPCG(1, 2))
		w.put(700, 20*time.Second, true) // more than are read
		w.put(3, 4*time.Minute, false)
		domains := []store.Domain{store.Community, store.Private, store.Both}
		var clients []*client
		for _, d := range domains {
			clients = append(clients, listen(t, f, d, ""))
		}
		for range 60 {
			n := random.IntN(4)
			if random.IntN(10) == 0 {
				n = 300 + random.IntN(600)
			}
			w.put(n, time.Duration(random.IntN(100))*time.Second, random.IntN(3) > 0)
			time.Sleep(time.Duration(random.IntN(3000)) * time.Millisecond)
		}
		late := listen(t, f, store.Both, "")
		time.Sleep(20 * time.Second) // the long look back is every tenth round
		for i, d := range domains {
			w.sameCounts("a client", clients[i], d)
		}
		w.sameCounts("one who came later", late, store.Both)
	})
}

// TestCountsOfSilence tells of silence until nothing of five minutes is left, and
// then no more, until there are alerts again.
func TestCountsOfSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		f := w.feed(10)
		defer f.Close()
		c := listen(t, f, store.Community, "")
		time.Sleep(2 * time.Second)
		w.put(2, 0, true)
		time.Sleep(100 * time.Second)
		w.sameCounts("while it is silent", c, store.Community)
		time.Sleep(5 * time.Minute)
		told := len(c.named("count"))
		if told < 300 || told > 310 {
			t.Errorf("%d events, want one a second for five minutes", told)
		}
		time.Sleep(time.Hour)
		if n := len(c.named("count")); n != told {
			t.Errorf("%d events of an hour of silence", n-told)
		}
		w.put(1, 0, true)
		time.Sleep(3 * time.Second)
		events := c.named("count")[told:]
		if len(events) == 0 || len(events[0].data) > 2000 {
			t.Fatalf("after an hour of silence: %v", events)
		}
		counts, _, _ := counted(t, events)
		var sum int64
		for _, n := range counts {
			sum += n
		}
		if sum != 1 {
			t.Errorf("%d alerts were told, want 1", sum)
		}
	})
}

// TestStoreEvents tells those who listen, and those who come meanwhile, that the store
// cannot be read, and when it can again.
func TestStoreEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		f := w.feed(10)
		defer f.Close()
		told := func(c *client) string {
			var data []string
			for _, e := range c.named("store") {
				data = append(data, e.data)
			}
			return strings.Join(data, " ")
		}
		const away, back = `{"available":false}`, `{"available":true}`
		c := listen(t, f, store.Community, "")
		time.Sleep(10 * time.Second)
		if told(c) != "" {
			t.Errorf("of a store that is well: %s", told(c))
		}
		w.fail(errBroken)
		time.Sleep(10 * time.Second)
		during := listen(t, f, store.Private, "")
		time.Sleep(10 * time.Second)
		w.fail(nil)
		time.Sleep(10 * time.Second)
		for _, c := range []*client{c, during} {
			if told(c) != away+" "+back {
				t.Errorf("the stream says %s", told(c))
			}
		}
		if len(during.named("count")) == 0 {
			t.Error("who came while it could not be read gets no counts")
		}
		w.fail(errBroken)
		time.Sleep(10 * time.Second)
		if told(c) != away+" "+back+" "+away {
			t.Errorf("the second time the stream says %s", told(c))
		}
	})
}

// TestStoreEventAtStart warns the first one to listen, before there is anything to tell.
func TestStoreEventAtStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.fail(errBroken)
		f := w.feed(10)
		defer f.Close()
		c := listen(t, f, store.Community, "")
		time.Sleep(10 * time.Second)
		if n := len(c.named("store")); n != 1 {
			t.Errorf("%d warnings, want 1", n)
		}
	})
}

// TestNoOldWarning does not warn those who come of a failure from before nobody
// listened.
func TestNoOldWarning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		f := w.feed(10)
		defer f.Close()
		for range 10 { // whether the reader looks at its clients or at the store first is chance
			w.fail(errBroken)
			c := listen(t, f, store.Community, "")
			time.Sleep(10 * time.Second)
			c.leave()
			time.Sleep(time.Minute)
			w.fail(nil)
			c = listen(t, f, store.Community, "")
			time.Sleep(10 * time.Second)
			if events := c.named("store"); len(events) > 0 {
				t.Errorf("of a store that is well: %v", events)
			}
			c.leave()
			time.Sleep(time.Minute)
		}
	})
}
