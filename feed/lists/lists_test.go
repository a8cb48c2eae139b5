package lists

import (
	"bytes"
	"flag"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/peba-edge/peba/feed"
)

var update = flag.Bool("update", false, "write the golden files and docs/FEEDS.md")

// hostile returns a feed with IPv4, IPv6 and networks of both, with texts that would do harm
// in one of the formats.
func hostile() *feed.Snapshot {
	s := exampleSnapshot()
	definition := *s.Feed
	definition.Licence = "CC \"BY\" 4.0; see #1\n203.0.113.99\r\nflush ruleset\u2028x\x00\u202e© \\"
	s.Feed = &definition
	member := func(addr string, texts ...string) feed.Member {
		m := exampleSnapshot().Members[1]
		m.Addr = netip.MustParseAddr(addr)
		m.AS, m.Country, m.CountryName, m.Current.Interaction, m.Current.Types = texts[0], texts[1], texts[2], texts[3], texts[4:]
		m.Published.Types = texts[4:]
		m.Published.Score.Recency = 1 // differs from Current
		return m
	}
	s.Members = []feed.Member{
		exampleSnapshot().Members[0],
		member("198.51.100.7", "=HYPERLINK(\"http://x\")", "+1", "<script>", "@SUM(1)", "-2+3", "a\tb\nc\\x09|d,\"e\";#"),
		member("2001:db8:0:1::7", "AS64501 Line\r\nbreak, \"Inc\"; # $(reboot) \\", "\t=1", "Côte d’Ivoire", "\r=1", "\xff\xfe", "＝1"),
		member("2001:db8::1", "\u202eAS1", "", "", ""),
		member("198.51.100.8", "AS00 x", "DE", "Germany", "login", "Network(honeytrap)"),
	}
	s.Members[3].Published, s.Members[3].Current = feed.Details{}, feed.Details{}
	s.Entries = []feed.Entry{
		{Prefix: netip.MustParsePrefix("192.0.2.10/32"), Best: 0, Members: 1},
		{Prefix: netip.MustParsePrefix("198.51.100.0/24"), Best: 1, Members: 2},
		{Prefix: netip.MustParsePrefix("2001:db8:0:1::/64"), Best: 2, Members: 1},
		{Prefix: netip.MustParsePrefix("2001:db8::1/128"), Best: 3, Members: 1},
	}
	return s
}

// empty returns a feed without members.
func empty() *feed.Snapshot {
	definition := feed.Default("blocklist")
	return &feed.Snapshot{Feed: &definition, At: time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)}
}

// snapshots are those that each format is tested with.
func snapshots() map[string]*feed.Snapshot {
	return map[string]*feed.Snapshot{"example": exampleSnapshot(), "hostile": hostile(), "empty": empty()}
}

// format returns a format that must be there.
func format(t testing.TB, suffix string) *Format {
	t.Helper()
	f, ok := WithSuffix(suffix)
	if !ok {
		t.Fatalf("there is no format %s", suffix)
	}
	return &f
}

// TestGolden compares what each format writes with its golden files.
func TestGolden(t *testing.T) {
	var known []string
	for name, s := range snapshots() {
		for _, f := range All() {
			file := filepath.Join("testdata", name+"."+f.Suffix+".golden")
			known = append(known, file)
			got := f.Write(s, Options{})
			if *update {
				if err := os.WriteFile(file, got, 0o644); err != nil {
					t.Fatal(err)
				}
				continue
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s: wrote\n%s\nwant\n%s", file, got, want)
			}
		}
	}
	files, err := filepath.Glob("testdata/*.golden")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if !slices.Contains(known, file) {
			t.Errorf("%s belongs to no format", file)
		}
	}
}

// TestUnchanged holds that bodies depend on the entries, not on the time of the snapshot:
// otherwise nobody would ever get 304.
func TestUnchanged(t *testing.T) {
	for _, f := range All() {
		s := hostile()
		before := f.Write(s, Options{})
		later := hostile()
		later.At = later.At.Add(10 * time.Minute)
		if !bytes.Equal(before, f.Write(later, Options{})) {
			t.Errorf("%s differs ten minutes later", f.Suffix)
		}
		if current := f.Suffix == "csv" || f.Suffix == "json" || f.Suffix == "ndjson"; !current {
			for i := range later.Members {
				later.Members[i].Current.Alerts++
				later.Members[i].Current.Types = nil
			}
			if !bytes.Equal(before, f.Write(later, Options{})) {
				t.Errorf("%s shows what is not published", f.Suffix)
			}
		}
	}
}

// TestTable holds what the documentation needs of the table.
func TestTable(t *testing.T) {
	seen := make(map[string]bool)
	for _, f := range All() {
		if f.Suffix == "" || f.Name == "" || f.Media == "" || f.Summary == "" || seen[f.Suffix] {
			t.Errorf("the format %q has empty texts, or a suffix that exists", f.Suffix)
		}
		seen[f.Suffix] = true
		if len(f.Example()) == 0 {
			t.Errorf("%s has no example", f.Suffix)
		}
		for i := range f.Params {
			p := &f.Params[i]
			text, err := p.Text(map[string][]string{p.Name: {p.Example}})
			if err != nil || text == "" || text == p.Default || p.Summary == "" {
				t.Errorf("%s: the parameter %s with its example is %q, %v", f.Suffix, p.Name, text, err)
			}
		}
	}
}

func mustDuration(t *testing.T, text string) time.Duration {
	t.Helper()
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
