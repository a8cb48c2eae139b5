package query

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/feed"
	"github.com/peba-edge/peba/store"
)

var feedList = &Question{
	Name:          "feeds",
	Summary:       "The feeds: sizes, who joined and left, the first entries and why they are listed.",
	Private:       true,
	BothByDefault: true,
	Formats:       []string{JSON},
	TTL:           fixed(0),
	Params: []Param{{
		Name:    "topx",
		Summary: "Maximum number of entries per feed, and of those that left last.",
		Kind:    Number,
		Min:     1,
		Max:     1000,
		Default: "20",
		Example: "3",
	}},
	Answers: []Answer{{
		Schema: list(record(
			field("name", text("The feed's name.")),
			field("at", textLike(momentPattern, "The time up to which alerts count, in UTC.")),
			field("size", count("Number of listed addresses.")),
			field("entries", count("Number of addresses and networks in its lists, after aggregation.")),
			field("limit", count("Maximum size.")),
			field("window", count("How far back alerts count, in seconds.")),
			field("duration", count("How long a ban lasts before it is renewed, in seconds.")),
			field("public", &Schema{Type: "boolean", Description: "Whether it can be read without a token."}),
			field("licence", text("Its licence; may be empty.")),
			field("history", list(record(
				field("at", textLike(momentPattern, "Start of the hour, in UTC.")),
				field("size", count("Size at its end, or now.")),
				field("joined", count("Number of addresses that joined in it.")),
				field("left", count("Number of addresses that left in it."))),
				"Size by hour, oldest first. Hours in which the feed was not computed are missing.")),
			field("top", list(listingSchema, "The first addresses, highest rank first.")),
			field("left", list(record(
				field("ip", text("The address.")),
				field("at", textLike(momentPattern, "When it left, in UTC."))),
				"Those that left last."))),
			"All feeds that were computed, in the order of the configuration."),
		Example: `[
  {
    "name": "blocklist",
    "at": "2026-11-29 12:00:00",
    "size": 1,
    "entries": 1,
    "limit": 50000,
    "window": 259200,
    "duration": 86400,
    "public": false,
    "licence": "CC BY 4.0",
    "history": [{"at": "2026-11-29 12:00:00", "size": 1, "joined": 1, "left": 1}],
    "top": [
` + listingExample("      ") + `
    ],
    "left": [{"ip": "8.8.4.4", "at": "2026-11-29 12:00:00"}]
  }
]`,
	}},
	Ask: askFeeds,
}

var feedLookup = &Question{
	Name:          "feedLookup",
	Summary:       "Whether feeds list an address: since when, why, and until when, or when it left.",
	Private:       true,
	BothByDefault: true,
	Formats:       []string{JSON},
	TTL:           fixed(0),
	Params:        []Param{addressParam},
	Answers: []Answer{{
		Schema: record(
			field("ip", text("The address.")),
			field("feeds", list(record(
				field("name", text("The feed's name.")),
				field("listed", &Schema{AnyOf: []*Schema{listingSchema, {Type: "null"}}, Description: "The entry; null if the feed does not list it."}),
				field("left", orNull(momentPattern, "When it left, in UTC; null if it is listed, never was, or left more than seven days ago."))),
				"All feeds that were computed.")),
			field("allowed", list(allowanceSchema, "The allowed networks that have the address: no feed lists it while one of them is in force."))),
		Example: `{
  "ip": "8.8.8.8",
  "feeds": [
    {
      "name": "blocklist",
      "listed":
` + listingExample("        ") + `,
      "left": null
    }
  ],
  "allowed": []
}`,
	}},
	Ask: askFeedLookup,
}

var feedAllowances = &Question{
	Name:    "feedAllowances",
	Summary: "The networks that no feed lists, because an operator or a user removed them.",
	Private: true,
	Formats: []string{JSON},
	TTL:     fixed(0),
	Answers: []Answer{{
		Schema: list(allowanceSchema, "The networks, by their texts."),
		Example: `[
  {"network": "192.0.2.0/24", "reason": "our own scanner", "by": "the command line", "since": "2026-11-29 12:00:00", "until": null}
]`,
	}},
	Ask: askFeedAllowances,
}

var listingSchema = record(
	field("ip", text("The address.")),
	field("since", textLike(momentPattern, "Since when it has been listed, in UTC.")),
	field("until", textLike(momentPattern, "When its ban ends unless it is renewed, in UTC.")),
	field("score", count("From 0 to 100, the sum of scoreParts.")),
	field("scoreParts", record(
		field("recency", count("Up to 30.")), field("volume", count("Up to 25.")), field("sensors", count("Up to 20.")),
		field("days", count("Up to 10.")), field("interaction", count("Up to 15.")))),
	field("alerts", count("Number of alerts within the window.")),
	field("sensors", count("Number of distinct sensors.")),
	field("days", count("Number of distinct days in UTC.")),
	field("first", textLike(momentPattern, "Arrival of the first alert, in UTC.")),
	field("last", textLike(momentPattern, "Arrival of the last alert, in UTC.")),
	field("types", list(text("A honeypot type."), "The honeypot types.")),
	field("interaction", text("How far it got: exploit, payload, command, login, attempt, or empty for a connection.")),
	field("country", text("Its country, ISO code; empty if unknown.")),
	field("as", text("Its autonomous system; empty if unknown.")))

func listingExample(indent string) string {
	return indent + `{"ip": "8.8.8.8", "since": "2026-11-29 11:00:00", "until": "2026-11-30 11:00:00", "score": 66,
` + indent + ` "scoreParts": {"recency": 30, "volume": 17, "sensors": 10, "days": 4, "interaction": 5}, "alerts": 100, "sensors": 3, "days": 2,
` + indent + ` "first": "2026-11-28 10:12:13", "last": "2026-11-29 11:59:58", "types": ["SSH/console(cowrie)"], "interaction": "attempt",
` + indent + ` "country": "US", "as": "AS15169 Google LLC"}`
}

var allowanceSchema = record(
	field("network", text("The network in CIDR notation.")),
	field("reason", text("Why it must not be listed.")),
	field("by", text("Who decided so.")),
	field("since", textLike(momentPattern, "When that was, in UTC.")),
	field("until", orNull(momentPattern, "When the allowance ends, in UTC; null: never.")))

// askFeeds answers feeds.
func askFeeds(_ context.Context, in Input) ([]byte, error) {
	top := int(in.number("topx"))
	all := []object{}
	for _, s := range in.readableFeeds() {
		d := s.Feed
		o := object{
			{"name", d.Name}, {"at", moment(s.At)}, {"size", len(s.Members)}, {"entries", len(s.Entries)}, {"limit", d.Limit},
			{"window", int64(d.Window / time.Second)}, {"duration", int64(d.Duration / time.Second)},
			{"public", d.Public}, {"licence", d.Licence},
		}
		history, listings, left := []object{}, []object{}, []object{}
		for _, p := range s.History {
			history = append(history, object{{"at", moment(p.At)}, {"size", p.Size}, {"joined", p.Joined}, {"left", p.Left}})
		}
		for i := range s.Members[:min(top, len(s.Members))] {
			listings = append(listings, listing(s, &s.Members[i]))
		}
		for i := range s.Left[:min(top, len(s.Left))] {
			left = append(left, object{{"ip", s.Left[i].Addr.String()}, {"at", moment(s.Left[i].At)}})
		}
		all = append(all, append(o, member{"history", history}, member{"top", listings}, member{"left", left}))
	}
	return encodeJSON(all)
}

// askFeedLookup answers feedLookup.
func askFeedLookup(ctx context.Context, in Input) ([]byte, error) {
	addr, err := netip.ParseAddr(in.text("ip"))
	if err != nil {
		return nil, err // the parameter's kind excludes it
	}
	feeds := []object{}
	for _, s := range in.readableFeeds() {
		var listed, left any
		if m, is := s.Lists(addr); is {
			listed = listing(s, m)
		}
		if i := slices.IndexFunc(s.Left, func(d feed.Departure) bool { return d.Addr == addr }); i >= 0 {
			left = moment(s.Left[i].At)
		}
		feeds = append(feeds, object{{"name", s.Feed.Name}, {"listed", listed}, {"left", left}})
	}
	allowed, err := allowances(ctx, in, func(network netip.Prefix) bool { return network.Contains(addr) })
	if err != nil {
		return nil, err
	}
	return encodeJSON(object{{"ip", addr.String()}, {"feeds", feeds}, {"allowed", allowed}})
}

// askFeedAllowances answers feedAllowances.
func askFeedAllowances(ctx context.Context, in Input) ([]byte, error) {
	all, err := allowances(ctx, in, func(netip.Prefix) bool { return true })
	if err != nil {
		return nil, err
	}
	return encodeJSON(all)
}

// allowances returns the allowed networks in force that are wanted.
func allowances(ctx context.Context, in Input, wanted func(netip.Prefix) bool) ([]object, error) {
	all := []object{}
	err := store.Each(ctx, in.Reader, store.Listing{}, func(a store.FeedAllowance) error {
		network, err := netip.ParsePrefix(a.CIDR)
		if err != nil || !a.InForce(in.Now) || !wanted(network) {
			return err
		}
		var until any
		if !a.Until.IsZero() {
			until = moment(a.Until)
		}
		all = append(all, object{{"network", a.CIDR}, {"reason", a.Reason}, {"by", a.By}, {"since", moment(a.Created)}, {"until", until}})
		return nil
	})
	return all, err
}

// readableFeeds returns the feeds whose alerts are of the domain that is asked for.
func (in *Input) readableFeeds() []*feed.Snapshot {
	if in.Feeds == nil {
		return nil
	}
	return slices.DeleteFunc(in.Feeds(), func(s *feed.Snapshot) bool {
		return in.Domain != store.Both && s.Feed.Domain != in.Domain
	})
}

// feedsWith returns the names of the feeds that list an address.
func (in *Input) feedsWith(ip string) []string {
	names := []string{} // not nil: an empty list is []
	addr, err := netip.ParseAddr(ip)
	if err != nil {
		return names
	}
	for _, s := range in.readableFeeds() {
		if _, is := s.Lists(addr); is {
			names = append(names, s.Feed.Name)
		}
	}
	return names
}

// moment is the form of times in answers.
func moment(t time.Time) string { return alert.At(t).String() }

// listing says why an address is listed.
func listing(s *feed.Snapshot, m *feed.Member) object {
	d := &m.Current
	return object{
		{"ip", m.Addr.String()}, {"since", moment(m.Joined)}, {"until", moment(s.Feed.Until(m, s.At))},
		{"score", d.Score.Total()}, {"scoreParts", d.Score}, {"alerts", d.Alerts}, {"sensors", d.Sensors}, {"days", d.Days},
		{"first", moment(d.First)}, {"last", moment(d.Last)}, {"types", d.Types}, {"interaction", d.Interaction},
		{"country", m.Country}, {"as", m.AS},
	}
}
