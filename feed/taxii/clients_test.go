package taxii

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/peba-edge/peba/feed"
	"github.com/peba-edge/peba/feed/inteltest"
	"github.com/peba-edge/peba/feed/stix"
)

// openCTI is the state of OpenCTI's TAXII ingestion. It sends one request each time.
type openCTI struct {
	cursor, after string
}

// poll sends one request as OpenCTI does, with both its cursor and its date, and changes
// the state as it does: nothing if the page is empty.
func (o *openCTI) poll(s *server, c *client) int {
	q := url.Values{}
	if o.cursor != "" {
		q.Set("next", o.cursor)
	}
	if o.after != "" {
		q.Set("added_after", o.after)
	}
	r := s.get("/taxii2/feeds/collections/"+CollectionID(s.index.snapshot.Feed)+"/objects/", q, MediaType)
	e := s.parse(r)
	c.receive(e.Objects)
	if len(e.Objects) == 0 {
		return 0
	}
	if e.More && e.Next != "" {
		o.cursor = e.Next
		return len(e.Objects)
	}
	last, err := time.Parse(time.RFC3339, e.Last)
	if err != nil {
		s.tb.Fatal(err)
	}
	o.cursor, o.after = "", last.UTC().Format("2006-01-02T15:04:05.000Z")
	return len(e.Objects)
}

// TestOpenCTI replays its requests. Between two pages, all that the second one would have
// had changes: OpenCTI would ask for an empty page forever. An address of the first page
// leaves: the client must see that, but not who left before it began.
func TestOpenCTI(t *testing.T) {
	s, c, client := &server{tb: t}, newClient(t), &openCTI{}
	first := inteltest.Large(maxPage + 10)
	before := first.Members[0]
	before.Addr = netip.MustParseAddr("192.0.2.1")
	first.Left = []feed.Departure{{Member: before, At: first.At}}
	s.show(first)
	if n := client.poll(s, c); n != maxPage || client.cursor == "" {
		t.Fatalf("first page: %d objects, cursor %q", n, client.cursor)
	}
	second := inteltest.Large(maxPage + 10)
	second.At = first.At.Add(time.Minute)
	second.Left = []feed.Departure{first.Left[0], {Member: second.Members[0], At: second.At}}
	second.Members = second.Members[1:]
	for i := range second.Members {
		m := &second.Members[i]
		if o := c.objects[s.index.writer.ID(m).String()]; o.ID == "" {
			m.Changed = second.At
		}
	}
	s.show(second)
	if n := client.poll(s, c); n != 13 || client.cursor != "" {
		t.Errorf("second page: %d objects, cursor %q, want the 12 that changed and the one that left, and none", n, client.cursor)
	}
	if n := client.poll(s, c); n != 0 || client.after != stix.Time(second.At) {
		t.Errorf("third request: %d objects, after %s", n, client.after)
	}
	c.check(second)
}

// TestElastic replays the requests of Elastic's custom threat intelligence integration: its
// second page has neither added_after nor another filter, it reads objects in every answer,
// continues while there is a cursor, and keeps the date for the next time.
func TestElastic(t *testing.T) {
	s, c := &server{tb: t}, newClient(t)
	simulation := inteltest.NewSimulation(1)
	snapshot := simulation.Step()
	s.show(snapshot)
	last := stix.Time(inteltest.Start.Add(-time.Hour)) // its initial interval
	pages := 0
	for range 20 {
		e := s.objects(url.Values{"added_after": {last}, "limit": {"2"}})
		for pages < 1000 {
			pages++
			c.receive(e.Objects)
			last = e.Last
			if e.Next == "" {
				break
			}
			e = s.objects(url.Values{"next": {e.Next}, "limit": {"2"}})
		}
		snapshot = simulation.Step()
		s.show(snapshot)
	}
	c.receive(s.objects(url.Values{"added_after": {last}}).Objects)
	for _, common := range s.index.common { // older than its initial interval
		c.objects[common.ID.String()] = object{ID: common.ID.String()}
	}
	c.check(snapshot)
	if pages < 30 {
		t.Errorf("only %d pages", pages)
	}
	// An empty answer keeps the date, so that it does not begin from the start.
	if e := s.objects(url.Values{"added_after": {last}, "match[type]": {"malware"}}); len(e.Objects) != 0 || e.Last != last {
		t.Errorf("got %+v, want no objects and %s", e, last)
	}
}

// TestFortiGate replays its only request: for STIX 2.0, without pages.
func TestFortiGate(t *testing.T) {
	s := &server{tb: t}
	s.show(inteltest.Sample())
	r := s.get("/taxii2/feeds/collections/blocklist/objects/", nil, "application/vnd.oasis.stix+json; version=2.0")
	if r.Status != http.StatusOK || r.Header.Get("Content-Type") != MediaType {
		t.Fatalf("%d %v", r.Status, r.Header)
	}
	var patterns []string
	for _, o := range s.parse(r).Objects {
		if o.Type == "indicator" {
			patterns = append(patterns, o.Pattern)
		}
	}
	if want := "[ipv4-addr:value = '192.0.2.1'] [ipv4-addr:value = '192.0.2.200'] [ipv6-addr:value = '2001:db8::1']"; strings.Join(patterns, " ") != want {
		t.Errorf("got %v, want %s", patterns, want)
	}
}

// TestTaxii2Client lets taxii2-client read a feed that changes between pages, with limits
// from 1 on. Its requests for the path /step change the feed.
func TestTaxii2Client(t *testing.T) {
	var (
		mu         sync.Mutex
		simulation *inteltest.Simulation
		index      *Index
		requests   int
	)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /reset", func(_ http.ResponseWriter, _ *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		simulation = inteltest.NewSimulation(7)
		index = NewIndex(simulation.Step())
	})
	mux.HandleFunc("POST /step", func(_ http.ResponseWriter, _ *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		index = NewIndex(simulation.Step())
	})
	mux.HandleFunc("GET /members", func(w http.ResponseWriter, _ *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		members := map[string]string{}
		for i := range index.snapshot.Members {
			m := &index.snapshot.Members[i]
			members[index.writer.ID(m).String()] = stix.Time(m.Changed)
		}
		if err := json.NewEncoder(w).Encode(members); err != nil {
			t.Error(err)
		}
	})
	mux.HandleFunc("/taxii2/", func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		requests++
		answer := Answer(&Request{Method: r.Method, Path: r.URL.Path, Query: r.URL.Query(), Accept: r.Header.Values("Accept")},
			[]Collection{{Feed: index.snapshot.Feed, Index: func() (*Index, error) { return index, nil }}})
		for name, values := range answer.Header {
			w.Header()[name] = values
		}
		w.WriteHeader(answer.Status)
		if _, err := w.Write(answer.Body); err != nil {
			t.Error(err)
		}
	})
	web := httptest.NewServer(mux)
	defer web.Close()
	out := inteltest.Python(t, t.TempDir(), "testdata/client.py", web.URL)
	t.Logf("%s after %d requests", out, requests)
	if requests < 500 {
		t.Errorf("only %d requests", requests)
	}
}

// TestMove holds what a client sees when an address moves between pages, in detail.
func TestMove(t *testing.T) {
	at := inteltest.Start
	d := feed.Default("small")
	member := func(i int, changed time.Time) feed.Member {
		return feed.Member{Addr: inteltest.Addr(i), Created: at, Joined: at, Changed: changed}
	}
	s := &server{tb: t}
	s.show(&feed.Snapshot{Feed: &d, At: at.Add(time.Minute), Members: []feed.Member{member(1, at), member(2, at), member(4, at)}})
	page := s.objects(url.Values{"limit": {"1"}, "match[type]": {"indicator"}})
	name := func(o object) netip.Addr {
		return netip.MustParseAddr(strings.Split(o.Pattern, "'")[1])
	}
	got := []netip.Addr{name(page.Objects[0])}
	// The next one in order changes after the first page.
	var members []feed.Member
	for i := range s.index.snapshot.Members {
		m := s.index.snapshot.Members[i]
		if s.index.rows[3].at == int32(i) {
			m.Changed = at.Add(2 * time.Minute)
		}
		members = append(members, m)
	}
	moved := s.index.snapshot.Members[s.index.rows[3].at].Addr
	s.show(&feed.Snapshot{Feed: &d, At: at.Add(2 * time.Minute), Members: members})
	page = s.objects(url.Values{"limit": {"1"}, "next": {page.Next}})
	got = append(got, name(page.Objects[0]))
	if page.Next != "" || got[1] == moved || page.Last != stix.Time(at) {
		t.Errorf("second page %+v: want the third address as the last of this request", page)
	}
	page = s.objects(url.Values{"added_after": {page.Last}})
	if len(page.Objects) != 1 || name(page.Objects[0]) != moved {
		t.Errorf("next request: got %+v, want %s", page, moved)
	}
	if fmt.Sprint(got[0]) == fmt.Sprint(got[1]) {
		t.Errorf("got %s twice", got[0])
	}
}
