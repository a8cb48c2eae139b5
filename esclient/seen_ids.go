package esclient

import (
	"sync"

	"github.com/peba-edge/peba/alert"
)

const (
	// seenIDsPerGeneration is the number of ids in each of the two generations:
	// more than arrive before a sensor retries a message.
	seenIDsPerGeneration = 1 << 15
	// seenIDBytes is the maximum length of a remembered id: the length of ours.
	seenIDBytes = 32
)

// seenID is an id after its length. It has no pointers, so that the garbage
// collector need not scan tens of thousands of ids.
type seenID [1 + seenIDBytes]byte

// newSeenID converts an id; false if it is too long.
func newSeenID(id string) (key seenID, ok bool) {
	if len(id) > seenIDBytes {
		return key, false
	}
	key[0] = byte(len(id))
	copy(key[1:], id)
	return key, true
}

// seenIDs is the deduplication window of the spool: the ids of recently queued
// alerts. A duplicate is not queued again: copies could overtake each other on
// the way, and the first one must count.
type seenIDs struct {
	mu        sync.Mutex
	now, last map[seenID]struct{}
}

// unknown returns the records with ids that are not remembered.
func (r *seenIDs) unknown(records []alert.Record) []alert.Record {
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

func (r *seenIDs) knows(id string) bool {
	key, ok := newSeenID(id)
	return ok && r.has(key)
}

func (r *seenIDs) has(id seenID) bool {
	_, now := r.now[id]
	_, last := r.last[id]
	return now || last
}

// remember is called once the records are durable.
func (r *seenIDs) remember(records []alert.Record) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range records {
		id, ok := newSeenID(records[i].ID)
		if !ok || r.has(id) {
			continue
		}
		if r.now == nil || len(r.now) >= seenIDsPerGeneration {
			r.now, r.last = make(map[seenID]struct{}), r.now
		}
		r.now[id] = struct{}{}
	}
}

// forget is called after alerts were deleted: a retry of one of them is new.
func (r *seenIDs) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now, r.last = nil, nil
}
