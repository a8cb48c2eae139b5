// Package sender delivers alerts from a durable outbox to an Elasticsearch cluster, with
// their payloads and CVEs, and keeps permanently rejected ones as dead letters. It depends
// only on an Outbox and a function that posts. DESIGN.md of the parent package has the
// reasons.
package sender

import (
	"cmp"
	"context"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/peba-edge/peba/spool"
	"github.com/peba-edge/peba/store"
)

const (
	defaultWorkers = 3
	defaultTimeout = 60 * time.Second
	defaultWait    = 200 * time.Millisecond
	defaultMaxWait = 15 * time.Second
)

// Outbox is the part of a spool that the sender uses.
type Outbox interface {
	Take(ctx context.Context, from spool.Lane, maxBytes int) ([]spool.Frame, error)
	Done(frames []spool.Frame) error
	Return(frames []spool.Frame)
}

// Options configure a sender. Zero values mean defaults.
type Options struct {
	Log *zap.Logger
	// NewCVE is called once a CVE, see store.Options. May be nil.
	NewCVE func(store.CVE)
	// Payloads and CVEs are the names of the indices. Default: "payloads", "ewscve".
	Payloads, CVEs string
	// Count is called with outcomes of alerts, for metrics. May be nil.
	Count func(what Counted, n int)
	// Create asks the cluster to create an index as it is to be, and returns what is
	// answered. Default: indices are taken to exist.
	Create func(ctx context.Context, index string) (status int, answer []byte, err error)
	// Timeout limits one request. Default: 60s.
	Timeout time.Duration
	// Wait is the back-off after a first failure, and MaxWait the maximum.
	// Default: 200ms, 15s.
	Wait, MaxWait time.Duration
}

// Sender delivers the spool's frames to the cluster. A frame is done once each of
// its alerts is in the cluster, with its payload and CVE, or in the dead letters.
// See DESIGN.md.
type Sender struct {
	outbox  Outbox
	post    Poster
	dead    *DeadLetters
	log     *zap.Logger
	newCVE  func(store.CVE)
	tell    func(what Counted, n int)
	workers int // with the oldest frames; one more takes fresh ones
	timeout time.Duration
	backoff backoff

	payloads, cves string // indices

	create   func(ctx context.Context, index string) (status int, answer []byte, err error)
	indices  knownIndices
	creating chan struct{} // held by whoever creates an index

	size   *requestSize
	health *health
	// counting is held by whoever changes payload documents: two in one process
	// would only meet each other's conflicts.
	counting chan struct{}
	known    knownCVEs
	fields   foreignFields
}

// New returns a sender that takes frames from sp, sends them by post and writes
// permanently rejected alerts to dead.
func New(sp Outbox, post Poster, dead *DeadLetters, o Options) *Sender {
	s := &Sender{
		outbox: sp, post: post, dead: dead,
		log: o.Log, newCVE: o.NewCVE, tell: o.Count,
		workers: defaultWorkers, timeout: cmp.Or(o.Timeout, defaultTimeout),
		backoff:  backoff{first: cmp.Or(o.Wait, defaultWait), max: cmp.Or(o.MaxWait, defaultMaxWait)},
		payloads: cmp.Or(o.Payloads, "payloads"), cves: cmp.Or(o.CVEs, "ewscve"),
		create: o.Create, creating: make(chan struct{}, 1),
		size: newRequestSize(), counting: make(chan struct{}, 1),
	}
	if s.log == nil {
		s.log = zap.NewNop()
	}
	s.health = newHealth(s.log)
	return s
}

// Run sends until ctx ends or the spool is closed. It returns unfinished frames
// to the spool.
func (s *Sender) Run(ctx context.Context) {
	var workers sync.WaitGroup
	start := func(lane spool.Lane) {
		workers.Go(func() { (&worker{Sender: s, lane: lane}).run(ctx) })
	}
	start(spool.Fresh)
	for range s.workers {
		start(spool.Oldest)
	}
	workers.Wait()
}

// Status returns the state of the sender.
func (s *Sender) Status() Status { return s.health.now() }

// Forget clears the caches about the cluster, which is replaced by another one.
func (s *Sender) Forget() {
	s.known.forget()
	s.fields.forget()
	s.indices.replace(nil)
}

// Learn replaces the known indices by those of the cluster.
func (s *Sender) Learn(indices []string) { s.indices.replace(indices) }

func (s *Sender) count(what Counted, n int) {
	if n == 0 {
		return
	}
	s.health.count(what, n)
	if s.tell != nil {
		s.tell(what, n)
	}
}
