package sender

import (
	"testing"
	"time"
)

func TestRequestSize(t *testing.T) {
	p := newRequestSize()
	want := func(least, most int) {
		t.Helper()
		if n := p.limit(); n < least || n > most {
			t.Fatalf("the limit is %d, want %d to %d", n, least, most)
		}
	}
	want(firstRequest, firstRequest)
	for range 10 {
		p.answered(100, time.Millisecond) // small ones prove nothing
	}
	want(firstRequest, firstRequest)
	for range 1000 {
		p.answered(p.limit(), time.Millisecond)
	}
	want(maxRequest, maxRequest)
	p.busy()
	want(maxRequest/2, maxRequest/2)
	p.answered(p.limit(), slowRequest+1)
	want(maxRequest*3/8, maxRequest*3/8)
	p.answered(p.limit(), slowRequest) // neither quick nor slow
	want(maxRequest*3/8, maxRequest*3/8)
	for range 100 {
		p.busy()
	}
	want(minRequest, minRequest)
	for range 1000 {
		p.answered(p.limit(), time.Millisecond)
	}
	p.tooLarge(100_000)
	want(50_000, 50_000)
	for range 10 {
		p.answered(p.limit(), time.Millisecond)
	}
	want(50_000, 55_000) // rises slowly
	p.busy()
	p.tooLarge(2)
	want(1, 1)
	for range 10_000 {
		p.answered(p.limit(), time.Millisecond)
	}
	want(maxRequest, maxRequest)
}

func TestBackoff(t *testing.T) {
	b := backoff{first: 200 * time.Millisecond, max: 15 * time.Second}
	for n, whole := range map[int]time.Duration{
		1: b.first, 2: 2 * b.first, 7: 64 * b.first, 8: b.max, 31: b.max, 1000: b.max, 1 << 40: b.max,
	} {
		seen := map[time.Duration]bool{}
		for range 100 {
			wait := b.after(n)
			if wait < whole/2 || wait > whole {
				t.Fatalf("after %d failures the wait is %v, want %v to %v", n, wait, whole/2, whole)
			}
			seen[wait] = true
		}
		if len(seen) < 50 {
			t.Errorf("after %d failures there are only %d different waits", n, len(seen))
		}
	}
}
