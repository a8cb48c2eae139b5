package esclient

import (
	"slices"
	"strings"
	"testing"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/esclient/cluster"
	"github.com/peba-edge/peba/esclient/search"
	"github.com/peba-edge/peba/esclient/search/hits"
	"github.com/peba-edge/peba/store"
)

// TestScansElasticsearch wants what a node sends to be scanned, also of an alert
// that is not indexed whole, and all alerts to be read when one is of another program.
func TestScansElasticsearch(t *testing.T) {
	s := openTest(t, store.Options{})
	ctx := t.Context()
	long := plain("long", 1)
	long.OriginalRequestString = strings.Repeat("/", 10_000)
	putNow(t, s, []alert.Record{plain("usual", 0), long})
	read := func() (scanned, others int) {
		p := search.Pages{Indices: s.names.Read(), Query: object{"match_all": object{}}, Order: []object{{"recievedTime": "desc"}}, Alerts: hits.Want(nil)}
		must(t, s.reader.Each(ctx, p, func(h cluster.Hit) error {
			if h.Document != nil {
				scanned++
			} else {
				others++
			}
			return nil
		}))
		return scanned, others
	}
	if scanned, others := read(); scanned != 2 || others != 0 {
		t.Errorf("%d alerts are scanned and %d are not, want 2 and 0", scanned, others)
	}
	write(t, s, s.names.Alerts+"-2026.11.20-1", "foreign", object{
		"peerIdent": "x", "clientDomain": "true", "targetEntryPort": 22, "username": nil, "recievedTime": at.UnixMilli() + 2000,
	})
	if scanned, others := read(); scanned != 0 || others != 3 {
		t.Errorf("with one of another program %d alerts are scanned and %d are not, want 0 and 3", scanned, others)
	}
	docs, err := s.Newest(ctx, store.Filter{}, 10, "targetEntryPort", "recievedTime")
	must(t, err)
	var got []string
	for _, d := range docs {
		got = append(got, d.ID+" "+d.TargetEntryPort+" "+d.RecievedTime.String())
	}
	want := []string{"foreign 22 2026-11-20 12:00:02", "long 80 2026-11-20 12:00:01", "usual 80 2026-11-20 12:00:00"}
	if !slices.Equal(got, want) {
		t.Errorf("the newest are %q, want %q", got, want)
	}
}
