package simulate

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestPacer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const interval = 20 * time.Millisecond
		p := newPacer(5000, 100)
		start := time.Now()
		next := func(due time.Duration) {
			t.Helper()
			if err := wait(t.Context(), p); err != nil {
				t.Fatal(err)
			}
			if at := time.Since(start); (at - due).Abs() > time.Millisecond {
				t.Fatalf("a message after %s, want %s", at, due)
			}
		}
		// Late by up to 90 ms, again and again, it keeps to its times.
		due := time.Duration(0)
		for i := range 100 {
			next(due)
			due += interval
			if i%10 == 0 {
				time.Sleep(due + 90*time.Millisecond - time.Since(start))
				for range 5 { // due already
					next(time.Since(start))
					due += interval
				}
			}
		}
		// After a longer stall it makes up for 100 ms: one message is due, five were.
		time.Sleep(time.Minute)
		stalled := time.Since(start)
		for range 6 {
			next(stalled)
		}
		for i := range 100 {
			next(stalled + time.Duration(i+1)*interval)
		}
	})
}

// A message that is due after the end is not sent, but the end is waited for.
func TestPacerWaitsForTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		p := newPacer(0.1, 2)
		if err := wait(ctx, p); err != nil || time.Since(start) != 0 {
			t.Errorf("the first message after %s: %v", time.Since(start), err)
		}
		if err := wait(ctx, p); err == nil || time.Since(start) != 10*time.Second {
			t.Errorf("the second after %s, error %v; want an error after 10 s", time.Since(start), err)
		}
	})
}

func TestPacerWithoutRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		p, start := newPacer(0, 100), time.Now()
		for range 1000 {
			if err := wait(ctx, p); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(start); took != 0 {
			t.Errorf("1000 messages took %s", took)
		}
		cancel()
		if err := wait(ctx, p); err == nil {
			t.Error("it goes on after the end")
		}
	})
}
