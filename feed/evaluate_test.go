package feed

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
)

func TestNeverListed(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "exclude.txt")
	write(t, file, "# ours\r\n8.8.4.0/24 ; resolver\n2001:db8::/32,a partner\n// more\n")
	w := newWorld(t, func(d *Definition) { d.Exclude = []string{file} })
	for _, source := range []string{"10.1.1.1", "100.64.1.1", "80.1.1.1", "80.2.2.2", "8.8.4.4", "9.9.9.9", "2a00::1", "fe80::1", "9.1.1.1"} {
		w.attack(source, minutes(0), 3, nil)
	}
	w.attack("9.9.9.1", minutes(0), 1, func(d *alert.Document) { d.ExternalIP = "80.2.2.2" })
	allow := store.FeedAllowance{CIDR: "9.1.0.0/16", Reason: "test", Created: minutes(0), Until: minutes(10)}
	if err := w.store.PutRecords(t.Context(), allow); err != nil {
		t.Fatal(err)
	}
	expect(t, w.step(minutes(1)), "2a00::1", "9.9.9.9")
	write(t, file, `{"name": "a warning list", "type": "cidr", "list": ["9.9.9.0/24", "2a00::1"]}`)
	s := w.step(minutes(2))
	expect(t, s, "8.8.4.4")
	if len(s.Left) != 2 {
		t.Errorf("left: %+v", s.Left)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	expect(t, w.step(minutes(3)), "8.8.4.4") // the last content counts
	write(t, file, "nonsense\n")
	expect(t, w.step(minutes(4)), "8.8.4.4")
	if err := w.e.Fault("test"); err == nil || !strings.Contains(err.Error(), "line 1") {
		t.Errorf("a damaged file: %v", err)
	}
	write(t, file, "9.9.9.0/24\n2a00::1\n")
	expect(t, w.step(minutes(5)), "8.8.4.4")
	if err := w.e.Fault("test"); err != nil {
		t.Errorf("a corrected file: %v", err)
	}
	expect(t, w.step(minutes(10)), "8.8.4.4", "9.1.1.1") // the allowance ended
}

func write(t *testing.T, file, content string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestExcludeFileErrors(t *testing.T) {
	folder := t.TempDir()
	for name, test := range map[string]struct{ content, want string }{
		"line":     {"9.9.9.9\n9.9.9\n", `line 2: network: got "9.9.9", must be`},
		"zone":     {"fe80::1%eth0\n", `line 1: network: got "fe80::1%eth0"`},
		"list":     {`{"list": ["9.9.9.9", "dns.example"]}`, `list[1]: network: got "dns.example"`},
		"range":    {"9.9.9.9 - 9.9.9.20\n", `line 1: network: got "9.9.9.9 - 9.9.9.20"`},
		"too wide": {"0.0.0.0/0\n", "0.0.0.0/0 is too wide: must be /8"},
		"all IPv6": {"2000::/3\n", "2000::/3 is too wide: must be /8 or narrower, /19 for IPv6"},
		"not json": {`{"list": [`, "MISP warning list"},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(folder, strings.ReplaceAll(name, " ", "_"))
			write(t, file, test.content)
			_, err := openExclusions([]string{file}, zap.NewNop())
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), file) {
				t.Errorf("got %v, want the file and %s", err, test.want)
			}
		})
	}
	for _, path := range []string{filepath.Join(folder, "missing"), folder} {
		if _, err := openExclusions([]string{path}, zap.NewNop()); err == nil {
			t.Errorf("%s is not an error", path)
		}
	}
}

func TestConditions(t *testing.T) {
	udp := func(d *alert.Document) { d.TargetPort = "udp" }
	second := func(d *alert.Document) { d.Hostname = "sensor-2" }
	web := func(d *alert.Document) { d.PeerType = "Webpage" }
	private := func(d *alert.Document) { d.ClientDomain = false }
	for name, test := range map[string]struct {
		change func(*Definition)
		want   []string
	}{
		"defaults":    {func(*Definition) {}, []string{"7.1.1.1", "7.1.1.3", "7.1.1.4", "7.1.1.5", "9.1.1.1"}},
		"spoofable":   {func(d *Definition) { d.TCPOnly = false }, []string{"7.1.1.1", "7.1.1.2", "7.1.1.3", "7.1.1.4", "7.1.1.5", "9.1.1.1"}},
		"sensors":     {func(d *Definition) { d.MinSensors = 2 }, []string{"7.1.1.3"}},
		"alerts":      {func(d *Definition) { d.MinAlerts = 4 }, []string{"7.1.1.3", "9.1.1.1"}},
		"types":       {func(d *Definition) { d.Types = []string{"Webpage"} }, []string{"7.1.1.4"}},
		"not types":   {func(d *Definition) { d.NotTypes = []string{"SSH/console(cowrie)"} }, []string{"7.1.1.4"}},
		"community":   {func(d *Definition) { d.Domain = store.Community }, []string{"7.1.1.1", "7.1.1.3", "7.1.1.4", "9.1.1.1"}},
		"private":     {func(d *Definition) { d.Domain = store.Private }, []string{"7.1.1.5"}},
		"country":     {func(d *Definition) { d.Countries = []string{"US"} }, []string{"9.1.1.1"}},
		"not country": {func(d *Definition) { d.NotCountries = []string{"DE"} }, []string{"9.1.1.1"}},
		"asn":         {func(d *Definition) { d.ASNs = []uint32{64500} }, []string{"9.1.1.1"}},
		"not asn":     {func(d *Definition) { d.NotASNs = []uint32{64501} }, []string{"9.1.1.1"}},
		"limit":       {func(d *Definition) { d.Limit, d.Rank = 1, ByAlerts }, []string{"9.1.1.1"}},
		"days":        {func(d *Definition) { d.MinDays = 2 }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, test.change)
			at := minutes(0)
			w.attack("7.1.1.1", at, 2, nil)
			w.attack("7.1.1.2", at, 5, udp)
			w.attack("7.1.1.3", at, 3, nil)
			w.attack("7.1.1.3", at, 1, second)
			w.attack("7.1.1.4", at, 3, web)
			w.attack("7.1.1.5", at, 2, private)
			w.attack("9.1.1.1", at, 9, nil)
			expect(t, w.step(minutes(1)), test.want...)
		})
	}
}

func TestDistinctDays(t *testing.T) {
	w := newWorld(t, func(d *Definition) { d.Window, d.MinDays, d.MinAlerts = 3*24*time.Hour, 2, 1 })
	w.attack("9.9.9.9", start.Add(-13*time.Hour), 1, nil)
	w.attack("9.9.9.9", start.Add(-time.Hour), 1, nil)
	w.attack("9.9.9.8", start.Add(-2*time.Hour), 2, nil)
	s := w.step(minutes(0))
	expect(t, s, "9.9.9.9")
	if d := s.Members[0].Current.Days; d != 2 {
		t.Errorf("days: got %d, want 2", d)
	}
}

// TestModel compares the members with a simple computation from all alerts.
func TestModel(t *testing.T) {
	w := newWorld(t, func(d *Definition) { d.Window, d.MinAlerts, d.MinSensors = 30*time.Minute, 3, 2 })
	type seen struct {
		at             time.Time
		source, sensor string
	}
	var all []seen
	rng := rand.New(rand.NewPCG(5, 6))
	for i := 1; i < 150; i++ {
		for range rng.IntN(12) {
			one := seen{minutes(i - 1).Add(time.Duration(rng.IntN(60)) * time.Second), fmt.Sprintf("9.9.9.%d", rng.IntN(30)), fmt.Sprintf("sensor-%d", rng.IntN(3))}
			all = append(all, one)
			w.attack(one.source, one.at, 1, func(d *alert.Document) { d.Hostname = one.sensor })
		}
		alerts, sensors := make(map[string]int), make(map[string]map[string]bool)
		for _, one := range all {
			if one.at.Before(minutes(i - 30)) {
				continue
			}
			alerts[one.source]++
			if sensors[one.source] == nil {
				sensors[one.source] = make(map[string]bool)
			}
			sensors[one.source][one.sensor] = true
		}
		maps.DeleteFunc(alerts, func(source string, n int) bool { return n < 3 || len(sensors[source]) < 2 })
		expect(t, w.step(minutes(i)), slices.Sorted(maps.Keys(alerts))...)
	}
}

// TestLimit: members near the limit do not join and leave all the time, and newcomers of
// high rank join at once.
func TestLimit(t *testing.T) {
	w := newWorld(t, func(d *Definition) { d.Limit, d.Rank, d.MinAlerts = 20, ByAlerts, 1 })
	for i := range 40 {
		w.attack(fmt.Sprintf("9.9.9.%d", 100+i), minutes(0), 100-i, nil)
	}
	before := w.step(minutes(1))
	if len(before.Members) != 20 {
		t.Fatalf("%d members, want 20", len(before.Members))
	}
	// The 21st passes the 20th by little: nothing changes.
	w.attack("9.9.9.120", minutes(1), 2, nil)
	if s := w.step(minutes(2)); !slices.Equal(listed(s), listed(before)) {
		t.Errorf("a small change of ranks: %v, was %v", listed(s), listed(before))
	}
	w.attack("9.9.9.200", minutes(2), 500, nil)
	s := w.step(minutes(3))
	if _, is := s.Lists(netip.MustParseAddr("9.9.9.200")); !is || len(s.Members) != 20 {
		t.Errorf("the first of the ranking is listed: %t, of %d", is, len(s.Members))
	}
	if s.Members[0].Addr.String() != "9.9.9.200" {
		t.Errorf("first is %v", s.Members[0].Addr)
	}
}

func TestAggregate(t *testing.T) {
	w := newWorld(t, func(d *Definition) { d.V4, d.V6, d.Rank = Aggregation{24, 3}, Aggregation{64, 2}, ByAlerts })
	for i, source := range []string{"9.9.9.1", "9.9.9.2", "9.9.9.3", "9.9.8.1", "9.9.8.2", "2a00:1::1", "2a00:1::2", "2a00:2::1"} {
		w.attack(source, minutes(0), 20-i, nil)
	}
	s := w.step(minutes(1))
	var got []string
	for _, e := range s.Entries {
		got = append(got, fmt.Sprintf("%v %d %v", e.Prefix, e.Members, s.Members[e.Best].Addr))
	}
	want := []string{
		"9.9.9.0/24 3 9.9.9.1", "9.9.8.1/32 1 9.9.8.1", "9.9.8.2/32 1 9.9.8.2", "2a00:1::/64 2 2a00:1::1", "2a00:2::1/128 1 2a00:2::1",
	}
	if !slices.Equal(got, want) {
		t.Errorf("entries %q, want %q", got, want)
	}
}

// TestSourcesAreBounded: invented addresses and sensors do not fill the memory.
func TestSourcesAreBounded(t *testing.T) {
	w := newWorld(t, nil)
	w.e.Sources.max = 100
	w.attack("9.9.9.9", minutes(0), 50, nil)
	for i := range 500 {
		w.attack(fmt.Sprintf("2a00::%x", i), minutes(0), 1, nil)
	}
	expect(t, w.step(minutes(1)), "9.9.9.9")
	if n := w.e.Sources.Size(); n > 100 {
		t.Errorf("%d sources, want at most 100", n)
	}
	expect(t, w.step(minutes(7)), "9.9.9.9") // verified since: the dropped ones are not read again and again
}
