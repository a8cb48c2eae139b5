package stix

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/peba-edge/peba/feed"
	"github.com/peba-edge/peba/feed/inteltest"
)

var update = flag.Bool("update", false, "write the golden files")

// bundle returns the bundle of the first members of a snapshot.
func bundle(s *feed.Snapshot, limit int, addresses bool) []byte {
	var members []*feed.Member
	for i := range min(limit, len(s.Members)) {
		members = append(members, &s.Members[i])
	}
	return Bundle(s.Feed, members, addresses)
}

const all = 1_000_000

// bundles are the bundles with golden files.
func bundles() map[string][]byte {
	one := inteltest.Sample()
	one.Feed.Publisher = `Example "SOC"`
	return map[string][]byte{
		"sample":    bundle(inteltest.Sample(), all, false),
		"addresses": bundle(inteltest.Sample(), all, true),
		"limit":     bundle(one, 1, false),
		"empty":     bundle(inteltest.Empty(), all, false),
	}
}

func TestGolden(t *testing.T) {
	for name, bundle := range bundles() {
		inteltest.Golden(t, *update, "testdata/"+name+".json", bundle)
	}
}

// TestValidator holds that stix2-validator finds no error and no reason to warn, and that
// stix2 reads the bundles and derives the same identifiers of addresses.
func TestValidator(t *testing.T) {
	dir := t.TempDir()
	var args []string
	for name, bundle := range bundles() {
		path := filepath.Join(dir, name+".json")
		if err := os.WriteFile(path, bundle, 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, path)
	}
	out := inteltest.Python(t, dir, "testdata/validate.py", args...)
	if !strings.Contains(out, "checked 4 bundles") || !strings.Contains(out, "compared 3 addresses") {
		t.Errorf("the script did not check everything:\n%s", out)
	}
}

// object is what the tests read of an object.
type object struct {
	ID, Type, Pattern, Description, Created, Modified string
	ValidFrom                                         string `json:"valid_from"`
	ValidUntil                                        string `json:"valid_until"`
	Revoked                                           bool
	Labels                                            []string
}

func parse(t *testing.T, text []byte) object {
	t.Helper()
	var o object
	if err := json.Unmarshal(text, &o); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return o
}

// TestVersions holds that the content of a version depends on nothing that can change
// without a new version, and that the object stays the same when an address comes back.
func TestVersions(t *testing.T) {
	s := inteltest.Sample()
	w := NewWriter(s.Feed)
	m := s.Members[1]
	first := w.AppendMember(nil, &m, w.ID(&m))

	m.Current = feed.Details{Alerts: 99, Types: []string{"other"}}
	m.Country, m.AS = "DE", "AS1 Example"
	if again := NewWriter(s.Feed).AppendMember(nil, &m, w.ID(&m)); !bytes.Equal(first, again) {
		t.Errorf("the version differs:\n%s\n%s", first, again)
	}

	d := feed.Departure{Member: m, At: m.Changed.Add(10 * time.Minute)}
	left := parse(t, w.AppendDeparture(nil, &d, w.ID(&d.Member)))
	m.Joined = d.At.Add(time.Hour)
	m.Changed = m.Joined
	back := parse(t, w.AppendMember(nil, &m, w.ID(&m)))
	was := parse(t, first)
	if left.ID != was.ID || back.ID != was.ID || left.Created != was.Created || back.Created != was.Created {
		t.Errorf("the object changed its identity: %+v, %+v, %+v", was, left, back)
	}
	if !left.Revoked || was.Revoked || back.Revoked {
		t.Errorf("revoked: %v before, %v when it left, %v when it was back", was.Revoked, left.Revoked, back.Revoked)
	}
	if left.Modified != Time(d.At) || left.ValidUntil != Time(d.At) {
		t.Errorf("it left at %s, got %+v", Time(d.At), left)
	}
	if was.Modified >= left.Modified || left.Modified >= back.Modified {
		t.Errorf("versions are not in order: %s, %s, %s", was.Modified, left.Modified, back.Modified)
	}
	if want := Time(s.Feed.Until(&m, m.Changed)); back.ValidUntil != want || back.ValidFrom != Time(m.Joined) {
		t.Errorf("got %+v, want it valid from %s until %s", back, Time(m.Joined), want)
	}
}

// TestRenewal holds that a renewed indicator is valid until the next renewal.
func TestRenewal(t *testing.T) {
	s := inteltest.Sample()
	w := NewWriter(s.Feed)
	m := s.Members[0]
	m.Changed = m.Created
	end := s.Feed.Until(&m, m.Created)
	for renewals := range 3 {
		if renewals > 0 {
			m.Changed, end = end, end.Add(s.Feed.Duration)
		}
		o := parse(t, w.AppendMember(nil, &m, w.ID(&m)))
		if want := Time(end); o.ValidUntil != want || o.ValidFrom != Time(m.Joined) {
			t.Errorf("after %d renewals: valid from %s until %s, want until %s", renewals, o.ValidFrom, o.ValidUntil, want)
		}
	}
}

// TestIDs holds that identifiers differ between feeds, publishers, addresses, and lives of
// an address.
func TestIDs(t *testing.T) {
	m := inteltest.Sample().Members[0]
	ids := map[string]string{}
	add := func(what string, d feed.Definition, m feed.Member) {
		id := NewWriter(&d).ID(&m).String()
		if other, taken := ids[id]; taken {
			t.Errorf("%s and %s have the same identifier", what, other)
		}
		ids[id] = what
	}
	d := feed.Default("a")
	add("the first", d, m)
	other := d
	other.Name = "b"
	add("another feed", other, m)
	other = d
	other.Publisher = "x"
	add("another publisher", other, m)
	changed := m
	changed.Created = m.Created.Add(time.Second)
	add("another life", d, changed)
	changed = m
	changed.Addr = netip.MustParseAddr("192.0.2.2")
	add("another address", d, changed)
	for id := range ids {
		if parsed, ok := ParseID(id); !ok || parsed.String() != id || parsed.Kind != Indicator {
			t.Errorf("%s is read as %v", id, parsed)
		}
	}
	for _, id := range []string{"", "indicator", "indicator--", "malware--8dded90c-40c0-545a-8027-5b212bb37e8e", "indicator--8dded90c-40c0-545a-8027-5b212bb37e8E", "indicator-8dded90c-40c0-545a-8027-5b212bb37e8e"} {
		if parsed, ok := ParseID(id); ok {
			t.Errorf("%q is read as %v", id, parsed)
		}
	}
}

// TestHostileText holds that no text can leave its JSON string or the pattern.
func TestHostileText(t *testing.T) {
	s := inteltest.Sample()
	w := NewWriter(s.Feed)
	m := s.Members[2]
	m.Addr = netip.MustParseAddr("fe80::1%' OR '1").WithZone("'] OR [x:y = '")
	o := parse(t, w.AppendMember(nil, &m, w.ID(&m)))
	if o.Pattern != "[ipv6-addr:value = 'fe80::1']" {
		t.Errorf("pattern %s", o.Pattern)
	}
	if want := "a\"b\\c\n<script>\u2028é\ufffd"; len(o.Labels) != 2 || o.Labels[0] != want || o.Labels[1] != "interaction:attempt" {
		t.Errorf("labels %q", o.Labels)
	}
	m.Addr = netip.MustParseAddr("::ffff:192.0.2.1")
	if o := parse(t, w.AppendMember(nil, &m, w.ID(&m))); o.Pattern != "[ipv4-addr:value = '192.0.2.1']" {
		t.Errorf("pattern %s", o.Pattern)
	}
}

// TestBundleID holds that a bundle's identifier changes with its contents, and only then.
func TestBundleID(t *testing.T) {
	id := func(s *feed.Snapshot, limit int, addresses bool) string {
		return parse(t, bundle(s, limit, addresses)).ID
	}
	s, later := inteltest.Sample(), inteltest.Sample()
	later.At = later.At.Add(time.Hour)
	if id(s, all, false) != id(later, all, false) {
		t.Error("the identifier depends on the time")
	}
	later.Members[0].Changed = later.Members[0].Changed.Add(time.Minute)
	seen := map[string]bool{
		id(s, all, false): true, id(later, all, false): true, id(s, 1, false): true, id(s, all, true): true,
		id(inteltest.Empty(), all, false): true,
	}
	if len(seen) != 5 {
		t.Errorf("got %d identifiers, want 5", len(seen))
	}
}

func BenchmarkBundle(b *testing.B) {
	s := inteltest.Large(100_000)
	for b.Loop() {
		b.SetBytes(int64(len(bundle(s, all, false))))
	}
}
