package sensors

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
	"github.com/peba-edge/peba/store/memory"
)

// origins returns a message of sensors.
func origins(list ...alert.Origin) *alert.Message { return &alert.Message{Origins: list} }

// of is one accepted alert of a sensor.
func of(uuid string) alert.Origin {
	return alert.Origin{UUID: uuid, Analyzer: "cowrie-01", Accepted: 1}
}

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// visited returns the records that a Counter and a store have, the community's first.
func visited(t *testing.T, c *Counter, s store.Reader) (records []store.SensorRecord) {
	t.Helper()
	for _, community := range []bool{true, false} {
		err := c.Visit(t.Context(), s, community, 1000, func(r store.SensorRecord) error {
			records = append(records, r)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return records
}

// inStore returns the records of a store by sensor; of two of one sensor the later.
func inStore(t *testing.T, s store.Reader) map[string]store.SensorRecord {
	t.Helper()
	records := visited(t, nil, s)
	slices.Reverse(records)
	bySensor := make(map[string]store.SensorRecord)
	for _, r := range records {
		bySensor[r.Sensor] = r
	}
	return bySensor
}

func flush(t *testing.T, c *Counter, s store.Store) map[string]store.SensorRecord {
	t.Helper()
	if err := c.Flush(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	return inStore(t, s)
}

// What messages bring is counted for the sensor that they are of.
func TestCounter(t *testing.T) {
	c, s := NewCounter(), memory.New(store.Options{})
	skipped := alert.Origin{UUID: "a", Hostname: "host", Analyzer: "tanner", Skipped: map[alert.SkipReason]int{alert.SkipTimeZone: 2}}
	c.Count(origins(of("a"), skipped, of("b")), Outcome{At: noon, Community: true, Agent: "EWS Poster\x1b[2J v1.33\u202e", Stored: true})
	c.Count(origins(of("a")), Outcome{At: noon.Add(time.Minute), Community: true, Agent: "v2", Stored: false})
	c.Count(origins(of("a")), Outcome{At: noon, Agent: "private", Stored: true})
	c.Count(origins(alert.Origin{Hostname: "only", Target: "192.0.2.1", Accepted: 3}, alert.Origin{Target: "192.0.2.1", Accepted: 4},
		alert.Origin{Skipped: map[alert.SkipReason]int{alert.SkipTarget: 1}}), Outcome{At: noon, Community: true, Stored: true})
	got := flush(t, c, s)
	if ids := slices.Sorted(maps.Keys(got)); !slices.Equal(ids, []string{"", "a", "address 192.0.2.1", "b", "only"}) {
		t.Fatalf("sensors are %q", ids)
	}
	a := got["a"]
	want := store.SensorRecord{
		Key: a.Key, Sensor: "a", UUID: "a", Hostname: "host", Version: "v2", Analyzers: []string{"cowrie-01", "tanner"}, Community: true,
		FirstSeen: alert.At(noon), LastSeen: alert.At(noon.Add(time.Minute)), Updated: alert.At(noon.Add(time.Minute)),
		Messages: 2, Accepted: 1, Refused: map[string]int64{"timezone": 2, "store": 1},
		Counts: []store.SensorCount{{Start: noon.Unix(), Count: 1}},
	}
	if !reflect.DeepEqual(a, want) {
		t.Errorf("got  %+v\nwant %+v", a, want)
	}
	if v := got["b"].Version; v != "EWS Poster\ufffd[2J v1.33\ufffd" {
		t.Errorf("the version is %q", v)
	}
	if n := got[""].Refused["target"]; n != 1 || got["address 192.0.2.1"].Accepted != 4 || got["only"].Accepted != 3 {
		t.Errorf("without names: %+v", got)
	}
}

// Some honeypots send what an attacker wrote for the host name, or nothing.
func TestCounterHostname(t *testing.T) {
	c, s := NewCounter(), memory.New(store.Options{})
	send := func(analyzer, hostname string) {
		c.Count(origins(alert.Origin{UUID: "a", Hostname: hostname, Analyzer: analyzer, Accepted: 1}), Outcome{At: noon, Community: true, Stored: true})
	}
	is := func(want string) {
		t.Helper()
		if got := flush(t, c, s); got["a"].Hostname != want || len(got) != 1 {
			t.Errorf("the host name is %q, want %q; %d sensors", got["a"].Hostname, want, len(got))
		}
	}
	send("web", "first.example")
	is("first.example")
	send("cowrie", "tpot")
	is("first.example") // no more than the other one
	send("tanner", "tpot")
	is("tpot")
	for i := range 50 {
		send("web", fmt.Sprint(i, ".example"))
		send("h0neytr4p", "")
	}
	is("tpot")
	send("cowrie", "renamed")
	send("tanner", "renamed")
	is("renamed")
}

// What is kept of delays is of the last messages, and of the middle of each.
func TestCounterDelays(t *testing.T) {
	c, s := NewCounter(), memory.New(store.Options{})
	for i := range 2 * MaxDelays {
		m := origins(alert.Origin{UUID: "a", Accepted: 3}, alert.Origin{UUID: "b", Accepted: 1}, alert.Origin{UUID: "a"})
		for _, delay := range []int{i, 86400, -7, 5 - 2*3600} {
			created := alert.At(noon.Add(-time.Duration(delay) * time.Second))
			m.Records = append(m.Records, alert.Record{Document: alert.Document{CreateTime: created}})
		}
		c.Count(m, Outcome{At: noon, Community: true, Stored: i != MaxDelays+3})
	}
	got := flush(t, c, s)
	if a := got["a"].Delays; len(a) != MaxDelays || a[0] != MaxDelays-1 || a[MaxDelays-1] != 2*MaxDelays-1 {
		t.Errorf("a: %d delays %v", len(a), a)
	}
	if b := got["b"].Delays; len(b) != MaxDelays || b[0] != 5-2*3600 {
		t.Errorf("b: %d delays %v", len(b), b)
	}
}

// A wrong log-in proves nothing: it makes no sensor, and changes only one number
// of one that there is.
func TestCounterWrongLogIns(t *testing.T) {
	c, s := NewCounter(), memory.New(store.Options{})
	c.Count(origins(of("a")), Outcome{At: noon, Community: true, Agent: "v1", Stored: true})
	before := flush(t, c, s)["a"]
	forged := alert.Origin{UUID: "a", Hostname: "forged", Analyzer: "forged", Accepted: 5}
	c.CountWrong(origins(forged, of("nobody")), noon.Add(2*time.Hour))
	got := flush(t, c, s)
	before.Updated, before.Refused = alert.At(noon.Add(2*time.Hour)), map[string]int64{"credentials": 5}
	if !reflect.DeepEqual(got["a"], before) {
		t.Errorf("got  %+v\nwant %+v", got["a"], before)
	}
	if len(got) != 2 || got[""].Refused["credentials"] != 1 || !got[""].Community {
		t.Errorf("others: %+v", got)
	}

	// Another run knows of it too, once it has read the store.
	again := NewCounter()
	again.CountWrong(origins(of("a")), noon)
	if err := again.Learn(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	again.CountWrong(origins(forged), noon.Add(3*time.Hour))
	got = flush(t, again, s)
	if a := got["a"]; a.Refused["credentials"] != 5 || !a.LastSeen.IsZero() || a.UUID != "" || a.Key == before.Key {
		t.Errorf("the record of the other run is %+v", a)
	}
}

// Whoever invents sensors finds bounds, and so does who has endless names.
func TestCounterBounds(t *testing.T) {
	c, s := NewCounter(), memory.New(store.Options{})
	c.max = 10
	long := strings.Repeat("ü", 10_000)
	for i := range 50 {
		o := of(fmt.Sprint(i))
		if i == 0 {
			o.UUID, o.Hostname, o.Analyzer = long, long, long
		}
		c.Count(origins(o), Outcome{At: noon, Community: true, Agent: long, Stored: true})
	}
	for i := range 100 {
		o := of("1")
		o.Analyzer = fmt.Sprint(i)
		c.Count(origins(o), Outcome{At: noon, Community: true, Stored: true})
	}
	got := flush(t, c, s)
	if len(got) != 11 || got[""].Accepted != 40 {
		t.Errorf("%d sensors; the others have %d alerts, want 40", len(got), got[""].Accepted)
	}
	if n := len(got["1"].Analyzers); n != MaxAnalyzers {
		t.Errorf("a sensor has %d honeypots, want %d", n, MaxAnalyzers)
	}
	cut := got[strings.Repeat("ü", maxName/2)]
	if len(cut.UUID) != maxName || len(cut.Hostname) != maxName || len(cut.Analyzers[0]) != maxAnalyzer ||
		cut.Version != strings.Repeat("ü", maxVersion) {
		t.Errorf("long names became %+v", cut)
	}
}

// Counts are by ten minutes for an hour, by the hour for a day, and gone then;
// none is lost or counted twice on the way.
func TestCountsOverTime(t *testing.T) {
	e := new(entry)
	for minute := range 60 * 60 {
		now := noon.Add(time.Duration(minute) * time.Minute)
		e.accept(now, 1)
		if len(e.Counts) > 24+fineSpans+2 {
			t.Fatalf("after %d minutes there are %d counts", minute, len(e.Counts))
		}
		perHour, fine := make(map[int64]int64), int64(0)
		for i, c := range e.Counts {
			if i > 0 && c.Start <= e.Counts[i-1].Start {
				t.Fatalf("not in order: %v", e.Counts)
			}
			perHour[startOf(c.Start, coarseSpan)] += c.Count
			if c.Start >= startOf(now.Unix(), fineSpan)-5*600 {
				fine += c.Count
			}
		}
		for ago := range int64(min(23, minute/60)) {
			if n := perHour[startOf(now.Unix(), coarseSpan)-(ago+1)*3600]; n != 60 {
				t.Fatalf("after %d minutes the hour %d hours ago has %d, want 60", minute, ago+1, n)
			}
		}
		if want := int64(min(minute, 50+minute%10) + 1); fine != want {
			t.Fatalf("after %d minutes the last hour has %d, want %d", minute, fine, want)
		}
	}
	e.accept(noon, 1) // the clock went back
	if last := e.Counts[len(e.Counts)-1]; last.Count != 11 {
		t.Errorf("the last count is %d, want 11", last.Count)
	}
}

// Who invents sensors of the community takes no room of private users.
func TestCounterGroups(t *testing.T) {
	c, s := NewCounter(), memory.New(store.Options{})
	c.max = 10
	for i := range 50 {
		c.Count(origins(of(fmt.Sprint(i))), Outcome{At: noon, Community: true, Stored: true})
	}
	c.Count(origins(of("private")), Outcome{At: noon, Stored: true})
	c.CountWrong(origins(of("private")), noon)
	if got := flush(t, c, s)["private"]; got.Accepted != 1 || got.Refused["credentials"] != 1 || got.Community {
		t.Errorf("a private user's sensor is %+v", got)
	}
}

// A sensor that pauses goes on in its record, unless others need the room or the
// store has retired it.
func TestCounterPauses(t *testing.T) {
	c, s := NewCounter(), memory.New(store.Options{})
	c.max = 20
	send := func(id string, at time.Time) {
		c.Count(origins(of(id)), Outcome{At: at, Community: true, Stored: true})
	}
	left := func() []string { return slices.Sorted(maps.Keys(c.community.entries)) }
	const retention = 28 * 24 * time.Hour
	send("a", noon)
	flush(t, c, s)
	c.Forget(noon.Add(10*24*time.Hour), retention)
	now := noon.Add(11 * 24 * time.Hour)
	send("a", now)
	flush(t, c, s)
	if records := visited(t, nil, s); len(records) != 1 || records[0].Accepted != 2 {
		t.Fatalf("after a pause the records are %+v", records)
	}

	for i := range 19 {
		send(fmt.Sprintf("b%02d", i), now.Add(time.Duration(1+i)*time.Second))
	}
	c.Forget(now.Add(minIdle), retention)
	if len(left()) != 20 {
		t.Fatalf("after a day %q are left", left())
	}
	later := now.Add(minIdle + time.Minute)
	c.Forget(later, retention)
	if got := left(); len(got) != 19 || got[0] != "b00" {
		t.Fatalf("the only one whose record is written makes room: %q are left", got)
	}
	send("c", later)
	flush(t, c, s)
	c.Forget(later, retention)
	if got := left(); len(got) != 18 || got[0] != "b02" || got[17] != "c" {
		t.Fatalf("a tenth makes room, the longest silent first: %q are left", got)
	}
	send("a", later) // in a new record
	if records := visited(t, c, s); records[0].Key == records[1].Key || len(records) != 22 {
		t.Errorf("records are %+v", records)
	}
	flush(t, c, s)
	c.Forget(later.Add(retention+time.Second), retention)
	if len(left()) != 0 {
		t.Errorf("%q are left though their records are retired", left())
	}
}

// failingStore takes no records.
type failingStore struct {
	store.Store
	err error
	put int // records that it was given
}

func (f *failingStore) PutRecords(ctx context.Context, records ...store.Record) error {
	f.put += len(records)
	if f.err != nil {
		return f.err
	}
	return f.Store.PutRecords(ctx, records...)
}

// What could not be written is written the next time, and only what has changed.
func TestCounterFlushFails(t *testing.T) {
	c, s := NewCounter(), &failingStore{Store: memory.New(store.Options{}), err: store.ErrUnavailable}
	send := func(uuid string) {
		c.Count(origins(of(uuid)), Outcome{At: noon, Community: true, Stored: true})
	}
	send("a")
	send("b")
	if err := c.Flush(t.Context(), s); !errors.Is(err, store.ErrUnavailable) {
		t.Fatalf("error is %v", err)
	}
	send("a")
	s.err, s.put = nil, 0
	if got := flush(t, c, s); got["a"].Accepted != 2 || got["b"].Accepted != 1 || s.put != 2 {
		t.Errorf("%d records: %+v", s.put, got)
	}
	s.put = 0
	send("b")
	if got := flush(t, c, s); got["b"].Accepted != 2 || s.put != 1 {
		t.Errorf("%d records: %+v", s.put, got)
	}
	s.put = 0
	if flush(t, c, s); s.put != 0 {
		t.Errorf("%d records were written though nothing has changed", s.put)
	}
}

// Readers see what is not written yet, once.
func TestVisit(t *testing.T) {
	c, s := NewCounter(), memory.New(store.Options{})
	send := func() { c.Count(origins(of("a")), Outcome{At: noon, Community: true, Stored: true}) }
	send()
	flush(t, c, s)
	send()
	records := visited(t, c, s)
	if len(records) != 1 || records[0].Accepted != 2 {
		t.Errorf("records are %+v", records)
	}
	records[0].Refused = map[string]int64{"x": 1}
	records[0].Counts[0].Count = 99
	if got := flush(t, c, s)["a"]; got.Accepted != 2 || got.Counts[0].Count != 2 || got.Refused != nil {
		t.Errorf("a reader has changed the record: %+v", got)
	}
}

// Several may write at the same time: the last numbers stay.
func TestCounterFlushesInTurn(t *testing.T) {
	c, s := NewCounter(), memory.New(store.Options{})
	const messages = 1000
	var writers sync.WaitGroup
	for range 4 {
		writers.Go(func() {
			for range messages / 4 {
				c.Count(origins(of("a"), of("b")), Outcome{At: noon, Community: true, Stored: true})
				if err := c.Flush(t.Context(), s); err != nil {
					t.Error(err)
				}
			}
		})
	}
	writers.Wait()
	if got := inStore(t, s); got["a"].Accepted != messages || got["b"].Accepted != messages {
		t.Errorf("records are %+v", got)
	}
}
