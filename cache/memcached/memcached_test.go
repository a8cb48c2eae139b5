package memcached

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bradfitz/gomemcache/memcache"
	"github.com/peba-edge/peba/cache"
	"github.com/peba-edge/peba/cache/cachetest"
)

// patient is a time-out that a busy machine keeps.
const patient = 10 * time.Second

func TestConformance(t *testing.T) {
	one, two := cachetest.StartMemcached(t), cachetest.StartMemcached(t)
	for name, servers := range map[string][]string{
		"one server":  {one.Address},
		"two servers": {one.Address, two.Address},
	} {
		t.Run(name, func(t *testing.T) {
			cachetest.Run(t, func(t *testing.T) cache.Cache { return open(t, patient, servers...) })
		})
	}
}

func set(t *testing.T, h *handle, key, value string) {
	t.Helper()
	if err := h.Set(t.Context(), key, []byte(value), time.Hour); err != nil {
		t.Fatalf("Set(%q): %v", key, err)
	}
}

// want gets key; want "" is for nothing.
func want(t *testing.T, h *handle, key, want string) {
	t.Helper()
	got, found, err := h.Get(t.Context(), key)
	if err != nil || found != (want != "") || string(got) != want {
		t.Fatalf("Get(%q) = %.40q, %v, %v, want %.40q", key, got, found, err, want)
	}
}

func TestKeysAreSpread(t *testing.T) {
	one, two := cachetest.StartMemcached(t), cachetest.StartMemcached(t)
	both := open(t, patient, one.Address, two.Address)
	for i := range 100 {
		set(t, both, fmt.Sprint(i), "v")
	}
	for _, server := range []*cachetest.Memcached{one, two} {
		alone, n := open(t, patient, server.Address), 0
		for i := range 100 {
			if _, found, err := alone.Get(t.Context(), fmt.Sprint(i)); err != nil {
				t.Fatal(err)
			} else if found {
				n++
			}
		}
		if n < 20 || n > 80 {
			t.Errorf("of 100 values one of two servers has %d", n)
		}
	}
}

func TestLargest(t *testing.T) {
	h := open(t, patient, cachetest.StartMemcached(t).Address)
	largest := strings.Repeat("x", maxItem-sealSize)
	set(t, h, "k", largest)
	want(t, h, "k", largest)
	set(t, h, "k", largest+"x")
	want(t, h, "k", "")
}

func TestExpiration(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	const day = 24 * time.Hour
	for ttl, want := range map[time.Duration]int32{
		1:                           1,
		time.Second:                 1,
		time.Second + 1:             2,
		30*day - time.Second:        30*86400 - 1,
		30*day - time.Second + 1:    1_700_000_000 + 30*86400,
		31 * day:                    1_700_000_000 + 31*86400,
		math.MaxInt64 - time.Second: math.MaxInt32, // the year 2316
		200 * 365 * day:             math.MaxInt32,
		5 * 365 * day:               1_700_000_000 + 5*365*86400,
	} {
		if got := expiration(now, ttl); got != want {
			t.Errorf("expiration of %v is %d, want %d", ttl, got, want)
		}
	}
}

// A memcached that is started anew has lost its values and all connections,
// and that is all.
func TestRestart(t *testing.T) {
	server := cachetest.StartMemcached(t)
	h := open(t, patient, server.Address)
	set(t, h, "k", "v")
	var wg sync.WaitGroup
	for range 50 { // so that some connections are kept
		wg.Go(func() {
			if _, _, err := h.Get(t.Context(), "k"); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	server.Stop()
	server.Start()
	want(t, h, "k", "")
	for range 10 {
		set(t, h, "k", "w")
		want(t, h, "k", "w")
		if err := h.Ping(t.Context()); err != nil {
			t.Errorf("Ping: %v", err)
		}
	}
}

func TestLeftAlone(t *testing.T) {
	for name, start := range map[string]func(*testing.T) string{"silent": startSilent, "dead": startDead} {
		t.Run(name, func(t *testing.T) {
			h := open(t, 20*time.Millisecond, start(t))
			h.servers[0].breaker.firstPause = time.Hour
			dials := countDials(h)
			for range maxFailures {
				if _, found, err := h.Get(t.Context(), "k"); err == nil || errors.Is(err, errLeftAlone) || found {
					t.Fatalf("Get = %v, %v, want the server's error", found, err)
				}
			}
			for range 1000 {
				if _, _, err := h.Get(t.Context(), "k"); !errors.Is(err, errLeftAlone) {
					t.Fatalf("Get: %v, want %v", err, errLeftAlone)
				}
				if err := h.Set(t.Context(), "k", nil, time.Hour); !errors.Is(err, errLeftAlone) {
					t.Fatalf("Set: %v, want %v", err, errLeftAlone)
				}
			}
			if n := dials.Load(); n != maxFailures {
				t.Errorf("%d connections were tried, want %d", n, maxFailures)
			}
			// A ping tells the truth nevertheless.
			if err := h.Ping(t.Context()); err == nil || !strings.Contains(err.Error(), h.servers[0].address.String()) {
				t.Errorf("Ping: %v, want an error with the address", err)
			}
			if n := dials.Load(); n != maxFailures+1 {
				t.Errorf("a ping tried %d connections", n-maxFailures)
			}
		})
	}
}

// One dead server takes only its own keys with it.
func TestOneOfTwoIsDead(t *testing.T) {
	dead, alive := cachetest.StartMemcached(t), cachetest.StartMemcached(t)
	h := open(t, patient, dead.Address, alive.Address)
	h.servers[0].breaker.firstPause = time.Hour
	dead.Stop()
	kept := 0
	for i := range 100 {
		key := fmt.Sprint(i)
		if err := h.Set(t.Context(), key, []byte("v"), time.Hour); err == nil {
			want(t, h, key, "v")
			kept++
		}
	}
	if kept < 20 || kept > 80 {
		t.Errorf("%d of 100 values are kept", kept)
	}
	if err := h.Ping(t.Context()); err == nil {
		t.Error("Ping: one of two servers is dead, and that is fine")
	}
}

func TestComesBack(t *testing.T) {
	server := cachetest.StartMemcached(t)
	h := open(t, patient, server.Address)
	b := &h.servers[0].breaker
	b.firstPause = time.Hour
	server.Stop()
	for range maxFailures {
		if _, _, err := h.Get(t.Context(), "k"); err == nil {
			t.Fatal("Get: a dead server answers")
		}
	}
	pauseIsOver := func() {
		t.Helper()
		b.mu.Lock()
		b.until = time.Now()
		b.mu.Unlock()
		// The probe is not the reader's to wait for.
		if _, _, err := h.Get(t.Context(), "k"); !errors.Is(err, errLeftAlone) {
			t.Fatalf("Get: %v, want %v", err, errLeftAlone)
		}
		h.background.Wait()
	}
	pauseIsOver()
	if _, _, err := h.Get(t.Context(), "k"); !errors.Is(err, errLeftAlone) {
		t.Fatalf("Get after a probe that failed: %v, want %v", err, errLeftAlone)
	}
	server.Start()
	pauseIsOver()
	set(t, h, "k", "v")
	want(t, h, "k", "v")
}

func TestPingEndsWithItsContext(t *testing.T) {
	h := open(t, time.Second, startSilent(t))
	ctx, cancel := context.WithCancel(t.Context())
	dialled := make(chan struct{})
	dial := h.servers[0].client
	counted := countDials(h)
	inner := dial.DialContext
	dial.DialContext = func(ctx context.Context, network, address string) (conn net.Conn, err error) {
		defer close(dialled)
		return inner(ctx, network, address)
	}
	go func() {
		<-dialled
		cancel()
	}()
	if err := h.Ping(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Ping: %v, want %v", err, context.Canceled)
	}
	if counted.Load() != 1 {
		t.Errorf("%d connections were tried", counted.Load())
	}
}

func TestClosed(t *testing.T) {
	h := open(t, patient, cachetest.StartMemcached(t).Address)
	set(t, h, "k", "v")
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	dials := countDials(h)
	_, _, get := h.Get(t.Context(), "k")
	for _, err := range []error{get, h.Set(t.Context(), "k", nil, time.Hour), h.Ping(t.Context())} {
		if !errors.Is(err, errClosed) {
			t.Errorf("error %v, want %v", err, errClosed)
		}
	}
	if dials.Load() != 0 {
		t.Error("a closed cache makes connections")
	}
}

// An answer that was not expected is no reason to leave a server alone, and a
// connection that breaks is.
func TestUnanswered(t *testing.T) {
	for err, want := range map[error]bool{
		nil:                             false,
		io.EOF:                          true,
		io.ErrUnexpectedEOF:             true,
		&memcache.ConnectTimeoutError{}: true,
		memcache.ErrServerError:         false,
	} {
		if got := isUnanswered(err); got != want {
			t.Errorf("isUnanswered(%v) = %v", err, got)
		}
	}
}

func TestReadsAreShared(t *testing.T) {
	h := open(t, patient, cachetest.StartMemcached(t).Address)
	set(t, h, "k", "old")
	dials := countDials(h)
	if err := h.servers[0].client.Close(); err != nil { // so that the next call dials
		t.Fatal(err)
	}
	client := h.servers[0].client
	inner, dialling, goOn := client.DialContext, make(chan struct{}, 101), make(chan struct{})
	client.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		dialling <- struct{}{}
		<-goOn
		return inner(ctx, network, address)
	}
	var wg sync.WaitGroup
	get := func() {
		if value, found, err := h.Get(t.Context(), "k"); err != nil || !found || string(value) != "old" {
			t.Errorf("Get = %q, %v, %v", value, found, err)
		}
	}
	wg.Go(get)
	<-dialling
	for range 100 {
		wg.Go(get) // whether they join or come later, they make no connection
	}
	close(goOn)
	wg.Wait()
	if n := dials.Load(); n != 1 {
		t.Errorf("%d connections were made, want 1", n)
	}
}

// A read that began before a write must not answer who asks after it.
func TestNoSharedReadAfterAWrite(t *testing.T) {
	h := open(t, patient, cachetest.StartMemcached(t).Address)
	blocked, goOn := make(chan struct{}), make(chan struct{})
	go func() {
		_, _, _ = h.reads.Do(h.seal.name("k"), func() (any, error) {
			close(blocked)
			<-goOn
			return (*memcache.Item)(nil), nil
		})
	}()
	<-blocked
	defer close(goOn)
	set(t, h, "k", "new")
	want(t, h, "k", "new")
}

func BenchmarkHit(b *testing.B) {
	l := cache.NewLoader(open(b, patient, cachetest.StartMemcached(b).Address))
	ctx := b.Context()
	fill := func(context.Context) ([]byte, error) { return bytes.Repeat([]byte("x"), 10_000), nil }
	if _, err := l.Load(ctx, "k", time.Hour, fill); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.SetParallelism(16)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if r, err := l.Load(ctx, "k", time.Hour, fill); err != nil || r.Status != cache.Hit {
				b.Errorf("Load = %v, %v, want a hit", r.Status, err)
			}
		}
	})
}
