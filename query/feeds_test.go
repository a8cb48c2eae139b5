package query

import (
	"encoding/json"
	"net/netip"
	"testing"
	"time"

	"github.com/peba-edge/peba/feed"
	"github.com/peba-edge/peba/store"
)

// twoFeeds returns a feed of both domains and one of the community. Both list 8.8.8.8, and
// 8.8.4.4 left the first.
func twoFeeds(t *testing.T) func() []*feed.Snapshot {
	now := at(t, asked)
	both, community := feed.Default("blocklist"), feed.Default("ours")
	both.Licence, community.Domain = "CC BY 4.0", store.Community
	d := feed.Details{
		Alerts: 100, Attempts: 90, Sensors: 3, Days: 2, First: now.Add(-26 * time.Hour), Last: now.Add(-time.Second),
		Types: []string{"SSH/console(cowrie)"}, Interaction: "attempt", Score: feed.Score{Recency: 30, Volume: 17, Sensors: 10, Days: 4, Interaction: 5},
	}
	m := feed.Member{
		Addr: netip.MustParseAddr("8.8.8.8"), Created: now.Add(-30 * time.Hour), Joined: now.Add(-time.Hour), Changed: now.Add(-time.Hour),
		Published: d, Current: d, Country: "US", CountryName: "United States", AS: "AS15169 Google LLC",
	}
	gone := feed.Member{Addr: netip.MustParseAddr("8.8.4.4")}
	snapshot := func(d *feed.Definition) *feed.Snapshot {
		return &feed.Snapshot{
			Feed: d, At: now, Members: []feed.Member{m}, Entries: []feed.Entry{{Prefix: netip.MustParsePrefix("8.8.8.8/32"), Members: 1}},
			Left:    []feed.Departure{{Member: gone, At: now.Add(-time.Minute)}},
			History: []feed.Point{{At: now.Truncate(time.Hour), Size: 1, Joined: 1, Left: 1}},
		}
	}
	list := []*feed.Snapshot{snapshot(&both), snapshot(&community)}
	return func() []*feed.Snapshot { return append([]*feed.Snapshot(nil), list...) }
}

// askFeedsFor asks a question about twoFeeds.
func askFeedsFor(t *testing.T, name, raw string, allowed ...store.Record) map[string]any {
	t.Helper()
	q := question(t, name)
	s := filled(t)
	if err := s.PutRecords(t.Context(), allowed...); err != nil {
		t.Fatal(err)
	}
	body, err := q.Ask(t.Context(), Input{Reader: s, Feeds: twoFeeds(t), Now: at(t, asked), Args: parse(t, q, raw), Settings: Settings{Retention: oneDay}})
	if err != nil {
		t.Fatal(err)
	}
	var answer any
	if err := json.Unmarshal(body, &answer); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	if list, is := answer.([]any); is {
		answer = map[string]any{"list": list}
	}
	return answer.(map[string]any)
}

func TestFeeds(t *testing.T) {
	list := askFeedsFor(t, "feeds", "ci=-1")["list"].([]any)
	if len(list) != 2 {
		t.Fatalf("%d feeds, want 2", len(list))
	}
	f := list[0].(map[string]any)
	top := f["top"].([]any)[0].(map[string]any)
	parts := top["scoreParts"].(map[string]any)
	for what, pair := range map[string][2]any{
		"name": {f["name"], "blocklist"}, "size": {f["size"], 1.0}, "window": {f["window"], 259200.0}, "licence": {f["licence"], "CC BY 4.0"},
		"ip": {top["ip"], "8.8.8.8"}, "score": {top["score"], 66.0}, "since": {top["since"], "2026-11-23 22:46:05"},
		// The second ban; it joined 30 hours ago.
		"until": {top["until"], "2026-11-24 17:35:30"}, "volume": {parts["volume"], 17.0},
		"left": {f["left"].([]any)[0].(map[string]any)["ip"], "8.8.4.4"},
	} {
		if pair[0] != pair[1] {
			t.Errorf("%s: got %v, want %v", what, pair[0], pair[1])
		}
	}
	if list := askFeedsFor(t, "feeds", "")["list"].([]any); len(list) != 2 {
		t.Errorf("without ci: %v", list)
	}
	// Who may see the community's alerts only does not see feeds of private users'.
	if list := askFeedsFor(t, "feeds", "ci=1")["list"].([]any); len(list) != 1 || list[0].(map[string]any)["name"] != "ours" {
		t.Errorf("the community's feeds: %v", list)
	}
}

func TestFeedLookup(t *testing.T) {
	now := at(t, asked)
	allowed := []store.Record{
		store.FeedAllowance{CIDR: "8.8.0.0/16", Reason: "resolvers", By: "user a", Created: now},
		store.FeedAllowance{CIDR: "8.8.8.0/24", Reason: "over", Created: now.Add(-2 * time.Hour), Until: now.Add(-time.Hour)},
		store.FeedAllowance{CIDR: "9.9.9.0/24", Reason: "another", Created: now},
	}
	a := askFeedsFor(t, "feedLookup", "ip=8.8.8.8&ci=-1", allowed...)
	first := a["feeds"].([]any)[0].(map[string]any)
	if listed, is := first["listed"].(map[string]any); !is || listed["interaction"] != "attempt" || first["left"] != nil {
		t.Errorf("a listed address: %v", first)
	}
	if list := a["allowed"].([]any); len(list) != 1 || list[0].(map[string]any)["network"] != "8.8.0.0/16" {
		t.Errorf("allowed: %v", list)
	}
	gone := askFeedsFor(t, "feedLookup", "ip=8.8.4.4&ci=-1")["feeds"].([]any)[0].(map[string]any)
	if gone["listed"] != nil || gone["left"] != "2026-11-23 23:45:05" {
		t.Errorf("an address that left: %v", gone)
	}
}

func TestEnrichmentNamesFeeds(t *testing.T) {
	names := askFeedsFor(t, "enrichment", "ip=8.8.8.8&ci=-1")["feeds"].([]any)
	if len(names) != 2 || names[0] != "blocklist" || names[1] != "ours" {
		t.Errorf("feeds: %v", names)
	}
}

func TestFeedAllowances(t *testing.T) {
	until := at(t, asked).Add(time.Hour)
	list := askFeedsFor(t, "feedAllowances", "", store.FeedAllowance{CIDR: "9.9.9.0/24", Reason: "<b>", By: "user a", Created: at(t, asked), Until: until})["list"].([]any)
	if len(list) != 1 || list[0].(map[string]any)["until"] != until.Format(time.DateTime) || list[0].(map[string]any)["reason"] != "<b>" {
		t.Errorf("allowances: %v", list)
	}
}
