package stream

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
)

// tracker remembers the alerts found in one domain, by the second of arrival.
type tracker struct {
	domain  store.Domain
	store   store.Reader
	seconds map[int64]*second
}

// second is the part of one second.
type second struct {
	count int64
	// seen has the ids of the alerts read, which may not be all of them.
	seen map[string]struct{}
}

// filter selects the alerts received from one second, inclusive, to another,
// exclusive.
func (t *tracker) filter(from, to int64) store.Filter {
	return store.Filter{Domain: t.domain, Time: store.Received, From: time.Unix(from, 0).UTC(), To: time.Unix(to, 0).UTC()}
}

// counts returns the store's number of alerts per second.
func (t *tracker) counts(ctx context.Context, from, to int64) (map[int64]int64, error) {
	groups, err := t.store.Group(ctx, t.filter(from, to), store.Grouping{Bucket: time.Second})
	if err != nil {
		return nil, err
	}
	counts := make(map[int64]int64, len(groups))
	for _, g := range groups {
		counts[g.Start.Unix()] = g.Count
	}
	return counts, nil
}

// changed returns the seconds with more alerts than were found, and their
// current counts.
func (t *tracker) changed(ctx context.Context, from, to int64) (map[int64]int64, error) {
	counts, err := t.counts(ctx, from, to)
	maps.DeleteFunc(counts, func(at, count int64) bool { return count <= t.found(at, at+1) })
	return counts, err
}

// found returns how many alerts were found in a span of seconds.
func (t *tracker) found(from, to int64) int64 {
	var n int64
	for at := from; at < to; at++ {
		if s := t.seconds[at]; s != nil {
			n += s.count
		}
	}
	return n
}

// at returns the entry of a second.
func (t *tracker) at(at int64) *second {
	s := t.seconds[at]
	if s == nil {
		s = &second{seen: make(map[string]struct{})}
		t.seconds[at] = s
	}
	return s
}

// take reads a second, for which the store now has count alerts. It returns the
// number of new ones, and those to select from in the store's order.
func (t *tracker) take(ctx context.Context, at, count int64) (fresh int64, events []*event, err error) {
	docs, err := t.store.Newest(ctx, t.filter(at, at+1), int(min(count, readPerSecond)))
	if err != nil {
		return 0, nil, err
	}
	s := t.at(at)
	fresh = count - s.count
	for i := range docs { // latest first
		if _, seen := s.seen[docs[i].ID]; !seen && int64(len(events)) < fresh {
			events = append(events, t.see(&docs[i]))
		}
	}
	slices.Reverse(events)
	if count <= readPerSecond { // otherwise some new ones were not read
		fresh = int64(len(events))
	}
	s.count += fresh
	return fresh, events, nil
}

// see remembers an alert.
func (t *tracker) see(d *alert.Document) *event {
	at := d.RecievedTime.Unix()
	t.at(at).seen[d.ID] = struct{}{}
	return &event{second: at, id: escapeID(d.ID), doc: d}
}

// begin finds the existing alerts and returns the newest ones, oldest first.
// The seconds from the returned one on are complete.
func (t *tracker) begin(ctx context.Context, from, to int64) (events []*event, whole int64, err error) {
	counts, err := t.counts(ctx, from, to)
	if err != nil {
		return nil, 0, err
	}
	docs, err := t.store.Newest(ctx, t.filter(from, to), maxReplayed)
	if err != nil {
		return nil, 0, err
	}
	for at, count := range counts {
		t.at(at).count = count
	}
	for i := range docs {
		events = append(events, t.see(&docs[i]))
	}
	slices.Reverse(events)
	whole = from
	if len(docs) == maxReplayed {
		whole = events[0].second + 1
	}
	// Alerts may have arrived between the two questions.
	for at, s := range t.seconds {
		if at >= whole {
			s.count = max(s.count, int64(len(s.seen)))
		}
	}
	return events, whole, nil
}

// forget drops the seconds before the given one.
func (t *tracker) forget(before int64) {
	maps.DeleteFunc(t.seconds, func(at int64, _ *second) bool { return at < before })
}
