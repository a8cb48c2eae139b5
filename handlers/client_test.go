package handlers

import (
	"context"
	"encoding/binary"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// TestClient gives addresses of one network the same placeholders, and however many networks
// there are, a bounded number of buckets.
func TestClient(t *testing.T) {
	h := new(Client)
	if err := h.Provision(caddy.Context{}); err != nil {
		t.Fatal(err)
	}
	placeholder := func(address, name string) string {
		t.Helper()
		repl := caddy.NewReplacer()
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = netip.AddrPortFrom(netip.MustParseAddr(address), 1).String()
		r = r.WithContext(context.WithValue(r.Context(), caddy.ReplacerCtxKey, repl))
		var got string
		next := caddyhttp.HandlerFunc(func(http.ResponseWriter, *http.Request) error {
			got = repl.ReplaceAll("{"+name+"}", "missing")
			return nil
		})
		if err := h.ServeHTTP(httptest.NewRecorder(), r, next); err != nil {
			t.Fatal(err)
		}
		return got
	}
	for address, want := range map[string]string{
		"192.0.2.1":            "192.0.2.1/32",
		"::ffff:192.0.2.1":     "192.0.2.1/32",
		"2001:db8:1:2::1":      "2001:db8:1:2::/64",
		"2001:db8:1:2:ffff::1": "2001:db8:1:2::/64",
	} {
		if got := placeholder(address, "peba.client_network"); got != want {
			t.Errorf("the network of %s is %q, want %q", address, got, want)
		}
	}
	for what, change := range map[string]struct{ at, least, most int }{
		"addresses of one network": {8, 1, 1},
		"networks":                 {0, clientBuckets / 2, clientBuckets},
	} {
		buckets := make(map[string]bool)
		for i := range 40_000 {
			address := netip.MustParseAddr("2001:db8::1").As16()
			binary.BigEndian.PutUint64(address[change.at:], 0x20010db8_00000000+uint64(i))
			buckets[placeholder(netip.AddrFrom16(address).String(), "peba.client_bucket")] = true
		}
		if n := len(buckets); n < change.least || n > change.most {
			t.Errorf("40,000 %s are in %d buckets, want %d to %d", what, n, change.least, change.most)
		}
	}
}
