package search

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/peba-edge/peba/esclient/cluster"
	"github.com/peba-edge/peba/esclient/index"
)

// fakeDocuments serves searches of documents that share sort values in pairs across the ends of pages, each of
// some bytes. It notes how many were asked for in each request.
type fakeDocuments struct {
	number, bytes int
	asked         []int
}

func (f *fakeDocuments) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Elastic-Product", "Elasticsearch")
	var body struct {
		Size  int   `json:"size"`
		After []int `json:"search_after"`
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	f.asked = append(f.asked, body.Size)
	var found []string
	for n := 0; n < f.number && len(found) < body.Size; n++ {
		if sort := (n + 1) / 2; len(body.After) == 0 || sort > body.After[0] {
			found = append(found, fmt.Sprintf(`{"_id":"%d","_source":{"text":%q},"sort":[%d]}`, n, strings.Repeat("x", f.bytes), sort))
		}
	}
	fmt.Fprintf(w, `{"_shards":{"total":1,"successful":1},"hits":{"hits":[%s]}}`, strings.Join(found, ","))
}

func readerOf(t *testing.T, h http.Handler, maxAnswer int64) *Reader {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	u, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	c, err := cluster.New(cluster.Options{URLs: []*url.URL{u}, Timeout: time.Minute, MaxAnswer: maxAnswer})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	var names index.Names
	names.SetDefaults()
	m, err := index.New(c, &names, index.Options{Shards: 1})
	if err != nil {
		t.Fatal(err)
	}
	return New(c, m, &names)
}

// TestPages reads documents in several pages: of those that share their sort values none
// may be left out, nor come twice, and pages that are too large are asked for in parts.
func TestPages(t *testing.T) {
	for name, test := range map[string]struct {
		documents fakeDocuments
		max       int
		asked     []int
	}{
		"none":         {documents: fakeDocuments{}, asked: []int{1000}},
		"one page":     {documents: fakeDocuments{number: 999}, asked: []int{1000}},
		"ties":         {documents: fakeDocuments{number: 2500}, asked: []int{1000, 1000, 1000}},
		"a limit":      {documents: fakeDocuments{number: 2500}, max: 7, asked: []int{7}},
		"too large":    {documents: fakeDocuments{number: 10, bytes: 1000}, max: 10, asked: []int{10, 5, 5, 3}},
		"a large list": {documents: fakeDocuments{number: 30_000}, max: 15_000, asked: nil},
	} {
		t.Run(name, func(t *testing.T) {
			r := readerOf(t, &test.documents, 6000)
			if test.documents.bytes == 0 {
				r = readerOf(t, &test.documents, 0)
			}
			var got []string
			p := Pages{Indices: "other", Query: object{"match_all": object{}}, Max: test.max}
			err := r.Each(t.Context(), p, func(h cluster.Hit) error {
				got = append(got, h.ID)
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			want := test.documents.number
			if test.max > 0 {
				want = min(want, test.max)
			}
			if len(got) != want {
				t.Errorf("%d documents are read, want %d", len(got), want)
			}
			for i, id := range got {
				if id != fmt.Sprint(i) {
					t.Fatalf("document %d is %s", i, id)
				}
			}
			if test.asked != nil && !slices.Equal(test.documents.asked, test.asked) {
				t.Errorf("asked were %v, want %v", test.documents.asked, test.asked)
			}
		})
	}
}
