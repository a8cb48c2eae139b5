package index

import (
	"sync"
	"time"

	"github.com/peba-edge/peba/alert"
)

// Alerts are created up to daysBack before, and daysAhead after they come in, as a
// rule. Of indices for other days there are maxOutliers: whoever knows the
// community's log-in could otherwise create one for each day of a century, which no
// cluster has room for.
const (
	daysBack    = 60 * 24 * time.Hour
	daysAhead   = 2 * 24 * time.Hour
	maxOutliers = 100
)

// OutlierDays are the indices of days from which alerts rarely come.
type OutlierDays struct {
	mu      sync.Mutex
	indices map[string]struct{}
}

// Index returns the index of an alert: its day's, as long as there are not too
// many of outlier days. The same alert gets the same index again, then too.
func (s *OutlierDays) Index(n *Names, d *alert.Document) string {
	index := n.Of(d)
	if !isOutlier(d.CreateTime.Time, d.RecievedTime.Time) {
		return index
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.indices[index]; known {
		return index
	}
	if len(s.indices) >= maxOutliers {
		return n.unclocked()
	}
	if s.indices == nil {
		s.indices = make(map[string]struct{})
	}
	s.indices[index] = struct{}{}
	return index
}

// isOutlier tells whether alerts created at t rarely come in at now.
func isOutlier(t, now time.Time) bool {
	return t.Before(now.Add(-daysBack)) || t.After(now.Add(daysAhead))
}

// Learn takes the indices that the cluster has, at now, in place of what was known.
func (s *OutlierDays) Learn(n *Names, indices []string, now time.Time) {
	known := make(map[string]struct{})
	for _, index := range indices {
		if day, ok := n.dayOf(index); ok && isOutlier(day, now) {
			known[index] = struct{}{}
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.indices = known
}
