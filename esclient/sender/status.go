package sender

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/peba-edge/peba/esclient/cluster"
)

const (
	// failuresToTell is the number of consecutive failed requests before that is
	// logged: under load a few rejections are normal.
	failuresToTell = 3

	// maxIndices bounds what is remembered of indices by their names.
	maxIndices = 1024
)

// Counted is something that the sender counts.
type Counted int8

const (
	Stored Counted = iota
	Duplicate
	Dead
	Retried
)

// String is a metric's label.
func (c Counted) String() string {
	return [...]string{"stored", "duplicate", "dead", "retried"}[c]
}

// Status is the state of the sender, for health checks.
type Status struct {
	// LastSuccess is when the cluster last accepted a request; zero: never.
	LastSuccess time.Time
	// LastError is the last error and its time. Empty: none yet.
	LastError     string
	LastErrorTime time.Time
	// Down is a temporary reason why nothing is accepted.
	Down string
	// Paused is the reason why nothing is accepted until an operator
	// intervenes.
	Paused string
	// Blocked has such reasons for single indices, by name.
	Blocked []BlockedIndex
	// Stored and Duplicates count alerts that are in the cluster, Dead those in
	// the dead letters, Retried how often one was to be sent again.
	Stored, Duplicates, Dead, Retried int64
}

// BlockedIndex is an index that rejects writes until an operator intervenes.
type BlockedIndex struct{ Index, Reason string }

// health tracks the state of the sender, and logs each change once.
type health struct {
	log *zap.Logger

	mu       sync.Mutex
	status   Status
	failures int // in a row
	// rejections are answers in a row that took none of the documents, which the
	// cluster may take later, and rejecting why once that has been told.
	rejections int
	rejecting  string
	refusing   map[string]string    // why, by index
	lastTook   map[string]time.Time // by index
}

func newHealth(log *zap.Logger) *health {
	return &health{log: log, refusing: map[string]string{}, lastTook: map[string]time.Time{}}
}

// answered is for a request that the cluster took.
func (h *health) answered() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.failures = 0
	h.status.LastSuccess = time.Now()
	if h.status.Paused != "" || h.status.Down != "" {
		h.status.Paused, h.status.Down = "", ""
		h.log.Info("Elasticsearch accepts alerts again")
	}
}

// failed is for a request that was not taken as a whole. It returns err.
func (h *health) failed(err error) error {
	refusal := asRefusal(err)
	if splits(refusal) {
		return err
	}
	reason := cluster.CutText(err.Error())
	h.mu.Lock()
	defer h.mu.Unlock()
	h.note(reason)
	h.failures++
	switch {
	case pauses(refusal):
		if h.status.Paused == "" {
			h.log.Error("Elasticsearch rejects alerts until an operator intervenes: they are queued in the spool",
				zap.Int("status", statusOf(refusal)), zap.String("reason", reason))
		}
		h.status.Paused, h.status.Down = reason, ""
	case h.status.Paused != "":
		// Whoever fixes it may have to stop the cluster for that.
	case h.failures >= failuresToTell:
		if h.status.Down == "" {
			h.log.Warn("Elasticsearch accepts no alerts: they are queued in the spool",
				zap.Int("status", statusOf(refusal)), zap.String("reason", reason))
		}
		h.status.Down = reason
	}
	return err
}

// rejected is for a request that was answered, but none of whose documents was
// taken: a node that has too much to do, or no shard, says so of each.
func (h *health) rejected(reason string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.note(reason)
	if h.rejections++; h.rejections < failuresToTell {
		return
	}
	if h.rejecting == "" {
		h.log.Warn("Elasticsearch rejects all alerts: they are queued in the spool", zap.String("reason", reason))
	}
	h.rejecting = cluster.CutText(reason)
}

// trouble is for what goes wrong here and not in the cluster.
func (h *health) trouble(what string, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.note(what + ": " + err.Error())
	h.log.Error(what, zap.Error(err))
}

func (h *health) note(reason string) {
	h.status.LastError, h.status.LastErrorTime = cluster.CutText(reason), time.Now()
}

// took is for a document that an index took.
func (h *health) took(index string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	makeRoom(h.lastTook, index)
	h.lastTook[index] = time.Now()
	h.reopen(index)
}

// opened is for a document that is in an index already: others may be at fault
// there, but the index is not.
func (h *health) opened(index string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.reopen(index)
}

func (h *health) reopen(index string) {
	h.rejections = 0
	if h.rejecting != "" {
		h.rejecting = ""
		h.log.Info("Elasticsearch accepts alerts again")
	}
	if _, refused := h.refusing[index]; refused {
		delete(h.refusing, index)
		h.log.Info("an index accepts documents again", zap.String("index", index))
	}
}

// tookSince tells whether an index has taken a document since then.
func (h *health) tookSince(index string, then time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	last, known := h.lastTook[index]
	return known && !last.Before(then)
}

// blocked is for a document that an index refused, by no fault of the document.
func (h *health) blocked(index, reason string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.note("index " + index + ": " + reason)
	if _, known := h.refusing[index]; !known {
		h.log.Error("an index rejects documents until an operator intervenes: they are queued in the spool",
			zap.String("index", index), zap.String("reason", reason))
	}
	makeRoom(h.refusing, index)
	h.refusing[index] = reason
}

// buried is for alerts that became dead letters.
func (h *health) buried(letters []letter) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.log.Error("alerts became dead letters: `caddy peba dead-letters` shows them",
		zap.Int("letters", len(letters)), zap.String("index", letters[0].index), zap.String("reason", letters[0].reason))
}

// count counts what became of alerts.
func (h *health) count(c Counted, n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch c {
	case Stored:
		h.status.Stored += int64(n)
	case Duplicate:
		h.status.Duplicates += int64(n)
	case Dead:
		h.status.Dead += int64(n)
	case Retried:
		h.status.Retried += int64(n)
	}
}

// now returns the status of this moment.
func (h *health) now() Status {
	h.mu.Lock()
	defer h.mu.Unlock()
	status := h.status
	if status.Paused == "" {
		status.Down = cmp.Or(status.Down, h.rejecting)
	}
	for index, reason := range h.refusing {
		status.Blocked = append(status.Blocked, BlockedIndex{Index: index, Reason: reason})
	}
	slices.SortFunc(status.Blocked, func(a, b BlockedIndex) int { return cmp.Compare(a.Index, b.Index) })
	return status
}

// makeRoom makes room for key in a map that holds all it needs to within minutes:
// days of sensors' clocks can be many.
func makeRoom[V any](m map[string]V, key string) {
	if _, known := m[key]; !known && len(m) >= maxIndices {
		clear(m)
	}
}
