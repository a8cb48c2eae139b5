package stream_test

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/peba-edge/peba/store"
	"github.com/peba-edge/peba/stream"
)

// TestNewAlerts sends each new alert once to all who listen, and none that was
// there before.
func TestNewAlerts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		f := w.feed(10)
		defer f.Close()
		w.put(5, time.Minute, true)
		first, second := listen(t, f, store.Community, ""), listen(t, f, store.Community, "")
		time.Sleep(3 * time.Second)
		var want []string
		for range 5 {
			want = append(want, w.put(3, 0, true)...)
			time.Sleep(700 * time.Millisecond)
		}
		time.Sleep(2 * time.Second)
		late := listen(t, f, store.Community, "")
		time.Sleep(6 * time.Minute)
		same(t, "the first client", first.alerts(), want)
		same(t, "the second client", second.alerts(), want)
		same(t, "one who came afterwards", late.alerts(), nil)
		if !strings.HasPrefix(first.text, "retry: ") || !strings.Contains(first.text, "\n\n: ") {
			t.Errorf("no retry line, or no heartbeat: %q", first.text)
		}
	})
}

// TestDomains gives everyone the alerts that ci asks for.
func TestDomains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		f := w.feed(10)
		defer f.Close()
		clients := map[store.Domain]*client{}
		for _, d := range []store.Domain{store.Community, store.Private, store.Both} {
			clients[d] = listen(t, f, d, "")
		}
		time.Sleep(2 * time.Second)
		public, private := w.put(2, 0, true), w.put(3, 0, false)
		time.Sleep(3 * time.Second)
		same(t, "community", clients[store.Community].alerts(), public)
		same(t, "private", clients[store.Private].alerts(), private)
		same(t, "both", clients[store.Both].alerts(), slices.Concat(public, private))
	})
}

// TestLate finds alerts that become visible after later ones.
func TestLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		f := w.feed(10)
		defer f.Close()
		c := listen(t, f, store.Community, "")
		time.Sleep(2 * time.Minute) // or they are from before
		want := w.put(1, 0, true)
		time.Sleep(3 * time.Second)
		for _, ago := range []time.Duration{2 * time.Second, 5 * time.Second, 12 * time.Second, 100 * time.Second} {
			want = append(want, w.put(1, ago, true)...)
			time.Sleep(12 * time.Second)
		}
		same(t, "late alerts", c.alerts(), want)
	})
}

// TestSampling shows an even choice of many alerts, and tells how many there are.
func TestSampling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		f := w.feed(10)
		defer f.Close()
		c := listen(t, f, store.Community, "")
		time.Sleep(2 * time.Second)
		const many = 400
		sent := w.put(many, 0, true)
		time.Sleep(2 * time.Second)
		shown := c.alerts()
		if len(shown) != 50 {
			t.Fatalf("%d of %d alerts are shown, want 50", len(shown), many)
		}
		last := -1
		for _, id := range shown {
			at := slices.Index(sent, id)
			if gap := at - last; gap < 1 || gap > many/50+1 {
				t.Errorf("after %d comes %d", last, at)
			}
			last = at
		}
		// Rounds were at 0 and 0.5 seconds and then each second.
		rates := c.named("rate")
		if len(rates) != 1 || rates[0].data != `{"perSecond":114.3,"shown":14.3}` {
			t.Errorf("the rate: %v", rates)
		}
		w.put(20, 2*time.Second, true) // are of a second that has had its share
		time.Sleep(30 * time.Second)
		if n := len(c.alerts()); n != 50 {
			t.Errorf("%d alerts of one second are shown, want 50", n)
		}
		rates = c.named("rate")
		if last := rates[len(rates)-1].data; last != `{"perSecond":0,"shown":0}` {
			t.Errorf("the rate afterwards: %s", last)
		}
		quiet := len(rates)
		time.Sleep(30 * time.Second)
		if n := len(c.named("rate")); n != quiet {
			t.Errorf("%d times the rate of nothing", n-quiet)
		}
	})
}

// TestMoreThanIsRead counts alerts that are too many to be read.
func TestMoreThanIsRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		f := w.feed(10)
		defer f.Close()
		c := listen(t, f, store.Both, "")
		time.Sleep(11 * time.Second)
		w.put(1000, 0, true)
		w.put(200, 0, false)
		time.Sleep(2 * time.Second)
		if n := len(c.alerts()); n != 50 {
			t.Errorf("%d alerts are shown, want 50", n)
		}
		if rates := c.named("rate"); len(rates) == 0 || rates[0].data != `{"perSecond":120,"shown":5}` {
			t.Errorf("the rate: %v", rates)
		}
	})
}

// TestSlow ends the stream of a client that takes nothing, and nobody waits for it.
func TestSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		f := w.feed(2)
		defer f.Close()
		slow, err := f.Subscribe(t.Context(), netip.Prefix{}, store.Community, "")
		if err != nil {
			t.Fatal(err)
		}
		quick := listen(t, f, store.Community, "")
		time.Sleep(2 * time.Second)
		var want []string
		for range 30 {
			want = append(want, w.put(1, 0, true)...)
			time.Sleep(time.Second)
		}
		time.Sleep(2 * time.Second)
		same(t, "the quick client", quick.alerts(), want)
		if _, err := slow.Next(t.Context()); !errors.Is(err, stream.ErrSlow) {
			t.Errorf("the slow client: %v", err)
		}
		listen(t, f, store.Community, "") // there is a place again
	})
}

// TestFull refuses one client too many, until one leaves.
func TestFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newWorld(t).feed(2)
		defer f.Close()
		one := listen(t, f, store.Community, "")
		listen(t, f, store.Private, "")
		if _, err := f.Subscribe(t.Context(), netip.Prefix{}, store.Both, ""); !errors.Is(err, stream.ErrFull) || !strings.Contains(err.Error(), "2") {
			t.Errorf("the third: %v", err)
		}
		one.leave()
		one.Close() // twice is once
		listen(t, f, store.Both, "")
	})
}

// TestShare has one network open as many streams as it may, and others go on. Places
// come back when streams end, for whatever cause.
func TestShare(t *testing.T) {
	w := newWorld(t)
	f := stream.New(stream.Options{Reader: w, MaxClients: 10, MaxPerNetwork: 2, Failed: func(error) {}})
	defer f.Close()
	greedy, other := netip.MustParsePrefix("2001:db8:1:2::/64"), netip.MustParsePrefix("192.0.2.1/32")
	for range 3 {
		var open []*stream.Client
		for _, from := range []netip.Prefix{greedy, greedy, other} {
			c, err := f.Subscribe(t.Context(), from, store.Community, "")
			if err != nil {
				t.Fatalf("%v: %v", from, err)
			}
			open = append(open, c)
		}
		if _, err := f.Subscribe(t.Context(), greedy, store.Private, ""); !errors.Is(err, stream.ErrShare) {
			t.Errorf("one too many of a network: %v", err)
		}
		for _, c := range open {
			c.Close()
			c.Close()
		}
	}
}

// TestClose ends all streams, also those that wait for a store which hangs, and
// lets nobody in any more.
func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.fail(errBroken)
		f := w.feed(10)
		c := listen(t, f, store.Community, "")
		time.Sleep(5 * time.Second)
		f.Close()
		<-c.done
		if !errors.Is(c.err, stream.ErrClosed) {
			t.Errorf("the stream ended with %v", c.err)
		}
		if _, err := f.Subscribe(t.Context(), netip.Prefix{}, store.Community, ""); !errors.Is(err, stream.ErrClosed) {
			t.Errorf("afterwards: %v", err)
		}
		f.Close()
	})
}

// TestNext ends with the request.
func TestNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newWorld(t).feed(1)
		defer f.Close()
		c, err := f.Subscribe(t.Context(), netip.Prefix{}, store.Community, "")
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // the retry line, and the counts
			if _, err := c.Next(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := c.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the error is %v", err)
		}
	})
}

// TestOutage tells of a store that fails once, and of all alerts when it is back.
func TestOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		f := w.feed(10)
		defer f.Close()
		c := listen(t, f, store.Community, "")
		time.Sleep(2 * time.Second)
		w.fail(errBroken)
		var want []string
		for range 240 { // four minutes: longer than is looked back otherwise
			want = append(want, w.put(1, 0, true)...)
			time.Sleep(time.Second)
		}
		w.fail(nil)
		want = append(want, w.put(1, 0, true)...)
		time.Sleep(time.Minute)
		same(t, "after the outage", c.alerts(), want)
		if len(w.failed) != 1 || !errors.Is(w.failed[0], errBroken) {
			t.Errorf("the feed tells: %v", w.failed)
		}
	})
}

// TestOutageAtStart has the first client wait for a store that fails: it gets
// what came in the meantime.
func TestOutageAtStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.put(1, 2*time.Second, true)
		w.fail(errBroken)
		f := w.feed(10)
		defer f.Close()
		c := listen(t, f, store.Community, "")
		var want []string
		for range 30 {
			time.Sleep(time.Second)
			want = append(want, w.put(1, 0, true)...)
		}
		w.fail(nil)
		time.Sleep(10 * time.Second)
		same(t, "after the outage", c.alerts(), want)
	})
}

// TestRest reads the store only while somebody listens.
func TestRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		f := w.feed(10)
		defer f.Close()
		time.Sleep(time.Minute)
		if n := w.readsSoFar(); n != 0 {
			t.Errorf("%d reads before anybody listens", n)
		}
		listen(t, f, store.Community, "").leave()
		time.Sleep(time.Minute)
		rested := w.readsSoFar()
		time.Sleep(time.Hour)
		if n := w.readsSoFar(); rested == 0 || n != rested {
			t.Errorf("%d reads in an hour, after %d, and nobody listens", n-rested, rested)
		}
		c := listen(t, f, store.Community, "")
		time.Sleep(2 * time.Second)
		want := w.put(1, 0, true)
		time.Sleep(2 * time.Second)
		same(t, "after a rest", c.alerts(), want)
	})
}
