package goldentest

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
)

// Rankings of the Python service are approximate: its engine asks each shard for
// its own most frequent keys only, so that some counts are too low and some keys
// are lost. So ours are held to a count of the documents, and legacy's to no more
// than that.

// recount counts documents by the key that of returns for those it wants.
func (g *golden) recount(of func(d *alert.Document) (key string, wanted bool)) map[string]float64 {
	counts := make(map[string]float64)
	for _, d := range g.documents {
		if key, wanted := of(&d); wanted {
			counts[key]++
		}
	}
	return counts
}

// within says whether a document is of a domain.
func within(domain store.Domain, d *alert.Document) bool {
	return domain == store.Both || d.ClientDomain == (domain == store.Community)
}

// checkRanking wants in got the keys that occur most, with exact counts, and in
// legacy's no count that is higher, nor a key that would have had to be in got.
// most is how many keys were asked for.
func checkRanking(t *testing.T, got, legacy, exact map[string]float64, most int) {
	t.Helper()
	if want := min(most, len(exact)); len(got) != want {
		t.Errorf("%d keys, want %d", len(got), want)
	}
	least := math.Inf(1)
	for key, count := range got {
		least = min(least, count)
		if count != exact[key] {
			t.Errorf("%q occurs %v times, want %v", key, count, exact[key])
		}
	}
	for key, count := range exact {
		if _, there := got[key]; !there && count > least {
			t.Errorf("%q occurs %v times and is not there, but one with %v is", key, count, least)
		}
	}
	for key, count := range legacy {
		if count > exact[key] {
			t.Errorf("legacy has %q %v times, there are %v", key, count, exact[key])
		}
	}
}

// checkPlaces is for retrieveLatLonAttacks.
func checkPlaces(t *testing.T, e *exchange, ours []byte) {
	type answer []struct {
		StatsSince    string
		LatLonAttacks []struct {
			Lat, Lng string
			Count    float64
		}
	}
	got, want := parseJSON[answer](t, string(ours)), parseJSON[answer](t, e.legacy.Body)
	if len(got) != 1 || len(want) != 1 || got[0].StatsSince != want[0].StatsSince {
		t.Fatalf("got  %s\nwant %s", ours, e.legacy.Body)
	}
	counts := func(a answer) map[string]float64 {
		places := make(map[string]float64)
		last := math.Inf(1)
		for _, place := range a[0].LatLonAttacks {
			places[place.Lat+" , "+place.Lng] = place.Count
			if place.Count > last {
				t.Errorf("%v is not in the order of counts", a)
			}
			last = place.Count
		}
		return places
	}
	args, err := e.question.Parse(e.values)
	if err != nil {
		t.Fatal(err)
	}
	days, topx := e.number("offset", 0), e.number("topx", 10)
	from, to := e.legacy.now.Add(-24*time.Hour).Truncate(time.Second), e.legacy.now
	if days > 0 {
		from = e.legacy.now.Truncate(24*time.Hour).AddDate(0, 0, -days)
		to = from.Add(24*time.Hour - time.Second)
	}
	exact := e.recount(func(d *alert.Document) (string, bool) {
		place := d.Location
		if e.values.Get("direction") == "dst" {
			place = d.LocationDestination
		}
		return place, within(args.Domain, d) && !d.CreateTime.Before(from) && !d.CreateTime.After(to)
	})
	checkRanking(t, counts(got), counts(want), exact, topx)
}

// checkTops compares the ranking of both domains, which is legacy's whatever ci says.
func checkTops(t *testing.T, e *exchange, _ []byte) {
	got := parseJSON[map[string]map[string]float64](t, string(e.mustAsk(t, e.with("ci", "-1"))))
	want := parseJSON[map[string]map[string]float64](t, e.legacy.Body)
	delete(want, "")
	start, totals := "", func(ranking map[string]map[string]float64) map[string]float64 {
		counts := make(map[string]float64, len(ranking))
		for key, line := range ranking {
			counts[key] = line["total"]
		}
		return counts
	}
	for key, line := range got {
		for slot, count := range line {
			if start == "" || slot < start {
				start = slot
			}
			if legacy, there := want[key]; there && count < legacy[slot] {
				t.Errorf("%q at %s: %v, legacy has %v", key, slot, count, legacy[slot])
			}
		}
		for slot := range want[key] {
			if _, there := line[slot]; !there {
				t.Errorf("%q at %s: legacy has a bucket, ours has none", key, slot)
			}
		}
	}
	exact := e.recount(func(d *alert.Document) (string, bool) {
		key, wanted := d.TargetEntryPort, true
		if e.values.Get("type") == "urls" {
			key, wanted = d.OriginalRequestString, strings.HasPrefix(d.PeerType, "Web")
		}
		return key, wanted && key != "" && d.RecievedTime.String() >= start
	})
	checkRanking(t, totals(got), totals(want), exact, e.number("topx", 10))
}
