package esclient

import (
	"sync"
	"time"

	"github.com/peba-edge/peba/alert"
)

// Alerts are created up to daysBack before, and daysAhead after they come in, as a
// rule. Of indices for other days there are mostStrange: whoever knows the
// community's log-in could else make one for each day of a century, which no
// cluster has room for.
const (
	daysBack    = 60 * 24 * time.Hour
	daysAhead   = 2 * 24 * time.Hour
	mostStrange = 100
)

// strangeDays are the indices of days from which alerts come seldom.
type strangeDays struct {
	mu      sync.Mutex
	indices map[string]struct{}
}

// index returns the index of an alert: its day's, as long as there are not too
// many of strange days. The same alert gets the same index again, then too.
func (s *strangeDays) index(n *Indices, d *alert.Document) string {
	index := n.indexOf(d)
	if !isStrange(d.CreateTime.Time, d.RecievedTime.Time) {
		return index
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.indices[index]; known {
		return index
	}
	if len(s.indices) >= mostStrange {
		return n.unclocked()
	}
	if s.indices == nil {
		s.indices = make(map[string]struct{})
	}
	s.indices[index] = struct{}{}
	return index
}

// isStrange tells whether alerts created at t seldom come in at now.
func isStrange(t, now time.Time) bool {
	return t.Before(now.Add(-daysBack)) || t.After(now.Add(daysAhead))
}

// learn takes the indices that the cluster has, at now, in place of what was known.
func (s *strangeDays) learn(n *Indices, indices []string, now time.Time) {
	known := make(map[string]struct{})
	for _, index := range indices {
		if day, ok := n.dayOf(index); ok && isStrange(day, now) {
			known[index] = struct{}{}
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.indices = known
}
