package simulate

import (
	"testing"
	"time"
)

func TestPacer(t *testing.T) {
	start := time.Unix(1_700_000_000, 0)
	p := newPacer(1000, 100)
	if p.interval != 100*time.Millisecond {
		t.Fatalf("interval %s", p.interval)
	}
	// Asked late by up to the tolerance, again and again, it keeps to its times.
	for i := range 1000 {
		due := start.Add(time.Duration(i) * p.interval)
		asked := due.Add(time.Duration(i%10) * 10 * time.Millisecond)
		if got := p.reserve(asked); !got.Equal(due) {
			t.Fatalf("place %d is %s after its time", i, got.Sub(due))
		}
	}
	// Asked early, places are handed out ahead.
	ahead := p.reserve(start)
	if got := p.reserve(start); got.Sub(ahead) != p.interval {
		t.Errorf("places %s apart, want %s", got.Sub(ahead), p.interval)
	}
	// After a stall it starts anew.
	late := ahead.Add(time.Minute)
	for i := range 3 {
		if got, want := p.reserve(late), late.Add(time.Duration(i)*p.interval); !got.Equal(want) {
			t.Errorf("place %d after the stall is %s off", i, got.Sub(want))
		}
	}
}

func TestPacerWithoutRate(t *testing.T) {
	p := newPacer(0, 100)
	for range 1000 {
		if err := p.wait(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}
