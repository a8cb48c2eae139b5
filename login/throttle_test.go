package login

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/peba-edge/peba/intake"
)

func testThrottle(t *testing.T) *throttle {
	t.Helper()
	th, err := newThrottle()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(th.close)
	return th
}

func TestThrottle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th := testThrottle(t)
		guesser, other := netip.MustParseAddr("9.9.9.9"), netip.MustParseAddr("9.9.9.10")
		fails := func(from netip.Addr, want time.Duration) {
			t.Helper()
			start := time.Now()
			turn, err := th.enter(t.Context(), from)
			if err != nil {
				t.Fatal(err)
			}
			if waited := time.Since(start); waited != want {
				t.Errorf("a log-in of %v waited %v, want %v", from, waited, want)
			}
			turn.leave(true)
		}
		for range freeFailures + 1 {
			fails(guesser, 0)
		}
		for want := firstDelay; want < maxDelay; want *= 2 {
			fails(guesser, want)
		}
		fails(guesser, maxDelay)
		fails(guesser, maxDelay)
		fails(other, 0)
		time.Sleep(forgetAfter + time.Second)
		fails(guesser, 0)
	})
}

// TestThrottleAtOnce has one source send many log-ins at once. Wrong ones are verified one
// at a time and few in all; right ones all, since a whole fleet may share an address.
func TestThrottleAtOnce(t *testing.T) {
	for _, test := range []struct {
		name           string
		wrong          bool
		min, max       int // log-ins that are verified
		longest        time.Duration
		failuresBefore int
	}{
		{"wrong", true, freeFailures + 1, 12, patience + time.Second, 0},
		{"wrong after many", true, 1, 4, patience + time.Second, 20},
		{"right", false, 400, 400, 400 * 27 * time.Millisecond, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				th := testThrottle(t)
				from := netip.MustParseAddr("2001:4860::1")
				s, _ := th.sources.ComputeIfAbsent(intake.SourceNetwork(from), func() (*source, bool) { return new(source), false })
				s.failures, s.next = test.failuresBefore, time.Now().Add(delay(test.failuresBefore))
				var running, verified, rejected, late atomic.Int32
				start := time.Now()
				var group sync.WaitGroup
				for i := range 400 {
					group.Go(func() {
						turn, err := th.enter(t.Context(), netip.MustParseAddr(fmt.Sprintf("2001:4860::%x", i)))
						var auth *Error
						if errors.As(err, &auth) && auth.RetryAfter > 0 && auth.RetryAfter <= maxRetryAfter {
							rejected.Add(1)
							if time.Since(start) > 100*time.Millisecond {
								late.Add(1)
							}
							return
						} else if err != nil {
							t.Error(err)
							return
						}
						if n := running.Add(1); n != 1 {
							t.Errorf("%d log-ins of one source are verified at once", n)
						}
						time.Sleep(27 * time.Millisecond)
						verified.Add(1)
						running.Add(-1)
						turn.leave(test.wrong)
					})
				}
				group.Wait()
				if n := int(verified.Load()); n < test.min || n > test.max || n+int(rejected.Load()) != 400 {
					t.Errorf("%d log-ins were verified and %d rejected, want %d to %d verified", n, rejected.Load(), test.min, test.max)
				}
				if n := late.Load(); n > 10 {
					t.Errorf("%d log-ins had to wait before they were rejected", n)
				}
				if took := time.Since(start); took > test.longest {
					t.Errorf("the last answer took %v", took)
				}
			})
		})
	}
}

// TestThrottleEndsWithTheRequest gives up log-ins whose clients have gone, in the queue and
// in their turn. Those behind them go on.
func TestThrottleEndsWithTheRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th := testThrottle(t)
		from := netip.MustParseAddr("9.9.9.9")
		for range freeFailures + 1 {
			turn, err := th.enter(t.Context(), from)
			if err != nil {
				t.Fatal(err)
			}
			turn.leave(true)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var gone atomic.Int32
		for range 2 {
			go func() {
				if _, err := th.enter(ctx, from); errors.Is(err, context.Canceled) {
					gone.Add(1)
				}
			}()
		}
		synctest.Wait()
		cancel()
		synctest.Wait()
		if n := gone.Load(); n != 2 {
			t.Errorf("%d of 2 log-ins ended with their requests", n)
		}
		turn, err := th.enter(t.Context(), from)
		if err != nil {
			t.Fatal(err)
		}
		turn.leave(false)
	})
}
