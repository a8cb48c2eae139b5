package memory

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/peba-edge/peba/cache"
	"github.com/peba-edge/peba/cache/cachetest"
)

// open opens a cache of its own, as the default config does but for the size.
func open(t testing.TB, size int64) cache.Cache {
	t.Helper()
	c, err := (&Module{Size: size}).Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestConformance(t *testing.T) {
	cachetest.Run(t, func(t *testing.T) cache.Cache { return open(t, 8<<20) })
}

func TestBounded(t *testing.T) {
	const size = 1 << 20
	p, err := newPool(size)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = p.Destruct() }()
	for i := range 200 {
		if err := p.Set(t.Context(), fmt.Sprint(i), make([]byte, 100<<10), time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	p.entries.CleanUp()
	if got := p.entries.WeightedSize(); got > size || got < size/2 {
		t.Errorf("after 20 MB the cache weighs %d bytes, want some, at most %d", got, size)
	}
	for i := range 100_000 {
		if err := p.Set(t.Context(), fmt.Sprint(i), nil, time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	p.entries.CleanUp()
	if n := p.entries.EstimatedSize(); n > size/overhead {
		t.Errorf("%d empty values are kept, want at most %d", n, size/overhead)
	}
}

func TestExpiry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, err := newPool(1 << 20)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = p.Destruct() }()
		if err := p.Set(t.Context(), "k", []byte("v"), time.Minute); err != nil {
			t.Fatal(err)
		}
		time.Sleep(30 * time.Second)
		if err := p.Set(t.Context(), "k", []byte("w"), time.Minute); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute - time.Nanosecond)
		if v, found, _ := p.Get(t.Context(), "k"); !found || string(v) != "w" {
			t.Errorf("just before its time is over: %q, %v, want w", v, found)
		}
		time.Sleep(time.Nanosecond)
		if v, found, _ := p.Get(t.Context(), "k"); found {
			t.Errorf("after its time: %q, want nothing", v)
		}
	})
}

// A reload opens before the old config closes.
func TestReloadKeepsValues(t *testing.T) {
	ctx := t.Context()
	before := open(t, 1<<20)
	if err := before.Set(ctx, "k", []byte("v"), time.Hour); err != nil {
		t.Fatal(err)
	}
	after, otherSize := open(t, 1<<20), open(t, 2<<20)
	for range 2 { // closing twice gives one handle back
		if err := before.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if v, found, err := after.Get(ctx, "k"); err != nil || !found || string(v) != "v" {
		t.Errorf("after a reload: %q, %v, %v, want v", v, found, err)
	}
	if _, found, _ := otherSize.Get(ctx, "k"); found {
		t.Error("a cache of another size is the same")
	}
	for _, c := range []cache.Cache{after, otherSize} {
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
	last := open(t, 1<<20)
	if _, found, _ := last.Get(ctx, "k"); found {
		t.Error("the cache outlives its last user")
	}
	if err := last.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestCaddyfile(t *testing.T) {
	tests := []struct {
		input string
		size  int64
		err   string
	}{
		{"memory", 64 << 20, ""},
		{"memory 64MiB", 64 << 20, ""},
		{"memory 64MB", 64_000_000, ""},
		{"memory 1GiB", 1 << 30, ""},
		{"memory 65536", 64 << 10, ""},
		{"memory much", 0, `size: got "much", must be at least 64KiB, with a unit, such as 64MiB`},
		{"memory 64", 0, `size: got "64", must be`},
		{"memory -64MiB", 0, `size: got "-64MiB", must be`},
		{"memory 10EB", 0, `size: got "10EB", must be`},
		{"memory 64MiB 64MiB", 0, `unexpected "64MiB": expected one SIZE`},
		{"memory {\n\tshards 4\n}", 0, `unknown option "shards": expected one SIZE`},
	}
	for _, test := range tests {
		m := new(Module)
		err := m.UnmarshalCaddyfile(caddyfile.NewTestDispenser(test.input))
		if test.err != "" {
			if err == nil || !strings.Contains(err.Error(), test.err) {
				t.Errorf("%q: error %v, want one with %q", test.input, err, test.err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%q: %v", test.input, err)
			continue
		}
		if err := m.Provision(caddy.Context{}); err != nil || m.Validate() != nil || m.Size != test.size {
			t.Errorf("%q: size %d, %v, %v, want %d", test.input, m.Size, err, m.Validate(), test.size)
		}
	}
}

func TestJSON(t *testing.T) {
	ctx, cancel := caddy.NewContext(caddy.Context{Context: context.Background()})
	defer cancel()
	for size, want := range map[string]string{
		"67108864": "",
		"1":        "size of the memory cache: got 1 bytes, must be at least 64KiB",
		"-1":       "size of the memory cache: got -1 bytes",
	} {
		_, err := ctx.LoadModuleByID("peba.caches.memory", json.RawMessage(`{"size":`+size+`}`))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("size %s: error %v, want %q", size, err, want)
		}
	}
}

// hit is a Loader on this cache with one value in it, and the function to fill it.
func hit(t testing.TB) (*cache.Loader, func(context.Context) ([]byte, error)) {
	t.Helper()
	c := open(t, defaultSize)
	t.Cleanup(func() { _ = c.Close() })
	l := cache.NewLoader(c)
	fill := func(context.Context) ([]byte, error) { return bytes.Repeat([]byte("x"), 10_000), nil }
	if _, err := l.Load(t.Context(), "retrieveAlertsJson?ci=1", time.Hour, fill); err != nil {
		t.Fatal(err)
	}
	return l, fill
}

func TestHitDoesNotAllocate(t *testing.T) {
	l, fill := hit(t)
	ctx := t.Context()
	allocs := testing.AllocsPerRun(1000, func() {
		if r, err := l.Load(ctx, "retrieveAlertsJson?ci=1", time.Hour, fill); err != nil || r.Status != cache.Hit {
			t.Fatalf("Load = %v, %v, want a hit", r.Status, err)
		}
	})
	if allocs != 0 {
		t.Errorf("a hit allocates %v times", allocs)
	}
}

func BenchmarkHit(b *testing.B) {
	l, fill := hit(b)
	ctx := b.Context()
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if r, err := l.Load(ctx, "retrieveAlertsJson?ci=1", time.Hour, fill); err != nil || r.Status != cache.Hit {
				b.Errorf("Load = %v, %v, want a hit", r.Status, err)
			}
		}
	})
}
