package esclient

import (
	"strings"
	"sync"

	"github.com/peba-edge/peba/alert"
)

const (
	// recentIDs is how many ids one of the two generations holds: more than come
	// in while a sensor sends a message again.
	recentIDs = 1 << 15
	// recentBytes is how long an id may be to be remembered. Ours have 32.
	recentBytes = 64
)

// recent remembers the ids of alerts that were put into the spool lately. One
// that comes again is not put there twice: its copies would overtake each other
// on the way, and the first is the one that counts.
type recent struct {
	mu        sync.Mutex
	now, last map[string]struct{}
}

// unknown returns the records whose ids are not remembered.
func (r *recent) unknown(records []alert.Record) []alert.Record {
	r.mu.Lock()
	defer r.mu.Unlock()
	known := 0
	for i := range records {
		if r.has(records[i].ID) {
			known++
		}
	}
	if known == 0 {
		return records
	}
	fresh := make([]alert.Record, 0, len(records)-known)
	for i := range records {
		if !r.has(records[i].ID) {
			fresh = append(fresh, records[i])
		}
	}
	return fresh
}

func (r *recent) has(id string) bool {
	_, now := r.now[id]
	_, last := r.last[id]
	return now || last
}

// remember is called when the records are durable. Ids are copied: they are
// parts of a whole message.
func (r *recent) remember(records []alert.Record) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range records {
		id := records[i].ID
		if len(id) > recentBytes || r.has(id) {
			continue
		}
		if r.now == nil || len(r.now) >= recentIDs {
			r.now, r.last = make(map[string]struct{}), r.now
		}
		r.now[strings.Clone(id)] = struct{}{}
	}
}

// forget is called when alerts were deleted: one of them that comes again is new.
func (r *recent) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now, r.last = nil, nil
}
