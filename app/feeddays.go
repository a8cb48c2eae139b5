package app

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"github.com/gaissmai/bart"
	"go.uber.org/zap"

	"github.com/peba-edge/peba/feed"
	"github.com/peba-edge/peba/feed/misp"
)

// closeDay returns what is kept of a day of a feed.
func closeDay(s *feed.Snapshot, day time.Time) ([]byte, error) {
	return json.Marshal(misp.DayOf(s, day))
}

// directory is the directory of an OpenFeed, once it could be made.
type directory struct {
	mu   sync.Mutex
	made *misp.Directory
}

// MISP returns a feed as MISP's directory: today, and the last days as they were stored. It
// is made once for a snapshot, so that its files agree, and are served when the store is down.
func (a *App) MISP(ctx context.Context, open *OpenFeed) (*misp.Directory, error) {
	d := open.Memo("misp", func() any { return new(directory) }).(*directory)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.made == nil {
		allowed, err := a.allowedSince(ctx, open.At)
		if err != nil {
			return nil, err
		}
		d.made = misp.DirectoryOf(a.closedDays(open), misp.DayOf(open.Snapshot, open.At), allowed)
	}
	return d.made, nil
}

// closedDays returns the days that have passed. A damaged one is left out: MISP keeps what it
// has.
func (a *App) closedDays(open *OpenFeed) []misp.Day {
	var days []misp.Day
	for _, closed := range a.feeds.engine.Days(open.Feed.Name) {
		var day misp.Day
		if err := json.Unmarshal(closed.Value, &day); err != nil {
			a.logger.Error("a stored day of a feed is damaged and left out", zap.String("feed", open.Feed.Name), zap.Time("day", closed.Day), zap.Error(err))
			continue
		}
		days = append(days, day)
	}
	return days
}

// allowedSince returns a function that says since when an address is on the list of allowed
// ones, if it is at a time.
func (a *App) allowedSince(ctx context.Context, at time.Time) (func(netip.Addr) (time.Time, bool), error) {
	list, err := a.FeedAllowances(ctx)
	if err != nil {
		return nil, err
	}
	var networks bart.Table[time.Time]
	for _, allowance := range list {
		network, err := netip.ParsePrefix(allowance.CIDR)
		if err != nil {
			return nil, fmt.Errorf("reading the list of allowed addresses: %w", err)
		}
		if allowance.InForce(at) {
			networks.Insert(network, allowance.Created)
		}
	}
	return func(addr netip.Addr) (time.Time, bool) { return networks.Lookup(addr.Unmap().WithZone("")) }, nil
}
