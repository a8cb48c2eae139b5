package store

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/peba-edge/peba/alert"
)

// Helpers for implementations of stores.

// Of returns that time of a document.
func (f TimeField) Of(d *alert.Document) time.Time {
	if f == Created {
		return d.CreateTime.Time
	}
	return d.RecievedTime.Time
}

// Matches reports whether the filter selects a document.
func (f *Filter) Matches(d *alert.Document) bool {
	if f.Domain == Community && !d.ClientDomain || f.Domain == Private && d.ClientDomain {
		return false
	}
	at := f.Time.Of(d)
	if !f.From.IsZero() && at.Before(f.From) || !f.To.IsZero() && !at.Before(f.To) {
		return false
	}
	return (f.SourceIP == "" || f.SourceIP == d.SourceEntryIP) && (f.PeerType == "" || f.PeerType == d.PeerType) &&
		(!f.Web || slices.Contains(alert.WebTypes(), d.PeerType))
}

// Of returns the text by which a document is grouped. It panics for an unknown
// dimension.
func (dim Dimension) Of(d *alert.Document) string {
	switch dim {
	case SourceIP:
		return d.SourceEntryIP
	case PeerType:
		return d.PeerType
	case PeerIdent:
		return d.PeerIdent
	case Hostname:
		return d.Hostname
	case TargetIP:
		return d.TargetEntryIP
	case TargetPort:
		return d.TargetEntryPort
	case Request:
		return d.OriginalRequestString
	case SourceCountry:
		return d.Country
	case SourceCountryName:
		return d.CountryName
	case TargetCountry:
		return d.TargetCountry
	case TargetCountryName:
		return d.TargetCountryName
	case SourceLocation:
		return d.Location
	case TargetLocation:
		return d.LocationDestination
	case SensorUUID:
		return d.SensorUUID
	case SourceDoubt:
		return d.SourceDoubt()
	case Username:
		return d.Username
	case Password:
		return d.Password
	case VulnID:
		return d.VulnID
	case Transport:
		return d.TargetPort
	case ExternalIP:
		return d.ExternalIP
	case Interaction:
		return d.Interaction()
	}
	panic(fmt.Sprintf("store: unknown dimension %d", dim))
}

// IsAddress reports whether the texts of a dimension are addresses, ordered by
// netip.Addr.Compare.
func (dim Dimension) IsAddress() bool {
	return dim == SourceIP || dim == TargetIP || dim == ExternalIP
}

// BucketStart returns the start of the bucket that contains t, also for times before
// 1970. width must be whole seconds.
func BucketStart(t time.Time, width time.Duration) time.Time {
	seconds := int64(width / time.Second)
	within := t.Unix() % seconds
	if within < 0 {
		within += seconds
	}
	return time.Unix(t.Unix()-within, 0).UTC()
}

// Rank returns distinct groups as Reader.Group does: in order, and only those of the top
// keys if g.Top is set. addresses may be nil. A store that has already parsed the
// addresses in keys passes them here: for each dimension of addresses, those of all
// groups.
func Rank(groups []Group, g Grouping, addresses [][]netip.Addr) []Group {
	if addresses == nil {
		addresses = addressesOf(groups, g)
	}
	order := ranking(groups, addresses)
	if g.Top > 0 && g.Bucket == 0 {
		order = order[:min(g.Top, len(order))]
	}
	if g.Top > 0 && g.Bucket > 0 {
		top := topKeys(groups, g)
		order = slices.DeleteFunc(order, func(at int) bool { return !top[keyName(groups[at].Key)] })
	}
	ranked := make([]Group, len(order))
	for i, at := range order {
		ranked[i] = groups[at]
	}
	return ranked
}

// topKeys returns the names of the g.Top most frequent keys over all buckets.
func topKeys(groups []Group, g Grouping) map[string]bool {
	place := make(map[string]int)
	var totals []Group
	for _, one := range groups {
		name := keyName(one.Key)
		at, known := place[name]
		if !known {
			at = len(totals)
			place[name] = at
			totals = append(totals, Group{Key: one.Key})
		}
		totals[at].Count += one.Count
	}
	top := make(map[string]bool)
	for i, at := range ranking(totals, addressesOf(totals, g)) {
		if i == g.Top {
			break
		}
		top[keyName(totals[at].Key)] = true
	}
	return top
}

// keyName returns the key as one unambiguous text.
func keyName(key []string) string {
	if len(key) == 1 {
		return key[0]
	}
	return fmt.Sprintf("%q", key)
}

// ranking returns the sorted indices of groups. It sorts indices, first by key, in which
// order most groups already are, and then by count: comparing keys and moving groups is
// expensive.
func ranking(groups []Group, addresses [][]netip.Addr) []int {
	byKey := make([]int, len(groups))
	for i := range byKey {
		byKey[i] = i
	}
	slices.SortFunc(byKey, func(i, j int) int {
		a, b := &groups[i], &groups[j]
		if c := a.Start.Compare(b.Start); c != 0 {
			return c
		}
		for k := range a.Key {
			if addresses[k] != nil {
				if c := addresses[k][i].Compare(addresses[k][j]); c != 0 {
					return c
				}
			}
			if c := strings.Compare(a.Key[k], b.Key[k]); c != 0 {
				return c
			}
		}
		return 0
	})
	type place struct {
		count int64
		rank  int
	}
	order := make([]place, len(groups))
	for rank, at := range byKey {
		order[rank] = place{groups[at].Count, rank}
	}
	slices.SortFunc(order, func(a, b place) int { return cmp.Or(cmp.Compare(b.count, a.count), cmp.Compare(a.rank, b.rank)) })
	places := make([]int, len(order))
	for i, p := range order {
		places[i] = byKey[p.rank]
	}
	return places
}

// addressesOf returns, for each dimension of addresses, those of all groups. Other texts
// have the zero address, which comes first.
func addressesOf(groups []Group, g Grouping) [][]netip.Addr {
	all := make([][]netip.Addr, len(g.By))
	for k, dim := range g.By {
		if !dim.IsAddress() {
			continue
		}
		all[k] = make([]netip.Addr, len(groups))
		for i := range groups {
			all[k][i], _ = netip.ParseAddr(groups[i].Key[k])
		}
	}
	return all
}
