package app

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/peba-edge/peba/store"
)

// lateFeed is after how many times of the grid without a computation a feed is out of
// date.
const lateFeed = 3

// checkFeeds checks that the feeds are up to date, and that their options can work.
func (a *App) checkFeeds(now time.Time) store.Finding {
	f := store.Finding{Part: "feeds", OK: true}
	late := max(lateFeed*time.Duration(a.FeedInterval), time.Minute)
	var texts []string
	for i := range a.feedDefinitions {
		d := &a.feedDefinitions[i]
		s := a.feeds.engine.Snapshot(d.Name)
		switch {
		case s == nil:
			f.OK = false
			texts = append(texts, d.Name+" was not computed yet")
			f.Advice = "Wait until the stored alerts of its window are read; the log reports errors of the logger peba.feeds."
		case s.At.Sub(now) > late:
			f.OK = false
			texts = append(texts, fmt.Sprintf("%s stands still until the clock is at %s", d.Name, s.At.Format(time.RFC3339)))
			f.Advice = "The clock of this or another node was ahead and was set back. Until it has caught up nobody joins or leaves, and bouncers are not told who is allowed."
		case now.Sub(s.At) > late:
			f.OK = false
			texts = append(texts, fmt.Sprintf("%s is out of date, from %s", d.Name, s.At.Format(time.RFC3339)))
			f.Advice = "Right after a start, wait until the stored alerts of its window are read; else look for errors of the logger peba.feeds."
		default:
			texts = append(texts, fmt.Sprintf("%s lists %d addresses", d.Name, len(s.Members)))
		}
		if err := a.feeds.engine.Fault(d.Name); err != nil {
			f.OK = false
			texts = append(texts, fmt.Sprintf("%s: %v", d.Name, err))
			f.Advice = "Correct the file: until then its last valid content is in force. It is read again within a minute."
		}
		if (len(d.ASNs) > 0 || len(d.NotASNs) > 0) && !a.knowsASNs() {
			f.OK = false
			texts = append(texts, d.Name+" selects by autonomous system, but no GeoIP database has their numbers")
			f.Advice = "Add a database with ASNs to the option geoip, or remove asn and not_asn."
		}
	}
	f.Text = strings.Join(texts, "; ")
	return f
}

// knowsASNs reports whether the GeoIP lookup knows autonomous systems, by addresses that
// are in every database.
func (a *App) knowsASNs() bool {
	for _, text := range []string{"8.8.8.8", "1.1.1.1", "9.9.9.9"} {
		if a.locator.Locate(netip.MustParseAddr(text)).AS != "" {
			return true
		}
	}
	return false
}
