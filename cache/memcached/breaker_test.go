package memcached

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestBreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &breaker{firstPause: firstPause}
		want := func(wantAsk, wantProbe bool) {
			t.Helper()
			if ask, probe := b.ask(); ask != wantAsk || probe != wantProbe {
				t.Fatalf("ask = %v, probe %v, want %v, %v", ask, probe, wantAsk, wantProbe)
			}
		}
		fail := func(wantOpened bool) {
			t.Helper()
			if _, opened := b.failed(); opened != wantOpened {
				t.Fatalf("failed: opened %v, want %v", opened, wantOpened)
			}
		}
		// Failures count only in a row.
		for range 10 {
			for range maxFailures - 1 {
				fail(false)
			}
			want(true, false)
			b.succeeded()
		}
		for range maxFailures - 1 {
			fail(false)
		}
		fail(true)
		fail(false) // calls under way end late
		// Each probe that fails doubles the pause, to a limit.
		for _, pause := range []time.Duration{firstPause, 2 * firstPause, 4 * firstPause, 8 * firstPause, maxPause, maxPause} {
			time.Sleep(pause - time.Nanosecond)
			want(false, false)
			time.Sleep(time.Nanosecond)
			want(false, true)
			want(false, false) // one probe at a time
			b.probed(false)
		}
		// A server that answers probes and nothing else stays as it is.
		time.Sleep(maxPause)
		want(false, true)
		b.probed(true)
		want(true, false)
		fail(true)
		time.Sleep(maxPause - time.Nanosecond)
		want(false, false)
		time.Sleep(time.Nanosecond)
		want(false, true)
		b.probed(true)
		// One that answers has a clean slate.
		b.succeeded()
		for range maxFailures - 1 {
			fail(false)
		}
		fail(true)
		time.Sleep(firstPause)
		want(false, true)
		b.succeeded() // a call under way ends well while the probe fails
		b.probed(false)
		want(true, false)
	})
}
