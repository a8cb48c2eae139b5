package esclient

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"
)

const (
	// failuresToTell is after how many failed requests in a row the log says so:
	// under load a few are refused as a matter of course.
	failuresToTell = 3

	// mostIndices bounds what is remembered of indices by their names.
	mostIndices = 1024
)

// counted is something that the sender counts.
type counted int8

const (
	countStored counted = iota
	countDuplicate
	countDead
	countRetried
)

// String is a metric's label.
func (c counted) String() string {
	return [...]string{"stored", "duplicate", "dead", "retried"}[c]
}

// senderStatus is how the sender does, for health checks.
type senderStatus struct {
	// LastSuccess is when the cluster last took a request; zero: never.
	LastSuccess time.Time
	// LastError is the last that went wrong, and when. Empty: nothing yet.
	LastError     string
	LastErrorTime time.Time
	// Down says why nothing is taken right now, though that may pass by itself.
	Down string
	// Paused says why nothing is taken until somebody fixes it.
	Paused string
	// Blocked says so of single indices, by name.
	Blocked []blockedIndex
	// Stored and Duplicates count alerts that are in the cluster, Dead those in
	// the dead letters, Retried how often one was to be sent again.
	Stored, Duplicates, Dead, Retried int64
}

// blockedIndex is an index that takes nothing until somebody fixes it.
type blockedIndex struct{ Index, Reason string }

// senderHealth watches the sender, and tells the log of each change once.
type senderHealth struct {
	log *zap.Logger

	mu       sync.Mutex
	status   senderStatus
	failures int // in a row
	// rejections are answers in a row that took none of the documents, which the
	// cluster may take later, and rejecting why once that has been told.
	rejections int
	rejecting  string
	refusing   map[string]string    // why, by index
	lastTook   map[string]time.Time // by index
}

func newSenderHealth(log *zap.Logger) *senderHealth {
	return &senderHealth{log: log, refusing: map[string]string{}, lastTook: map[string]time.Time{}}
}

// answered is for a request that the cluster took.
func (h *senderHealth) answered() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.failures = 0
	h.status.LastSuccess = time.Now()
	if h.status.Paused != "" || h.status.Down != "" {
		h.status.Paused, h.status.Down = "", ""
		h.log.Info("Elasticsearch takes alerts again")
	}
}

// failed is for a request that was not taken as a whole. It returns e.
func (h *senderHealth) failed(e *requestError) error {
	if e.splits() {
		return e
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.note(e.reason)
	h.failures++
	switch {
	case e.pauses():
		if h.status.Paused == "" {
			h.log.Error("Elasticsearch rejects alerts until somebody fixes it: they are queued in the spool",
				zap.Int("status", e.status), zap.String("reason", e.reason))
		}
		h.status.Paused, h.status.Down = e.reason, ""
	case h.status.Paused != "":
		// Whoever fixes it may have to stop the cluster for that.
	case h.failures >= failuresToTell:
		if h.status.Down == "" {
			h.log.Warn("Elasticsearch takes no alerts: they wait in the spool",
				zap.Int("status", e.status), zap.String("reason", e.reason))
		}
		h.status.Down = e.reason
	}
	return e
}

// rejected is for a request that was answered, but none of whose documents was
// taken: a node that has too much to do, or no shard, says so of each.
func (h *senderHealth) rejected(reason string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.note(reason)
	if h.rejections++; h.rejections < failuresToTell {
		return
	}
	if h.rejecting == "" {
		h.log.Warn("Elasticsearch rejects all alerts: they wait in the spool", zap.String("reason", reason))
	}
	h.rejecting = cutText(reason, mostReason)
}

// trouble is for what goes wrong here and not in the cluster.
func (h *senderHealth) trouble(what string, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.note(what + ": " + err.Error())
	h.log.Error(what, zap.Error(err))
}

func (h *senderHealth) note(reason string) {
	h.status.LastError, h.status.LastErrorTime = cutText(reason, mostReason), time.Now()
}

// took is for a document that an index took.
func (h *senderHealth) took(index string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	makeRoom(h.lastTook, index)
	h.lastTook[index] = time.Now()
	h.reopen(index)
}

// opened is for a document that is in an index already: others may be at fault
// there, but the index is not.
func (h *senderHealth) opened(index string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.reopen(index)
}

func (h *senderHealth) reopen(index string) {
	h.rejections = 0
	if h.rejecting != "" {
		h.rejecting = ""
		h.log.Info("Elasticsearch takes alerts again")
	}
	if _, refused := h.refusing[index]; refused {
		delete(h.refusing, index)
		h.log.Info("an index takes documents again", zap.String("index", index))
	}
}

// tookSince tells whether an index has taken a document since then.
func (h *senderHealth) tookSince(index string, then time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	last, known := h.lastTook[index]
	return known && !last.Before(then)
}

// blocked is for a document that an index refused, by no fault of the document.
func (h *senderHealth) blocked(index, reason string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.note("index " + index + ": " + reason)
	if _, known := h.refusing[index]; !known {
		h.log.Error("an index rejects documents until somebody fixes it: they are queued in the spool",
			zap.String("index", index), zap.String("reason", reason))
	}
	makeRoom(h.refusing, index)
	h.refusing[index] = reason
}

// buried is for alerts that became dead letters.
func (h *senderHealth) buried(letters []deadLetter) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.log.Error("alerts became dead letters: `caddy peba dead-letters` shows them",
		zap.Int("letters", len(letters)), zap.String("index", letters[0].index), zap.String("reason", letters[0].reason))
}

// count counts what became of alerts.
func (h *senderHealth) count(c counted, n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch c {
	case countStored:
		h.status.Stored += int64(n)
	case countDuplicate:
		h.status.Duplicates += int64(n)
	case countDead:
		h.status.Dead += int64(n)
	case countRetried:
		h.status.Retried += int64(n)
	}
}

// now returns the status of this moment.
func (h *senderHealth) now() senderStatus {
	h.mu.Lock()
	defer h.mu.Unlock()
	status := h.status
	if status.Paused == "" {
		status.Down = cmp.Or(status.Down, h.rejecting)
	}
	for index, reason := range h.refusing {
		status.Blocked = append(status.Blocked, blockedIndex{Index: index, Reason: reason})
	}
	slices.SortFunc(status.Blocked, func(a, b blockedIndex) int { return cmp.Compare(a.Index, b.Index) })
	return status
}

// makeRoom makes room for key in a map that holds all it needs to within minutes:
// days of sensors' clocks can be many.
func makeRoom[V any](m map[string]V, key string) {
	if _, known := m[key]; !known && len(m) >= mostIndices {
		clear(m)
	}
}
