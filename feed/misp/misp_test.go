package misp

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"flag"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/peba-edge/peba/feed"
	"github.com/peba-edge/peba/feed/inteltest"
)

var update = flag.Bool("update", false, "write the golden files")

// today is the day of the sample.
var today = StartOf(inteltest.Start)

// sample returns the directory of the sample, with a day that has passed, one that is
// retired, and one without addresses.
func sample(allowed func(netip.Addr) (time.Time, bool)) *Directory {
	before := inteltest.Sample()
	for i := range before.Members[:2] {
		before.Members[i].Joined = today.Add(-time.Hour)
	}
	passed := []Day{DayOf(before, today.Add(-8*24*time.Hour)), DayOf(before, today.Add(-24*time.Hour)), {Feed: "blocklist", Date: today.Add(-48 * time.Hour)}}
	passed[0].Attributes = passed[1].Attributes
	return DirectoryOf(passed, DayOf(inteltest.Sample(), today), allowed)
}

// write writes a directory's files.
func write(t *testing.T, d *Directory) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range d.Names() {
		content := d.File(name)
		if content == nil {
			t.Fatalf("%s is missing", name)
		}
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestGolden(t *testing.T) {
	for feed, d := range map[string]*Directory{"sample": sample(nil), "empty": DirectoryOf(nil, DayOf(inteltest.Empty(), today), nil)} {
		for _, name := range d.Names() {
			content := d.File(name)
			inteltest.Golden(t, *update, filepath.Join("testdata", feed, name), content)
		}
	}
}

// TestPyMISP lets PyMISP read the events and make the manifest and the hashes of them.
func TestPyMISP(t *testing.T) {
	dir := write(t, sample(nil))
	out := inteltest.Python(t, dir, "testdata/check.py", dir)
	if !strings.Contains(out, "2 events, 6 attributes") {
		t.Error(out)
	}
}

// TestDay holds who is in the event of a day.
func TestDay(t *testing.T) {
	s := inteltest.Sample()
	left := &s.Left[0]
	addresses := func(date time.Time) string {
		var list []string
		for _, a := range DayOf(s, date).Attributes {
			list = append(list, a.Addr.String())
		}
		return strings.Join(list, " ")
	}
	if got, want := addresses(today), "192.0.2.1 198.51.100.7 2001:db8::1 192.0.2.200"; got != want {
		t.Errorf("today: got %s, want %s", got, want)
	}
	left.At = today // it was listed until then, but not today
	if got, want := addresses(today), "192.0.2.1 2001:db8::1 192.0.2.200"; got != want {
		t.Errorf("it left at midnight: got %s, want %s", got, want)
	}
	left.Joined, left.At = today.Add(-time.Hour), today.Add(time.Second)
	s.Members[0].Joined = today.Add(-time.Second)
	if got, want := addresses(today.Add(-time.Minute)), "192.0.2.1 198.51.100.7"; got != want {
		t.Errorf("yesterday: got %s, want %s", got, want)
	}
	s.Members[0].Joined = today
	if got, want := addresses(today.Add(-time.Minute)), "198.51.100.7"; got != want {
		t.Errorf("it joined at midnight: got %s, want %s", got, want)
	}
}

// TestMaxAttributes holds that a day has the addresses with the highest scores.
func TestMaxAttributes(t *testing.T) {
	s := inteltest.Large(MaxAttributes + 2)
	s.Members[7].Published.Score = feed.Score{Volume: 1}
	s.Members[8].Published.Score = feed.Score{Volume: 2}
	day := DayOf(s, s.At)
	if len(day.Attributes) != MaxAttributes {
		t.Fatalf("got %d attributes", len(day.Attributes))
	}
	for _, a := range day.Attributes {
		if a.Score <= 2 {
			t.Errorf("%+v is in the event", a)
		}
	}
}

// files returns the files of a directory.
func files(d *Directory) map[string]string {
	all := map[string]string{}
	for _, name := range d.Names() {
		content := d.File(name)
		all[name] = string(content)
	}
	return all
}

// TestClosedDay holds that a stored day makes the same files as the day itself.
func TestClosedDay(t *testing.T) {
	s := inteltest.Sample()
	s.Feed.Publisher = "x"
	day := DayOf(s, today)
	text, err := json.Marshal(day)
	if err != nil {
		t.Fatal(err)
	}
	var stored Day
	if err := json.Unmarshal(text, &stored); err != nil {
		t.Fatal(err)
	}
	tomorrow := Day{Feed: day.Feed, Publisher: day.Publisher, Date: today.Add(24 * time.Hour)}
	if got, want := files(DirectoryOf([]Day{stored}, tomorrow, nil)), files(DirectoryOf(nil, day, nil)); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if size := len(text) / len(day.Attributes); size > 400 {
		t.Errorf("%d bytes for each address: %d of them have to fit into a record", size, MaxAttributes)
	}
}

// TestKept holds which days are published: those of the last week, which have addresses.
func TestKept(t *testing.T) {
	s := inteltest.Large(3)
	for i := range s.Members {
		s.Members[i].Joined = today.Add(-1000 * time.Hour)
	}
	var passed []Day
	for days := -1; days <= 10; days++ {
		passed = append(passed, DayOf(s, today.Add(-time.Duration(days)*24*time.Hour)))
	}
	d := DirectoryOf(passed, DayOf(s, today), nil)
	var manifest map[string]summary
	content := d.File("manifest.json")
	media, _ := d.Media("manifest.json")
	if err := json.Unmarshal(content, &manifest); err != nil || media != "application/json" {
		t.Fatal(err, media)
	}
	dates := map[string]bool{}
	for _, e := range manifest {
		dates[e.Date] = true
	}
	if len(manifest) != 8 || len(dates) != 8 || !dates["2026-11-29"] || !dates["2026-11-22"] {
		t.Errorf("got %v, want today and 7 days before", dates)
	}
	for _, name := range []string{"", "other", "../manifest.json", "8dded90c-40c0-545a-8027-5b212bb37e8e.json"} {
		if _, ok := d.Media(name); ok || d.File(name) != nil {
			t.Errorf("there is a file %q", name)
		}
	}
}

// TestAllowed holds that an address that is allowed now is deleted in every event, and that
// MISP reads these events again.
func TestAllowed(t *testing.T) {
	since := inteltest.Start.Add(3 * time.Hour)
	allowed := netip.MustParseAddr("192.0.2.1")
	before := sample(nil)
	d := sample(func(addr netip.Addr) (time.Time, bool) { return since, addr == allowed })
	if reflect.DeepEqual(files(before), files(d)) {
		t.Fatal("nothing changed")
	}
	found := 0
	for _, name := range d.events() {
		content := d.File(name)
		var file struct{ Event event }
		if err := json.Unmarshal(content, &file); err != nil {
			t.Fatal(err)
		}
		for _, a := range file.Event.Attribute {
			is := a.Value == allowed.String()
			if a.Deleted != is || is && (a.Detect || a.Timestamp != timestamp(since)) {
				t.Errorf("%+v", a)
			}
			if is {
				found++
				if file.Event.Timestamp != timestamp(since) {
					t.Errorf("the event is of %s, want %s", file.Event.Timestamp, timestamp(since))
				}
			}
		}
		manifest := d.File("manifest.json")
		if !bytes.Contains(manifest, []byte(`"timestamp":`+file.Event.Timestamp+`}`)) {
			t.Errorf("the manifest lacks %s: %s", file.Event.Timestamp, manifest)
		}
	}
	if found != 2 {
		t.Errorf("the address is in %d events, want 2", found)
	}
	hashes := d.File("hashes.csv")
	sum := md5.Sum([]byte(allowed.String()))
	if strings.Contains(string(hashes), hex.EncodeToString(sum[:])) || bytes.Count(hashes, []byte("\n")) != strings.Count(files(before)["hashes.csv"], "\n")-found {
		t.Errorf("hashes: %s", hashes)
	}
}

func BenchmarkEvent(b *testing.B) {
	d := DirectoryOf(nil, DayOf(inteltest.Large(100_000), inteltest.Start), nil)
	name := d.events()[0]
	for b.Loop() {
		content := d.File(name)
		b.SetBytes(int64(len(content)))
	}
}

func BenchmarkDay(b *testing.B) {
	s := inteltest.Large(100_000)
	for b.Loop() {
		DayOf(s, s.At)
	}
}
