package collector

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"
)

func TestThrottle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th, err := newThrottle()
		if err != nil {
			t.Fatal(err)
		}
		defer th.sources.StopAllGoroutines()
		guesser, other := netip.MustParseAddr("9.9.9.9"), netip.MustParseAddr("9.9.9.10")
		waits := func(source netip.Addr) time.Duration {
			t.Helper()
			start := time.Now()
			if err := th.wait(t.Context(), source); err != nil {
				t.Fatal(err)
			}
			return time.Since(start)
		}
		for range freeFailures {
			if w := waits(guesser); w != 0 {
				t.Errorf("a first log-in waits %v", w)
			}
			th.failed(guesser)
		}
		th.failed(guesser)
		want := firstDelay
		for range 8 {
			if w := waits(guesser); w != want {
				t.Errorf("the wait is %v, want %v", w, want)
			}
			th.failed(guesser)
			// The next may come a delay after this one's turn.
			want = nextDelay(th, guesser)
		}
		if want != longestDelay {
			t.Errorf("after many failures the delay is %v, want %v", want, longestDelay)
		}
		if w := waits(other); w != 0 {
			t.Errorf("a neighbour waits %v", w)
		}
		time.Sleep(forgetAfter + time.Second)
		if w := waits(guesser); w != 0 {
			t.Errorf("after a quiet while it waits %v", w)
		}
	})
}

// nextDelay is how long the next log-in would have to wait, without taking the turn.
func nextDelay(th *throttle, source netip.Addr) time.Duration {
	f, _ := th.sources.GetIfPresent(sourceNetwork(source))
	f.mu.Lock()
	defer f.mu.Unlock()
	return time.Until(f.next)
}

func TestThrottleRefusesAQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th, err := newThrottle()
		if err != nil {
			t.Fatal(err)
		}
		defer th.sources.StopAllGoroutines()
		source := netip.MustParseAddr("2001:4860::1")
		for range 20 {
			th.failed(source)
		}
		var refused, passed int
		results := make(chan error, 50)
		for range cap(results) {
			go func() { results <- th.wait(context.Background(), netip.MustParseAddr("2001:4860::2")) }()
		}
		for range cap(results) {
			err := <-results
			var auth *AuthError
			switch {
			case err == nil:
				passed++
			case errors.As(err, &auth) && auth.RetryAfter > patience:
				refused++
			default:
				t.Errorf("error %v", err)
			}
		}
		if passed < 1 || passed > 4 || passed+refused != cap(results) {
			t.Errorf("of %d at once %d were let through and %d refused", cap(results), passed, refused)
		}
	})
}

func TestThrottleEndsWithTheRequest(t *testing.T) {
	th, err := newThrottle()
	if err != nil {
		t.Fatal(err)
	}
	defer th.sources.StopAllGoroutines()
	source := netip.MustParseAddr("9.9.9.9")
	for range 10 {
		th.failed(source)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := th.wait(ctx, source); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestSourceNetwork(t *testing.T) {
	for _, test := range []struct {
		one, two string
		same     bool
	}{
		{"9.9.9.9", "9.9.9.10", false},
		{"9.9.9.9", "::ffff:9.9.9.9", true},
		{"2001:4860:4860::8888", "2001:4860:4860:0:ffff::1", true},
		{"2001:4860:4860::8888", "2001:4860:4860:1::8888", false},
		{"fe80::1%eth0", "fe80::2%eth1", true},
	} {
		same := sourceNetwork(netip.MustParseAddr(test.one)) == sourceNetwork(netip.MustParseAddr(test.two))
		if same != test.same {
			t.Errorf("%s and %s count as one: %v", test.one, test.two, same)
		}
	}
	if got := sourceNetwork(netip.Addr{}); got != (netip.Prefix{}) {
		t.Errorf("an unknown source: %v", got)
	}
}
