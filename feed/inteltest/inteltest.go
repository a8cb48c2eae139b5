// Package inteltest has what the tests of feed/stix, feed/taxii and feed/misp share: a
// snapshot with a member of every sort, a simulated feed, and the Python clients.
package inteltest

import (
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/peba-edge/peba/feed"
	"github.com/peba-edge/peba/internal/rings"
)

// Start is the time at which the snapshots of Sample and Simulation begin.
var Start = time.Date(2026, 11, 29, 10, 0, 0, 0, time.UTC)

// Sample returns a snapshot with IPv4 and IPv6 addresses, hostile texts, networks and
// departures, at two hours after Start.
func Sample() *feed.Snapshot {
	d := feed.Default("blocklist")
	d.Licence = "CC BY 4.0"
	d.V4 = feed.Aggregation{Bits: 24, Min: 2}
	at := func(minutes int) time.Time { return Start.Add(time.Duration(minutes) * time.Minute) }
	member := func(addr string, created, joined, changed int, details feed.Details) feed.Member {
		details.First, details.Last = at(created-9), at(changed-1)
		return feed.Member{
			Addr: netip.MustParseAddr(addr), Created: at(created), Joined: at(joined), Changed: at(changed),
			Published: details, Current: feed.Details{Alerts: -1},
		}
	}
	members := []feed.Member{
		member("192.0.2.1", 0, 0, 0, feed.Details{
			Alerts: 120, Attempts: 100, Sensors: 3, Days: 2, Types: []string{"RDP(heralding)", "SSH/console(cowrie)"}, Interaction: "login",
			Score: feed.Score{Recency: 30, Volume: 17, Sensors: 10, Days: 4, Interaction: 10},
		}),
		member("2001:db8::1", -3000, 5, 65, feed.Details{
			Alerts: 3, Sensors: 1, Days: 1, Types: []string{"Network(suricata)"},
			Score: feed.Score{Recency: 30, Volume: 4, Sensors: 5, Days: 2},
		}),
		member("192.0.2.200", 60, 60, 60, feed.Details{
			Alerts: 1, Sensors: 1, Days: 1, Types: []string{"a\"b\\c\n<script>\u2028é\xff", ""}, Interaction: "attempt",
			Score: feed.Score{Recency: 10, Sensors: 5, Days: 2, Interaction: 5},
		}),
	}
	left := feed.Departure{
		Member: member("198.51.100.7", -60, -60, 0, feed.Details{
			Alerts: 9, Attempts: 1, Sensors: 2, Days: 1, Types: []string{"SSH/console(cowrie)"}, Interaction: "attempt",
			Score: feed.Score{Recency: 28, Volume: 8, Sensors: 8, Days: 2, Interaction: 5},
		}),
		At: at(90),
	}
	return &feed.Snapshot{
		Feed: &d, At: at(120), Members: members, Left: []feed.Departure{left},
		Entries: []feed.Entry{
			{Prefix: netip.MustParsePrefix("192.0.2.0/24"), Best: 0, Members: 2},
			{Prefix: netip.MustParsePrefix("2001:db8::1/128"), Best: 1, Members: 1},
		},
	}
}

// Empty returns a snapshot without members.
func Empty() *feed.Snapshot {
	d := feed.Default("empty")
	return &feed.Snapshot{Feed: &d, At: Start}
}

// Large returns a snapshot with so many members.
func Large(members int) *feed.Snapshot {
	d := feed.Default("large")
	s := &feed.Snapshot{Feed: &d, At: Start.Add(24 * time.Hour)}
	details := Sample().Members[0].Published
	for i := range members {
		changed := Start.Add(time.Duration(i%1000) * time.Minute)
		details.Alerts = int64(i)
		s.Members = append(s.Members, feed.Member{Addr: Addr(i), Created: Start, Joined: Start, Changed: changed, Published: details})
	}
	return s
}

// Addr returns the address of a number: every fourth is IPv6.
func Addr(i int) netip.Addr {
	if i%4 == 3 {
		return netip.AddrFrom16([16]byte{0: 0x20, 1: 1, 2: 0x0d, 3: 0xb8, 13: byte(i >> 16), 14: byte(i >> 8), 15: byte(i)})
	}
	return netip.AddrFrom4([4]byte{198, byte(18 + i>>16), byte(i >> 8), byte(i)})
}

// Python runs a script with the Python that has the clients, in dir, and returns what it
// prints. It is a test of the outer ring.
func Python(tb testing.TB, dir, script string, args ...string) string {
	tb.Helper()
	_, here, _, _ := runtime.Caller(0)
	python := rings.Tool(tb, filepath.Join(filepath.Dir(here), "../../.tools/intel/bin/python"), ".ci/intel")
	script, err := filepath.Abs(script)
	if err != nil {
		tb.Fatal(err)
	}
	cmd := exec.CommandContext(tb.Context(), python, append([]string{script}, args...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1", "NO_PROXY=*")
	var messages strings.Builder
	cmd.Stderr = &messages
	out, err := cmd.Output()
	if err != nil {
		tb.Fatalf("%s: %v\n%s%s", filepath.Base(script), err, messages.String(), out)
	}
	return string(out)
}

// Golden compares with a golden file, or writes it.
func Golden(tb testing.TB, update bool, path string, got []byte) {
	tb.Helper()
	if update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			tb.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			tb.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(fmt.Errorf("golden file: %w: go test -update writes it", err))
	}
	if string(got) != string(want) {
		tb.Errorf("%s differs: got\n%s", path, got)
	}
}
