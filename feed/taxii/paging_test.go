package taxii

import (
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/peba-edge/peba/feed"
	"github.com/peba-edge/peba/feed/inteltest"
	"github.com/peba-edge/peba/feed/stix"
)

// envelope is what clients read of an answer with objects.
type envelope struct {
	More    bool
	Next    string
	Objects []object
	First   string
	Last    string
}

type object struct {
	ID, Type, Modified, Pattern string
	Revoked                     bool
}

// server answers with a snapshot that tests replace.
type server struct {
	tb    testing.TB
	index *Index
}

func (s *server) show(snapshot *feed.Snapshot) { s.index = NewIndex(snapshot) }

func (s *server) collections() []Collection {
	return []Collection{{Feed: s.index.snapshot.Feed, Index: func() (*Index, error) { return s.index, nil }}}
}

func (s *server) get(path string, q url.Values, accept ...string) Response {
	return Answer(&Request{Method: http.MethodGet, Path: path, Query: q, Accept: accept}, s.collections())
}

// objects asks for objects, and fails the test if that fails.
func (s *server) objects(q url.Values) envelope {
	s.tb.Helper()
	r := s.get("/taxii2/feeds/collections/"+CollectionID(s.index.snapshot.Feed)+"/objects/", q)
	if r.Status != http.StatusOK || r.Header.Get("Content-Type") != MediaType {
		s.tb.Fatalf("%v: %d %v %s", q, r.Status, r.Header, r.Body)
	}
	return s.parse(r)
}

func (s *server) parse(r Response) envelope {
	s.tb.Helper()
	var e envelope
	if err := json.Unmarshal(r.Body, &e); err != nil {
		s.tb.Fatalf("%v: %s", err, r.Body)
	}
	e.First, e.Last = r.Header.Get("X-TAXII-Date-Added-First"), r.Header.Get("X-TAXII-Date-Added-Last")
	if e.Objects == nil || e.First == "" || e.Last == "" || e.More != (e.Next != "") {
		s.tb.Fatalf("incomplete envelope: %+v", e)
	}
	return e
}

// client holds what a client has received.
type client struct {
	tb       testing.TB
	versions map[string]bool
	objects  map[string]object
}

func newClient(tb testing.TB) *client {
	return &client{tb, map[string]bool{}, map[string]object{}}
}

// receive stores objects, and fails the test for a version that came before.
func (c *client) receive(objects []object) {
	c.tb.Helper()
	for _, o := range objects {
		version := o.ID + " " + o.Modified
		if c.versions[version] {
			c.tb.Fatalf("received twice: %s", version)
		}
		c.versions[version] = true
		if o.Modified < c.objects[o.ID].Modified {
			c.tb.Fatalf("%s was received after %s", version, c.objects[o.ID].Modified)
		}
		c.objects[o.ID] = o
	}
}

// check compares what the client has with a snapshot: all members and no others, and each in
// its last version.
func (c *client) check(s *feed.Snapshot) {
	c.tb.Helper()
	w := stix.NewWriter(s.Feed)
	live := 0
	for _, o := range c.objects {
		if o.Type == "indicator" && !o.Revoked {
			live++
		}
	}
	if live != len(s.Members) {
		c.tb.Errorf("the client holds %d addresses, the feed %d", live, len(s.Members))
	}
	for i := range s.Members {
		m := &s.Members[i]
		o := c.objects[w.ID(m).String()]
		if o.Revoked || o.Modified != stix.Time(m.Changed) {
			c.tb.Errorf("%s changed at %s: the client has %+v", m.Addr, stix.Time(m.Changed), o)
		}
	}
	for _, common := range w.Common() {
		if c.objects[common.ID.String()].ID == "" {
			c.tb.Errorf("the client lacks %s", common.ID)
		}
	}
}

// TestPagingWhileChanging polls with any limit while the feed changes between pages: no
// version comes twice, and none is lost. Clients differ in what they send with the cursor.
func TestPagingWhileChanging(t *testing.T) {
	for name, repeat := range map[string]bool{"next and limit": false, "next, limit and filters": true} {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(60) {
				random := rand.New(rand.NewPCG(seed, 1))
				simulation := inteltest.NewSimulation(seed)
				snapshot := simulation.Step()
				s, c := &server{tb: t}, newClient(t)
				s.show(snapshot)
				limit := strconv.Itoa(1 + int(seed%20))
				after := ""
				poll := func(changing bool) {
					q := url.Values{"limit": {limit}}
					if after != "" {
						q.Set("added_after", after)
					}
					for pages := 0; ; pages++ {
						if pages > 1000 {
							t.Fatal("the pages of a request have no end while the feed changes")
						}
						e := s.objects(q)
						c.receive(e.Objects)
						if changing && random.IntN(3) == 0 {
							snapshot = simulation.Step()
							s.show(snapshot)
						}
						if e.Next == "" {
							after = e.Last
							return
						}
						if !repeat {
							q = url.Values{"limit": {limit}}
						}
						q.Set("next", e.Next)
					}
				}
				for range 30 {
					poll(true)
				}
				poll(false)
				c.check(snapshot)
				if len(c.versions) < 20 {
					t.Fatalf("seed %d: only %d versions were received", seed, len(c.versions))
				}
			}
		})
	}
}

// TestPagingAcrossEdges lets two edges answer in turn, one of which is a step behind. A
// client may receive a version again then, but loses none.
func TestPagingAcrossEdges(t *testing.T) {
	for seed := range uint64(60) {
		random := rand.New(rand.NewPCG(seed, 2))
		simulation := inteltest.NewSimulation(seed)
		ahead, behind := &server{tb: t}, &server{tb: t}
		snapshot := simulation.Step()
		ahead.show(snapshot)
		behind.show(snapshot)
		c := newClient(t)
		q := url.Values{"limit": {"3"}}
		for range 300 {
			edge := ahead
			if random.IntN(2) == 0 {
				edge = behind
			}
			e := edge.objects(q)
			for _, o := range e.Objects {
				if o.Modified >= c.objects[o.ID].Modified {
					c.objects[o.ID] = o
				}
			}
			q = url.Values{"limit": {"3"}}
			if e.Next != "" {
				q.Set("next", e.Next)
			} else {
				q.Set("added_after", e.Last)
			}
			if random.IntN(3) == 0 {
				behind.index = ahead.index
				snapshot = simulation.Step()
				ahead.show(snapshot)
			}
		}
		for range 1000 {
			e := ahead.objects(q)
			for _, o := range e.Objects {
				c.objects[o.ID] = o
			}
			if e.Next == "" && len(e.Objects) == 0 {
				break
			}
			q = url.Values{"added_after": {e.Last}}
			if e.Next != "" {
				q = url.Values{"next": {e.Next}}
			}
		}
		c.check(snapshot)
	}
}

// TestFirstLoadHasNoRevoked holds that a client that always reads everything sees members
// only, and that the others see who left.
func TestFirstLoadHasNoRevoked(t *testing.T) {
	s := &server{tb: t}
	s.show(inteltest.Sample())
	all := s.objects(nil)
	if len(all.Objects) != 5 {
		t.Errorf("got %d objects, want the identity, the marking and 3 indicators: %+v", len(all.Objects), all.Objects)
	}
	for _, o := range all.Objects {
		if o.Revoked || strings.Contains(o.Pattern, "198.51.100.7") {
			t.Errorf("%+v has left", o)
		}
	}
	since := s.objects(url.Values{"added_after": {stix.Time(inteltest.Start.Add(89 * time.Minute))}})
	if len(since.Objects) != 1 || !since.Objects[0].Revoked || since.Objects[0].Pattern != "[ipv4-addr:value = '198.51.100.7']" {
		t.Fatalf("got %+v, want the one that left", since.Objects)
	}
	if byID := s.objects(url.Values{"match[id]": {since.Objects[0].ID}}); len(byID.Objects) != 1 {
		t.Errorf("got %+v, want the one asked for", byID.Objects)
	}
}
