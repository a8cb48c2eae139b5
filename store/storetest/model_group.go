package storetest

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
)

// Group implements store.Reader.
func (m *model) Group(ctx context.Context, f store.Filter, g store.Grouping) ([]store.Group, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	found := m.matching(f)
	groups := countGroups(found, f.Time, g)
	if g.Top != 0 {
		top := countGroups(found, f.Time, store.Grouping{By: g.By})
		top = top[:min(g.Top, len(top))]
		groups = slices.DeleteFunc(groups, func(one store.Group) bool {
			return !slices.ContainsFunc(top, func(t store.Group) bool { return slices.Equal(t.Key, one.Key) })
		})
	}
	return groups, nil
}

// countGroups groups documents, most first, and cuts nothing off.
func countGroups(documents []alert.Document, field store.TimeField, g store.Grouping) []store.Group {
	groups := make(map[string]*store.Group)
	for _, d := range documents {
		one := store.Group{Key: make([]string, len(g.By))}
		for i, dim := range g.By {
			one.Key[i] = valueOf(d, dim)
		}
		if g.Bucket != 0 {
			one.Start = bucketStart(timeOf(d, field), g.Bucket)
		}
		name := fmt.Sprintf("%d %q", one.Start.Unix(), one.Key)
		if groups[name] == nil {
			groups[name] = &one
		}
		counted := groups[name]
		counted.Count++
		if at := timeOf(d, field); g.Times {
			if counted.Count == 1 || at.Before(counted.First) {
				counted.First = at
			}
			if counted.Count == 1 || at.After(counted.Last) {
				counted.Last = at
			}
		}
	}
	var counted []store.Group
	for _, one := range groups {
		counted = append(counted, *one)
	}
	slices.SortFunc(counted, func(a, b store.Group) int { return compareGroups(a, b, g.By) })
	return counted
}

// bucketStart counts buckets from the Unix epoch, also for times before it.
func bucketStart(t time.Time, bucket time.Duration) time.Time {
	width := int64(bucket / time.Second)
	within := t.Unix() % width
	if within < 0 {
		within += width
	}
	return time.Unix(t.Unix()-within, 0).UTC()
}

// valueOf returns the text that d is grouped under.
func valueOf(d alert.Document, dim store.Dimension) string {
	switch dim {
	case store.SourceIP:
		return d.SourceEntryIP
	case store.PeerType:
		return d.PeerType
	case store.PeerIdent:
		return d.PeerIdent
	case store.Hostname:
		return d.Hostname
	case store.TargetIP:
		return d.TargetEntryIP
	case store.TargetPort:
		return d.TargetEntryPort
	case store.Request:
		return d.OriginalRequestString
	case store.SourceCountry:
		return d.Country
	case store.SourceCountryName:
		return d.CountryName
	case store.TargetCountry:
		return d.TargetCountry
	case store.TargetCountryName:
		return d.TargetCountryName
	case store.SourceLocation:
		return d.Location
	case store.TargetLocation:
		return d.LocationDestination
	case store.SensorUUID:
		return d.SensorUUID
	case store.SourceDoubt:
		return d.SourceDoubt()
	case store.Username:
		return d.Username
	case store.Password:
		return d.Password
	case store.VulnID:
		return d.VulnID
	}
	panic(fmt.Sprintf("storetest: unknown dimension %d", dim))
}

// compareGroups puts groups in the order of store.Reader.Group.
func compareGroups(a, b store.Group, by []store.Dimension) int {
	if c := cmp.Or(cmp.Compare(b.Count, a.Count), a.Start.Compare(b.Start)); c != 0 {
		return c
	}
	for i, dim := range by {
		c := strings.Compare(a.Key[i], b.Key[i])
		if dim == store.SourceIP || dim == store.TargetIP {
			c = cmp.Or(compareAddrs(a.Key[i], b.Key[i]), c)
		}
		if c != 0 {
			return c
		}
	}
	return 0
}

// compareAddrs puts what is no address first.
func compareAddrs(a, b string) int {
	x, _ := netip.ParseAddr(a)
	y, _ := netip.ParseAddr(b)
	return x.Compare(y)
}
