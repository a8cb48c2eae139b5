package lists

import (
	"net/netip"
	"time"

	"github.com/peba-edge/peba/feed"
)

// exampleSnapshot returns a short feed with an IPv4 address, a network, and an IPv6 address,
// for the documentation.
func exampleSnapshot() *feed.Snapshot {
	at := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	member := func(addr string, alerts int64, types []string, interaction string, score feed.Score) feed.Member {
		d := feed.Details{
			Alerts: alerts, Attempts: alerts / 2, Sensors: 3, Days: 2, First: at.Add(-26 * time.Hour), Last: at.Add(-2 * time.Minute),
			Types: types, Interaction: interaction, Score: score,
		}
		joined := at.Add(-25 * time.Hour)
		return feed.Member{
			Addr: netip.MustParseAddr(addr), Created: joined, Joined: joined, Changed: joined, Published: d, Current: d,
			Country: "NL", CountryName: "Netherlands", AS: "AS64500 Example Hosting, Inc.",
		}
	}
	definition := feed.Default("blocklist")
	definition.Licence = "CC BY 4.0"
	return &feed.Snapshot{
		Feed: &definition,
		At:   at,
		Members: []feed.Member{
			member("192.0.2.10", 420, []string{"Network(Dionaea)", "SSH/console(cowrie)"}, "command",
				feed.Score{Recency: 30, Volume: 22, Sensors: 10, Days: 4, Interaction: 12}),
			member("198.51.100.7", 12, []string{"SSH/console(cowrie)"}, "attempt",
				feed.Score{Recency: 30, Volume: 9, Sensors: 10, Days: 4, Interaction: 5}),
			member("2001:db8::1", 8, []string{"Webpage"}, "",
				feed.Score{Recency: 30, Volume: 8, Sensors: 10, Days: 4}),
		},
		Entries: []feed.Entry{
			{Prefix: netip.MustParsePrefix("192.0.2.10/32"), Best: 0, Members: 1},
			{Prefix: netip.MustParsePrefix("198.51.100.0/24"), Best: 1, Members: 16},
			{Prefix: netip.MustParsePrefix("2001:db8::1/128"), Best: 2, Members: 1},
		},
	}
}
