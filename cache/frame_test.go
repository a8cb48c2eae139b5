package cache

import (
	"bytes"
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// What others wrote into a shared cache is no value of ours.
func TestForeignValues(t *testing.T) {
	whole := frame([]byte("foreign"), time.Now(), time.Now().Add(time.Hour))
	otherVersion := bytes.Clone(whole)
	otherVersion[0]++
	for _, foreign := range [][]byte{nil, []byte("x"), whole[:headerSize-1], otherVersion} {
		c := newMapCache()
		if err := c.Set(t.Context(), "k", foreign, time.Hour); err != nil {
			t.Fatal(err)
		}
		r, err := NewLoader(c).Load(t.Context(), "k", time.Minute, new(source).fill)
		if err != nil || r.Status != Miss || string(r.Value) != "value 1" {
			t.Errorf("with %q in the cache: %s, %v, want a miss", foreign, show(r), err)
		}
	}
}

func TestFrameKeepsEverything(t *testing.T) {
	made := time.Now()
	for _, value := range []string{"", "value"} {
		r, ok := unframe(frame([]byte(value), made, made.Add(time.Minute)), made.Add(time.Second))
		if !ok || string(r.Value) != value || r.Age != time.Second || r.Fresh != 59*time.Second {
			t.Errorf("%q: %v, %s", value, ok, show(r))
		}
	}
}

func TestRenewable(t *testing.T) {
	made := time.Now()
	tests := []struct {
		ttl, age  time.Duration
		status    Status
		renewable bool
	}{
		{10 * time.Second, 10*time.Second - 1, Hit, false},
		{10 * time.Second, 10 * time.Second, Stale, true},
		{10 * time.Second, 20*time.Second - 1, Stale, true},
		{10 * time.Second, 20 * time.Second, Stale, false},
		{time.Hour, time.Hour + maxRenewal - 1, Stale, true},
		{time.Hour, time.Hour + maxRenewal, Stale, false},
	}
	for _, test := range tests {
		r, ok := unframe(frame([]byte("v"), made, made.Add(test.ttl)), made.Add(test.age))
		if !ok || r.Status != test.status || r.renewable != test.renewable {
			t.Errorf("ttl %v, age %v: %v, %v, renewable %v, want %v, %v",
				test.ttl, test.age, ok, r.Status, r.renewable, test.status, test.renewable)
		}
	}
}

func TestClockSetBack(t *testing.T) {
	now := time.Now()
	ahead := func(by time.Duration) Result {
		r, ok := unframe(frame([]byte("v"), now.Add(by), now.Add(by+10*time.Second)), now)
		if !ok || r.Age != 0 {
			t.Errorf("a value made in the future: %v, %s, want age 0", ok, show(r))
		}
		return r
	}
	if r := ahead(maxSkew); r.Status != Hit || r.Fresh != 10*time.Second {
		t.Errorf("by a clock that is a little ahead: %s, fresh for %v, want 10 seconds", show(r), r.Fresh)
	}
	// Else it would hold until the clock is again where it was.
	if r := ahead(time.Hour); r.Status != Stale || r.Fresh != 0 || r.renewable {
		t.Errorf("after the clock was set back an hour: %s, fresh for %v, want it to be computed again", show(r), r.Fresh)
	}
}

// A question is about the moment at which it was asked: an answer that was computed over
// midnight is of the day before.
func TestAgeCountsFromTheQuestion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLoader(newMapCache())
		takesLong := func(context.Context) ([]byte, error) {
			time.Sleep(20 * time.Second)
			return []byte("v"), nil
		}
		load := func(key string, ttl time.Duration, status Status, age, fresh time.Duration) {
			t.Helper()
			r, err := l.Load(t.Context(), key, ttl, takesLong)
			if err != nil || r.Status != status || r.Age != age || r.Fresh != fresh {
				t.Errorf("%s, age %v, fresh for %v, %v, want %v, age %v, fresh for %v", show(r), r.Age, r.Fresh, err, status, age, fresh)
			}
		}
		load("kept", 10*time.Second, Miss, 20*time.Second, 10*time.Second)
		time.Sleep(5 * time.Second)
		load("kept", 10*time.Second, Hit, 25*time.Second, 5*time.Second)
		load("not kept", 0, Bypass, 20*time.Second, 0)
	})
}
