package cache

import (
	"bytes"
	"testing"
	"time"
)

// What others wrote into a shared cache is no value of ours.
func TestForeignValues(t *testing.T) {
	whole := frame([]byte("foreign"), encoded{gzip: []byte("gz")}, time.Now(), time.Hour)
	otherVersion := bytes.Clone(whole)
	otherVersion[0]++
	for _, foreign := range [][]byte{nil, []byte("x"), whole[:headerSize-1], whole[:len(whole)-1], otherVersion} {
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
	for _, also := range []encoded{{}, {gzip: []byte("gz")}, {zstd: []byte("zs")}, {gzip: []byte("gz"), zstd: []byte("zst")}} {
		for _, value := range []string{"", "value"} {
			r, ok := unframe(frame([]byte(value), also, made, time.Minute), made.Add(time.Second))
			if !ok || string(r.Value) != value || r.Digest != digestOf([]byte(value)) || r.Age != time.Second || r.Fresh != 59*time.Second {
				t.Errorf("%q, %q: %v, %s", value, also, ok, show(r))
			}
			if !bytes.Equal(r.Encoded("gzip"), also.gzip) || !bytes.Equal(r.Encoded("zstd"), also.zstd) {
				t.Errorf("%q came back as %q", also, r.also)
			}
			// Appending to one part must not write into the next.
			_ = append(r.Value, 'x')
			_ = append(r.also.gzip, 'x')
			if !bytes.Equal(r.also.gzip, also.gzip) || !bytes.Equal(r.also.zstd, also.zstd) {
				t.Errorf("%q: the parts share their space", also)
			}
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
		r, ok := unframe(frame([]byte("v"), encoded{}, made, test.ttl), made.Add(test.age))
		if !ok || r.Status != test.status || r.renewable != test.renewable {
			t.Errorf("ttl %v, age %v: %v, %v, renewable %v, want %v, %v",
				test.ttl, test.age, ok, r.Status, r.renewable, test.status, test.renewable)
		}
	}
}

func TestClockSetBack(t *testing.T) {
	now := time.Now()
	r, ok := unframe(frame([]byte("v"), encoded{}, now.Add(time.Second), time.Minute), now)
	if !ok || r.Age != 0 || r.Status != Hit {
		t.Errorf("a value made in the future: %s, want age 0", show(r))
	}
}
