package handlers

import (
	"sync"
	"time"

	"github.com/peba-edge/peba/content"
)

// maxFeedTimes is how many bodies feedTimes remembers. Clients choose parameters, and so
// the number of different bodies.
const maxFeedTimes = 1000

// feedTimes remembers since when bodies have been the same. A feed is computed at each time
// of the grid, but most of its bodies change rarely, and some firewalls compare nothing but
// Last-Modified.
type feedTimes struct {
	mu     sync.Mutex
	bodies map[string]feedTime
}

// feedTime is an entity tag, and the time of the first snapshot known to have it.
type feedTime struct {
	tag string
	at  time.Time
}

func newFeedTimes() *feedTimes { return &feedTimes{bodies: make(map[string]feedTime)} }

// since returns since when the body of a key has been the same, at most at: the time of its
// snapshot.
func (f *feedTimes) since(key string, body *content.Body, at time.Time) time.Time {
	tag := body.ETag("")
	f.mu.Lock()
	defer f.mu.Unlock()
	known, found := f.bodies[key]
	switch {
	case found && known.tag == tag && !known.at.After(at):
		return known.at
	case found && known.at.After(at): // a request that began before a newer snapshot
		return at
	case !found && len(f.bodies) >= maxFeedTimes:
		clear(f.bodies)
	}
	f.bodies[key] = feedTime{tag, at}
	return at
}
