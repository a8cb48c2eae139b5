package goldentest

import (
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/query"
	"github.com/peba-edge/peba/store"
	"github.com/peba-edge/peba/store/memory"
)

// Answers that the Python service gives to requests of which no recording is at hand:
// the comparison tolerates what README.md lists, and nothing else is needed for them.
func TestVariants(t *testing.T) {
	now := time.Date(2026, 11, 23, 23, 46, 5, 0, time.UTC)
	g := golden{store: memory.New(store.Options{}), documents: make(map[string]alert.Document)}
	var records []alert.Record
	add := func(n int, place, port string) {
		for range n {
			d := alert.Document{
				ID: fmt.Sprintf("%032x", len(records)), PeerType: "SSH/console(cowrie)", PeerIdent: "c", ClientDomain: true, Hostname: "h",
				CreateTime: alert.At(now.Add(-time.Hour)), RecievedTime: alert.At(now.Add(-time.Hour)),
				SourceEntryIP: "8.8.8.8", TargetEntryIP: "9.9.9.9", Location: place, TargetEntryPort: port, AdditionalData: "{}",
			}
			g.documents[d.ID] = d
			records = append(records, alert.Record{Document: d})
		}
	}
	add(5, "1.0 , 1.0", "22")
	add(4, "2.0 , 2.0", "23")
	add(3, "3.0 , 3.0", "24")
	if err := g.store.Put(t.Context(), records); err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, path, legacy string }{
		{"a window of centuries as JSON", "/alert/retrieveAlertsCount?out=json&time=99999999999", `{"AlertCount":0}`},
		{"an unknown format", "/alert/retrieveAlertsCount?out=csv&time=5", "<AlertCount>0</AlertCount>"},
		{"no alerts", "/alert/retrieveIPs15m?ci=0", "Nope"},
		{"no alerts as JSON", "/alert/retrieveIPs?out=json&ci=0", "Nope"},
		{"too few of a place, and one lost", "/alert/retrieveLatLonAttacks?topx=2",
			`[{"latLonAttacks":[{"count":4,"lat":"1.0","lng":"1.0"},{"count":3,"lat":"3.0","lng":"3.0"}],"statsSince":"2026-11-23"}]`},
		{"too few of a port, and one lost", "/alert/tops?type=destports&topx=2&days=7", `{"22":{"total":4},"24":{"total":3}}`},
		{"a day that is empty", "/alert/TpotStats?day=", "Nope"},
		{"an unknown parameter of ours", "/alert/retrieveAlertsJson?topx=abc", `{"alerts":[]}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			u, err := url.Parse(tt.path)
			if err != nil {
				t.Fatal(err)
			}
			rec := recording{Status: 200, Body: tt.legacy, path: u.Path, name: u.Path[len("/alert/"):], values: u.Query(), now: now}
			rec.Request.Method = "GET"
			q, ok := query.Named(rec.name)
			if !ok {
				t.Fatalf("no question %q", rec.name)
			}
			g.compare(t, &exchange{golden: &g, question: q, values: rec.values, legacy: rec})
		})
	}
	for _, path := range []string{"/alert/retrieveAlertStats/", "/retrieveAlertStats"} {
		rec := recording{Status: 404, path: path, name: "retrieveAlertStats"}
		rec.Request.Method = "GET"
		if _, asks := rec.question(); asks {
			t.Errorf("%s, which the Python service did not know, counts as a question", path)
		}
	}
}
