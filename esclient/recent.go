package esclient

import (
	"sync"

	"github.com/peba-edge/peba/alert"
)

const (
	// recentIDs is how many ids one of the two generations holds: more than come
	// in while a sensor sends a message again.
	recentIDs = 1 << 15
	// recentBytes is how long an id may be to be remembered: as long as ours are.
	recentBytes = 32
)

// recentID is an id behind its length. It has no pointer: the garbage collector
// need not look at tens of thousands of ids again and again.
type recentID [1 + recentBytes]byte

// newRecentID returns what an id is remembered as; false if it is too long.
func newRecentID(id string) (key recentID, ok bool) {
	if len(id) > recentBytes {
		return key, false
	}
	key[0] = byte(len(id))
	copy(key[1:], id)
	return key, true
}

// recent remembers the ids of alerts that were put into the spool lately. One
// that comes again is not put there twice: its copies would overtake each other
// on the way, and the first is the one that counts.
type recent struct {
	mu        sync.Mutex
	now, last map[recentID]struct{}
}

// unknown returns the records whose ids are not remembered.
func (r *recent) unknown(records []alert.Record) []alert.Record {
	r.mu.Lock()
	defer r.mu.Unlock()
	known := 0
	for i := range records {
		if r.knows(records[i].ID) {
			known++
		}
	}
	if known == 0 {
		return records
	}
	fresh := make([]alert.Record, 0, len(records)-known)
	for i := range records {
		if !r.knows(records[i].ID) {
			fresh = append(fresh, records[i])
		}
	}
	return fresh
}

func (r *recent) knows(id string) bool {
	key, ok := newRecentID(id)
	return ok && r.has(key)
}

func (r *recent) has(id recentID) bool {
	_, now := r.now[id]
	_, last := r.last[id]
	return now || last
}

// remember is called when the records are durable.
func (r *recent) remember(records []alert.Record) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range records {
		id, ok := newRecentID(records[i].ID)
		if !ok || r.has(id) {
			continue
		}
		if r.now == nil || len(r.now) >= recentIDs {
			r.now, r.last = make(map[recentID]struct{}), r.now
		}
		r.now[id] = struct{}{}
	}
}

// forget is called when alerts were deleted: one of them that comes again is new.
func (r *recent) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now, r.last = nil, nil
}
