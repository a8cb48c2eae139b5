package lapi

import (
	"time"

	"github.com/peba-edge/peba/feed"
)

// Decisions returns the body of GET /v1/decisions: the bans that match a filter. If there are
// none it is the four bytes null, without a newline: bouncers compare the whole body.
func Decisions(s *feed.Snapshot, now time.Time, f Filter) []byte {
	w := newWriter(s.Feed, now, &f)
	var found []decision
	switch {
	case !f.wants(s.Feed):
	case f.Within.IsSingleIP(): // what bouncers in live mode ask, for each visitor
		if m, listed := s.Lists(f.Within.Addr()); listed && f.matches(m.Addr) {
			found = append(found, w.ban(m))
		}
	default:
		for i := range s.Members {
			if m := &s.Members[i]; f.matches(m.Addr) {
				found = append(found, w.ban(m))
			}
		}
	}
	return w.list(make([]byte, 0, 8+decisionBytes*len(found)), found)
}
