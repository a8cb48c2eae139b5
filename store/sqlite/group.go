package sqlite

import (
	"context"
	"database/sql"
	"encoding/binary"
	"fmt"
	"net/netip"
	"time"

	"github.com/peba-edge/peba/store"
)

// group answers from roll-ups or the counts of arrivals if possible, otherwise
// from the alerts.
func (d *database) group(ctx context.Context, f store.Filter, g store.Grouping) ([]store.Group, error) {
	for {
		var found []keyed
		keys := d.writer.keys.Load()
		err := d.snapshot(ctx, func(tx *sql.Tx) (err error) {
			switch i, rolled := rollupFor(f, g); {
			case rolled:
				found, err = rolledUp(ctx, tx, keys, i, f, g)
			case byArrival(f, g):
				found, err = arrived(ctx, tx, f, g)
			default:
				found, err = groupAlerts(ctx, tx, f, g)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		if d.writer.keys.Load() == keys { // otherwise some were deleted
			return ranked(found, g), nil
		}
	}
}

// groupAlerts counts by columns of alerts first, and then by their texts.
func groupAlerts(ctx context.Context, tx *sql.Tx, f store.Filter, g store.Grouping) ([]keyed, error) {
	parts, err := portions(ctx, tx, g)
	if err != nil {
		return nil, err
	}
	var all sum
	for _, part := range parts {
		p, err := newPlan(g, part.older)
		if err != nil {
			return nil, err
		}
		rows, err := p.rows(ctx, tx, f, part.where)
		if err != nil {
			return nil, err
		}
		words, err := p.words(ctx, tx, rows)
		if err != nil {
			return nil, err
		}
		add := all.append
		if p.merges() || len(parts) > 1 {
			add = all.add
		}
		grouper := grouper{p, words, make([]any, len(p.columns))}
		for i := range rows {
			k, err := grouper.group(&rows[i])
			if err != nil {
				return nil, err
			}
			add(k)
		}
	}
	return all.found, nil
}

// sum merges groups with the same key and bucket.
type sum struct {
	found []keyed
	known map[string]int // places in found
	name  []byte
}

// append adds a group that is not there yet.
func (s *sum) append(k keyed) { s.found = append(s.found, k) }

// add merges a group with the one of its key and bucket, if that is there.
func (s *sum) add(k keyed) {
	s.name = binary.AppendVarint(s.name[:0], k.Start.Unix())
	for _, text := range k.Key {
		s.name = appendPart(s.name, text)
	}
	at, there := s.known[string(s.name)]
	if !there {
		if s.known == nil {
			s.known = make(map[string]int)
		}
		s.known[string(s.name)] = len(s.found)
		s.found = append(s.found, k)
		return
	}
	known := &s.found[at]
	known.Count += k.Count
	if k.First.Before(known.First) {
		known.First = k.First
	}
	if k.Last.After(known.Last) {
		known.Last = k.Last
	}
}

// ranked keeps the groups of the top keys and sorts them.
func ranked(found []keyed, g store.Grouping) []store.Group {
	groups := make([]store.Group, len(found))
	addresses := make([][]netip.Addr, len(g.By))
	for k, by := range g.By {
		if by.IsAddress() {
			addresses[k] = make([]netip.Addr, len(found))
		}
	}
	for i := range found {
		groups[i] = found[i].Group
		for k := range addresses {
			if addresses[k] != nil {
				addresses[k][i] = found[i].addrs[k]
			}
		}
	}
	return store.Rank(groups, g, addresses)
}

// bucketOf returns the expression for the start of an alert's bucket. SQLite's
// remainder has the sign of its left side, but buckets before 1970 start at
// multiples too. It is empty without buckets.
func bucketOf(f store.Filter, g store.Grouping) (string, error) {
	column, err := timeColumn(f.Time)
	switch {
	case err != nil:
		return "", err
	case g.Bucket == 0:
		return "", nil
	case g.Bucket < 0 || g.Bucket%time.Second != 0:
		return "", fmt.Errorf("bucket %v: must be whole seconds", g.Bucket)
	}
	width := int64(g.Bucket / time.Second)
	return fmt.Sprintf("%[1]s - (%[1]s %% %[2]d + %[2]d) %% %[2]d", column, width), nil
}

// keyed is a group with the addresses in its key, which are not in the order
// of their texts.
type keyed struct {
	store.Group
	addrs []netip.Addr // one a dimension, zero for texts
}

// textOf decodes the column of a dimension, and the address in it.
func textOf(by store.Dimension, v any) (text string, addr netip.Addr) {
	switch by {
	case store.SourceIP, store.TargetIP:
		return decodeAddr(v)
	case store.ExternalIP: // a text of the dictionary
		text = decodeText(v)
		addr, _ = netip.ParseAddr(text)
		return text, addr
	case store.TargetPort:
		return decodePort(v), addr
	default:
		return decodeText(v), addr
	}
}
