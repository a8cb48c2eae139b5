package memcached

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/bradfitz/gomemcache/memcache"
	"github.com/peba-edge/peba/cache/cachetest"
	dto "github.com/prometheus/client_model/go"
)

func forged(t *testing.T) float64 {
	t.Helper()
	var m dto.Metric
	if err := metrics.forged.Write(&m); err != nil {
		t.Fatal(err)
	}
	return m.GetCounter().GetValue()
}

// Who can write to memcached must not be able to make us serve anything.
func TestForgery(t *testing.T) {
	server := cachetest.StartMemcached(t)
	h := open(t, patient, server.Address)
	attacker := memcache.New(server.Address)
	attacker.Timeout = patient
	defer func() { _ = attacker.Close() }()

	stolen := func(key string) []byte {
		t.Helper()
		item, err := attacker.Get(h.seal.name(key))
		if err != nil {
			t.Fatal(err)
		}
		return item.Value
	}
	set(t, h, "k", "mine")
	set(t, h, "other", "of another key")
	genuine := stolen("k")
	longer := bytes.Clone(genuine)
	longer[1]++ // the time at which it ends
	otherSecret, err := newSealer([]byte("another secret"))
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string][]byte{
		"nothing":              {},
		"garbage":              []byte("<script>alert(1)</script>"),
		"long garbage":         bytes.Repeat([]byte{sealVersion}, 1000),
		"another key's":        stolen("other"),
		"made to last":         longer,
		"cut":                  genuine[:len(genuine)-1],
		"with more":            append(bytes.Clone(genuine), 'x'),
		"by another secret":    otherSecret.seal(h.seal.name("k"), []byte("theirs"), time.Now().Add(time.Hour)),
		"without a MAC":        append(append([]byte{sealVersion}, make([]byte, sealSize-1)...), "theirs"...),
		"of an unknown format": append([]byte{sealVersion + 1}, genuine[1:]...),
	}
	for name, value := range tests {
		before := forged(t)
		if err := attacker.Set(&memcache.Item{Key: h.seal.name("k"), Value: value}); err != nil {
			t.Fatal(err)
		}
		got, found, err := h.Get(t.Context(), "k")
		if err != nil || found {
			t.Errorf("%s: Get = %.40q, %v, %v, want nothing", name, got, found, err)
		}
		if n := forged(t) - before; n != 1 {
			t.Errorf("%s: %v values were counted as forged, want 1", name, n)
		}
	}
	set(t, h, "k", "mine again")
	want(t, h, "k", "mine again")
}

func TestNoBitMayChange(t *testing.T) {
	seal := open(t, patient, startDead(t)).seal
	now := time.Now()
	sealed := seal.seal("n", []byte("value"), now.Add(time.Minute))
	if value, genuine, alive := seal.unseal("n", sealed, now); !genuine || !alive || string(value) != "value" {
		t.Fatalf("unseal = %q, genuine %v, alive %v", value, genuine, alive)
	}
	for i := range len(sealed) * 8 {
		changed := bytes.Clone(sealed)
		changed[i/8] ^= 1 << (i % 8)
		if value, genuine, alive := seal.unseal("n", changed, now); genuine || alive || value != nil {
			t.Errorf("with bit %d changed: %q, genuine %v, alive %v", i, value, genuine, alive)
		}
	}
}

// Somebody may keep a sealed value and put it back later.
func TestOldValuesEnd(t *testing.T) {
	server := cachetest.StartMemcached(t)
	h := open(t, patient, server.Address)
	attacker := memcache.New(server.Address)
	attacker.Timeout = patient
	defer func() { _ = attacker.Close() }()
	name := h.seal.name("k")
	old := h.seal.seal(name, []byte("old"), time.Now().Add(-time.Nanosecond))
	if err := attacker.Set(&memcache.Item{Key: name, Value: old}); err != nil {
		t.Fatal(err)
	}
	want(t, h, "k", "")
}

// Memcached and who reads along learn nothing of the keys.
func TestNames(t *testing.T) {
	seal := open(t, patient, startDead(t)).seal
	seen := map[string]bool{}
	for _, key := range []string{"", "retrieveIPs?ci=1", "retrieveIPs?ci=0", strings.Repeat("x", 10_000), "a\r\nset b"} {
		name := seal.name(key)
		if len(name) != len("peba:")+43 || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' }) || seen[name] {
			t.Errorf("the name of %.20q is %q", key, name)
		}
		if seal.name(key) != name {
			t.Errorf("%.20q has two names", key)
		}
		seen[name] = true
	}
	other, err := newSealer([]byte("another secret"))
	if err != nil {
		t.Fatal(err)
	}
	if other.name("k") == seal.name("k") {
		t.Error("the name does not depend on the secret")
	}
}
