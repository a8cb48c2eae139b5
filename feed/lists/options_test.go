package lists

import (
	"bytes"
	"errors"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/peba-edge/peba/query"
)

// written returns what a format writes for the parameters of a request.
func written(t *testing.T, suffix, rawQuery string) string {
	t.Helper()
	values, err := url.ParseQuery(rawQuery)
	if err != nil {
		t.Fatal(err)
	}
	f := format(t, suffix)
	o, err := f.ParseOptions(values)
	if err != nil {
		t.Fatalf("%s?%s: %v", suffix, rawQuery, err)
	}
	return string(f.Write(hostile(), o))
}

// TestOptions asks the text with each parameter.
func TestOptions(t *testing.T) {
	const one, net4, net6, six = "192.0.2.10", "198.51.100.0/24", "2001:db8:0:1::/64", "2001:db8::1"
	tests := map[string][]string{
		"":                              {one, net4, net6, six},
		"v=4":                           {one, net4},
		"v=6":                           {net6, six},
		"v=":                            {one, net4, net6, six},
		"cidr=always":                   {one + "/32", net4, net6, six + "/128"},
		"cidr=auto":                     {one, net4, net6, six},
		"limit=1":                       {one},
		"limit=3":                       {one, net4, net6},
		"limit=4":                       {one, net4, net6, six},
		"limit=99999999999999999999999": {one, net4, net6, six},
		"limit=2&page=1":                {one, net4},
		"limit=2&page=2":                {net6, six},
		"limit=3&page=2":                {six},
		"limit=2&page=3":                nil,
		"limit=99999999999&page=99999999999999999999": nil,
		"page=1":                 {one, net4, net6, six},
		"page=2":                 nil,
		"v=6&limit=1&page=2":     {six},
		"v=6&limit=1":            {net6},
		"V=6&list=a;b&x=1":       {one, net4, net6, six}, // not of this format
		"v=4&v=6":                {one, net4},
		"category=1000":          {one, net4, net6, six},
		"licence=off":            {one, net4, net6, six},
		"v=4&cidr=always&page=1": {one + "/32", net4},
	}
	for rawQuery, want := range tests {
		values := url.Values{}
		for part := range strings.SplitSeq(rawQuery, "&") { // without the rules for semicolons
			if name, value, found := strings.Cut(part, "="); found {
				values.Add(name, value)
			}
		}
		f := format(t, "txt")
		o, err := f.ParseOptions(values)
		if err != nil {
			t.Errorf("%s: %v", rawQuery, err)
			continue
		}
		text := string(f.Write(hostile(), o))
		got := strings.Fields(string(withoutComments([]byte(text))))
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", rawQuery, got, want)
		}
		if has := strings.Contains(text, "# Licence:"); has != (rawQuery != "licence=off") {
			t.Errorf("%s: the licence is in it: %v", rawQuery, has)
		}
	}
}

// TestBadOptions holds that each bad value is an error that names it.
func TestBadOptions(t *testing.T) {
	for suffix, queries := range map[string]map[string]string{
		"txt": {
			"v=5": `parameter "v": got "5", must be 4 or 6`, "v=04": `"04"`, "cidr=1": "auto or always", "licence=no": "on or off",
			"limit=0": `parameter "limit": got "0", must be a whole number of at least 1`, "limit=-1": `"-1"`, "limit=x": `"x"`,
			"page=0&limit=1": `parameter "page": got "0"`,
		},
		"rsc":        {"list=a%22b": `parameter "list": got "a\"b", must be 1 to 23 letters, digits, - and _, beginning with a letter`},
		"iprep":      {"category=0": "from 1 to 59", "category=60": "from 1 to 59"},
		"categories": {"category=x": "from 1 to 59"},
	} {
		for rawQuery, want := range queries {
			values, err := url.ParseQuery(rawQuery)
			if err != nil {
				t.Fatal(err)
			}
			_, err = format(t, suffix).ParseOptions(values)
			var refused *query.ParamError
			if !errors.As(err, &refused) || !strings.Contains(err.Error(), want) {
				t.Errorf("%s?%s: %v, want %s", suffix, rawQuery, err, want)
			}
		}
	}
}

// TestOtherOptions asks other formats with their parameters.
func TestOtherOptions(t *testing.T) {
	for _, test := range []struct{ suffix, query, has, hasNot string }{
		{"rsc", "list=bad-ones&v=4", `list="bad-ones"`, "/ipv6"},
		{"rsc", "v=6", "/ipv6 firewall", "/ip firewall"},
		{"nft", "list=bad&v=6", "inet peba bad_v6", "_v4"},
		{"ipset", "list=bad&v=4", "add bad_v4_next 192.0.2.10\n", "_v6"},
		{"iprep", "category=7", "192.0.2.10,7,78\n", ",1,"},
		{"iprep", "licence=off", "198.51.100.0/24,1,29\n", "Licence"},
		{"categories", "category=7", "7,PEBA,", "1"},
		{"checkpoint", "v=6", ",192.0.2.10,IP,", "2001:"},
		{"checkpoint", "limit=1&page=2", "198.51.100.0-24", "192.0.2.10"},
		{"dataset", "limit=1&page=2", "198.51.100.7\n", "192.0.2.10"},
		{"csv", "v=6&limit=1", "2001:db8:0:1::/64,58,", "192.0.2.10"},
		{"json", "v=6&limit=1", `"value":"2001:db8:0:1::/64"`, "192.0.2.10"},
		{"ndjson", "limit=1", `"value":"192.0.2.10"`, "198.51"},
		{"zeek", "licence=off&v=4", "192.0.2.10\t", "Licence"},
	} {
		text := written(t, test.suffix, test.query)
		if !strings.Contains(text, test.has) || strings.Contains(text, test.hasNot) {
			t.Errorf("%s?%s must have %q and not %q:\n%s", test.suffix, test.query, test.has, test.hasNot, text)
		}
	}
}

// TestKey holds that requests with different answers have different keys, and that
// equivalent ones have the same.
func TestKey(t *testing.T) {
	bodies := make(map[string]string)
	for _, f := range All() {
		for _, rawQuery := range []string{
			"", "v=4", "v=6", "cidr=always", "cidr=auto", "limit=1", "limit=01", "limit=2", "limit=2&page=1", "limit=2&page=2", "limit=1&page=2",
			"licence=off", "licence=on", "list=a", "list=b", "category=1", "category=2", "unknown=1",
		} {
			values, err := url.ParseQuery(rawQuery)
			if err != nil {
				t.Fatal(err)
			}
			o, err := f.ParseOptions(values)
			if err != nil {
				t.Fatal(err)
			}
			body := string(f.Write(hostile(), o))
			if other, found := bodies[f.Key(o)]; found && other != body {
				t.Errorf("%s?%s has the key %s of another body", f.Suffix, rawQuery, f.Key(o))
			}
			bodies[f.Key(o)] = body
		}
	}
	if n := len(bodies); n < 60 || n > 120 {
		t.Errorf("there are %d different bodies", n)
	}
	f := format(t, "txt")
	if f.Key(Options{Page: 1}) != f.Key(Options{}) {
		t.Error("the first page has a key of its own")
	}
}

// TestLastIPv4 computes the ends of networks.
func TestLastIPv4(t *testing.T) {
	for network, want := range map[string]string{
		"192.0.2.1/32": "192.0.2.1", "192.0.2.0/31": "192.0.2.1", "192.0.2.0/24": "192.0.2.255", "0.0.0.0/0": "255.255.255.255", "128.0.0.0/1": "255.255.255.255",
	} {
		if got := lastIPv4(netip.MustParsePrefix(network)).String(); got != want {
			t.Errorf("%s ends at %s, want %s", network, got, want)
		}
	}
}

// TestRouterTime writes durations for RouterOS.
func TestRouterTime(t *testing.T) {
	s := empty()
	for d, want := range map[string]string{"24h": "1d", "10s": "10s", "36h": "1d12h0m0s", "90m": "1h30m0s", "2160h": "90d"} {
		s.Feed.Duration = mustDuration(t, d)
		if body := format(t, "rsc").Write(s, Options{}); !bytes.Contains(body, []byte(" timeout="+want+" ")) {
			t.Errorf("%s: want timeout=%s in\n%s", d, want, body)
		}
	}
}
