package taxii

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
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

var update = flag.Bool("update", false, "write the golden files")

// sampleServer serves the sample and the empty feed.
func sampleServer(method, path string, q url.Values, accept ...string) Response {
	var collections []Collection
	for _, s := range []*feed.Snapshot{inteltest.Sample(), inteltest.Empty()} {
		collections = append(collections, Collection{Feed: s.Feed, Index: func() (*Index, error) { return NewIndex(s), nil }})
	}
	return Answer(&Request{Method: method, Path: path, Query: q, Accept: accept}, collections)
}

// sampleID is the identifier of the sample's first member.
func sampleID() string {
	s := inteltest.Sample()
	return stix.NewWriter(s.Feed).ID(&s.Members[0]).String()
}

func TestGolden(t *testing.T) {
	sample, empty := CollectionID(inteltest.Sample().Feed), CollectionID(inteltest.Empty().Feed)
	for name, request := range map[string]struct {
		path string
		q    url.Values
	}{
		"discovery":   {"/taxii2/", nil},
		"root":        {"/taxii2/feeds/", nil},
		"collections": {"/taxii2/feeds/collections/", nil},
		"collection":  {"/taxii2/feeds/collections/" + sample + "/", nil},
		"objects":     {"/taxii2/feeds/collections/" + sample + "/objects/", nil},
		"left":        {"/taxii2/feeds/collections/" + sample + "/objects/", url.Values{"added_after": {"2026-11-29T11:00:00Z"}}},
		"page":        {"/taxii2/feeds/collections/" + sample + "/objects/", url.Values{"limit": {"2"}}},
		"object":      {"/taxii2/feeds/collections/" + sample + "/objects/" + sampleID() + "/", nil},
		"versions":    {"/taxii2/feeds/collections/" + sample + "/objects/" + sampleID() + "/versions/", nil},
		"manifest":    {"/taxii2/feeds/collections/" + sample + "/manifest/", nil},
		"empty":       {"/taxii2/feeds/collections/" + empty + "/objects/", url.Values{"match[type]": {"indicator"}}},
		"unknown":     {"/taxii2/feeds/collections/unknown/", nil},
	} {
		r := sampleServer(http.MethodGet, request.path, request.q, MediaType)
		if got := r.Header.Get("Content-Type"); got != "application/taxii+json;version=2.1" {
			t.Errorf("%s: content type %s", name, got)
		}
		text := fmt.Sprintf("%d %s %s\n%s", r.Status, r.Header.Get("X-TAXII-Date-Added-First"), r.Header.Get("X-TAXII-Date-Added-Last"), r.Body)
		inteltest.Golden(t, *update, "testdata/"+name+".txt", []byte(text))
	}
}

// TestPaths holds which status each path has, with and without the slash at its end.
func TestPaths(t *testing.T) {
	collection := "/taxii2/feeds/collections/" + CollectionID(inteltest.Sample().Feed)
	unknown := "indicator--8dded90c-40c0-545a-8027-5b212bb37e8e"
	for path, want := range map[string]int{
		"/taxii2": 200, "/taxii2/feeds": 200, "/taxii2/other": 404, "/taxii2/feeds/collections": 200, "/taxii2/feeds/other": 404,
		"/taxii2/feeds/status/8dded90c-40c0-545a-8027-5b212bb37e8e": 404, "/": 404, "/other": 404, "/taxii2/feeds//collections": 404,
		collection: 200, strings.ToUpper(collection[len("/taxii2/feeds/collections/"):]): 404, collection + "/other": 404,
		"/taxii2/feeds/collections/blocklist": 200, "/taxii2/feeds/collections/BLOCKLIST": 404, "/taxii2/feeds/collections/": 200,
		collection + "/objects": 200, collection + "/manifest": 200, collection + "/manifest/x": 404, collection + "/objects/x/y/z": 404,
		collection + "/objects/" + sampleID(): 200, collection + "/objects/" + sampleID() + "/versions": 200, collection + "/objects/" + sampleID() + "/other": 404,
		collection + "/objects/" + unknown: 404, collection + "/objects/" + unknown + "/versions": 404, collection + "/objects/x": 404,
	} {
		for _, slash := range []string{"", "/"} {
			r := sampleServer(http.MethodGet, strings.TrimSuffix(path, "/")+slash, nil)
			if r.Status != want {
				t.Errorf("%s%s: got %d, want %d", path, slash, r.Status, want)
			}
			var body struct {
				Title, Description string
				Status             string `json:"http_status"`
			}
			if err := json.Unmarshal(r.Body, &body); err != nil {
				t.Errorf("%s: %v", path, err)
			}
			if r.Status >= 400 && (body.Status != strconv.Itoa(r.Status) || body.Title == "" || body.Description == "") {
				t.Errorf("%s: error %s", path, r.Body)
			}
		}
	}
}

func TestMethods(t *testing.T) {
	path := "/taxii2/feeds/collections/blocklist/objects/"
	for method, want := range map[string]int{"GET": 200, "HEAD": 200, "POST": 403, "DELETE": 403, "PUT": 405, "x": 405} {
		if r := sampleServer(method, path, nil); r.Status != want {
			t.Errorf("%s: got %d, want %d", method, r.Status, want)
		}
	}
}

func TestAccept(t *testing.T) {
	for accept, want := range map[string]int{
		"": 200, "*/*": 200, "application/json": 200, MediaType: 200, "application/taxii+json; version=2.1": 200, "application/taxii+json": 200,
		`application/taxii+json;version="2.1"`: 200, "application/vnd.oasis.stix+json; version=2.0": 200, "nonsense;;": 200, ",": 200,
		"application/taxii+json;version=2.0": 406, "application/vnd.oasis.taxii+json; version=2.0": 406, "application/vnd.oasis.taxii+json": 406,
		"application/vnd.oasis.taxii+json; version=2.0, application/taxii+json;version=2.1": 200,
		"application/taxii+json;version=2.0, application/taxii+json;version=3":              406,
	} {
		if r := sampleServer(http.MethodGet, "/taxii2/", nil, accept); r.Status != want {
			t.Errorf("%q: got %d, want %d", accept, r.Status, want)
		}
	}
}

// TestFilters holds what each filter selects, on one page and on pages of one object.
func TestFilters(t *testing.T) {
	id, long := sampleID(), strings.Repeat("malware,", 101)
	for _, test := range []struct {
		name string
		q    url.Values
		want int // objects, or -1 for a 400
	}{
		{"all", url.Values{}, 5},
		{"empty values", url.Values{"added_after": {""}, "limit": {""}, "next": {""}, "match[type]": {""}}, 5},
		{"unknown parameter", url.Values{"other": {"x"}}, 5},
		{"type", url.Values{"match[type]": {"indicator"}}, 3},
		{"types", url.Values{"match[type]": {"indicator,identity"}}, 4},
		{"repeated", url.Values{"match[type]": {"indicator", "identity"}}, 4},
		{"other type", url.Values{"match[type]": {"malware"}}, 0},
		{"id", url.Values{"match[id]": {id}}, 1},
		{"ids", url.Values{"match[id]": {id + ",malware--x," + id}}, 1},
		{"other id", url.Values{"match[id]": {"x"}}, 0},
		{"id and type", url.Values{"match[id]": {id}, "match[type]": {"identity"}}, 0},
		{"spec", url.Values{"match[spec_version]": {"2.1"}}, 5},
		{"specs", url.Values{"match[spec_version]": {"2.0,2.1"}}, 5},
		{"other spec", url.Values{"match[spec_version]": {"2.0"}}, 0},
		{"last version", url.Values{"match[version]": {"last"}}, 5},
		{"first version", url.Values{"match[version]": {"first"}}, 5},
		{"all versions", url.Values{"match[version]": {"all"}}, 5},
		{"a version", url.Values{"match[version]": {"2026-11-29T11:05:00.000Z"}}, 1},
		{"versions", url.Values{"match[version]": {"2026-11-29T11:05:00Z,2026-11-29T10:00:00Z"}}, 2},
		{"other version", url.Values{"match[version]": {"2026-11-29T11:05:00.001Z"}}, 0},
		{"any version", url.Values{"match[version]": {"2026-11-29T11:05:00.001Z,last"}}, 5},
		{"after", url.Values{"added_after": {"2026-11-29T11:00:00.000Z"}}, 2},
		{"after, microseconds", url.Values{"added_after": {"2026-11-29T10:59:59.999999Z"}}, 3},
		{"after, another zone", url.Values{"added_after": {"2026-11-29T13:00:00+02:00"}}, 2},
		{"after all", url.Values{"added_after": {"2030-01-01T00:00:00Z"}}, 0},
		{"large limit", url.Values{"limit": {"9223372036854775807"}}, 5},

		{"no limit", url.Values{"limit": {"0"}}, -1},
		{"negative limit", url.Values{"limit": {"-1"}}, -1},
		{"limit with text", url.Values{"limit": {"ten"}}, -1},
		{"date", url.Values{"added_after": {"2026-11-29"}}, -1},
		{"year 10000", url.Values{"added_after": {"9999-12-31T23:59:59-12:00"}}, -1},
		{"year -1", url.Values{"added_after": {"0000-01-01T00:00:00+12:00"}}, -1},
		{"version without meaning", url.Values{"match[version]": {"newest"}}, -1},
		{"unknown filter", url.Values{"match[confidence-gte]": {"50"}}, -1},
		{"too many values", url.Values{"match[type]": {long}}, -1},
		{"too long", url.Values{"match[type]": {strings.Repeat("x", maxMatch)}}, -1},
		{"cursor", url.Values{"next": {"x"}}, -1},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := "/taxii2/feeds/collections/blocklist/objects/"
			r := sampleServer(http.MethodGet, path, test.q)
			if test.want < 0 {
				if r.Status != http.StatusBadRequest || r.Header.Get("Content-Type") != MediaType {
					t.Errorf("got %d %s, want 400", r.Status, r.Body)
				}
				return
			}
			if r.Status != http.StatusOK {
				t.Fatalf("%d %s", r.Status, r.Body)
			}
			s := &server{tb: t}
			s.show(inteltest.Sample())
			if e := s.parse(r); len(e.Objects) != test.want {
				t.Errorf("got %d objects, want %d", len(e.Objects), test.want)
			}
			if test.q.Get("limit") != "" {
				return
			}
			c := newClient(t)
			test.q.Set("limit", "1")
			for range test.want + 1 {
				e := s.objects(test.q)
				c.receive(e.Objects)
				if e.Next == "" {
					break
				}
				test.q = url.Values{"next": {e.Next}} // the cursor has the limit, too
			}
			if len(c.objects) != test.want {
				t.Errorf("got %d objects on pages of one, want %d", len(c.objects), test.want)
			}
		})
	}
}

// TestForgedCursors holds that cursors that we did not make are refused, or do no harm.
func TestForgedCursors(t *testing.T) {
	index := NewIndex(inteltest.Sample())
	f := &filter{limit: 2, match: url.Values{}}
	real := (&cursor{bound: index.at, last: index.rows[1].position}).text(f)
	if c, _, err := parseCursor(real); err != nil || c.last != index.rows[1].position || c.bound != index.at {
		t.Fatalf("%v %v", c, err)
	}
	for limit, want := range map[string]int{"": 2, "1": 1, "3": 3} {
		if f, err := parseFilter(url.Values{"next": {real}, "limit": {limit}}); err != nil || f.limit != want {
			t.Errorf("limit %q: got %+v %v, want %d", limit, f, err, want)
		}
	}
	for i := range real {
		for _, change := range []string{real[:i], real[:i] + "A" + real[i+1:], real[:i] + "=" + real[i:]} {
			c, changed, err := parseCursor(change)
			if err != nil {
				continue
			}
			changed.cursor = c
			if changed.limit < 1 || changed.limit > maxPage {
				t.Errorf("%s: limit %d", change, changed.limit)
			}
			if p := index.page(changed); len(p.rows) > len(index.rows) {
				t.Errorf("%s: %d rows", change, len(p.rows))
			}
		}
	}
	if _, _, err := parseCursor(strings.Repeat("A", maxCursor+1)); err == nil {
		t.Error("a cursor of any length is read")
	}
}

// TestUnavailable holds that a feed that is not computed is a 503 whose reason only the log
// has.
func TestUnavailable(t *testing.T) {
	reason := errors.New("secret")
	d := feed.Default("a")
	r := Answer(&Request{Method: http.MethodGet, Path: "/taxii2/feeds/collections/a/objects/"},
		[]Collection{{Feed: &d, Index: func() (*Index, error) { return nil, reason }}})
	if r.Status != http.StatusServiceUnavailable || r.Header.Get("Retry-After") == "" || !errors.Is(r.Err, reason) || strings.Contains(string(r.Body), "secret") {
		t.Errorf("%+v %s", r, r.Body)
	}
}

func BenchmarkIndex(b *testing.B) {
	s := inteltest.Large(100_000)
	for b.Loop() {
		NewIndex(s)
	}
}

func BenchmarkPage(b *testing.B) {
	s := inteltest.Large(100_000)
	index := NewIndex(s)
	collections := []Collection{{Feed: s.Feed, Index: func() (*Index, error) { return index, nil }}}
	path := "/taxii2/feeds/collections/large/objects/"
	for name, q := range map[string]url.Values{
		"first":  {"limit": {"1000"}},
		"middle": {"limit": {"1000"}, "added_after": {stix.Time(s.At.Add(-16 * time.Hour))}},
		"ids":    {"match[id]": {index.rows[99_000].id.String()}},
		"large":  {},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				r := Answer(&Request{Method: http.MethodGet, Path: path, Query: q}, collections)
				if r.Status != http.StatusOK {
					b.Fatal(r.Status)
				}
				b.SetBytes(int64(len(r.Body)))
			}
		})
	}
}
