package esclient

import (
	"context"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/peba-edge/peba/spool"
	"github.com/peba-edge/peba/store"
)

const (
	defaultSenders     = 3
	defaultSendTimeout = 60 * time.Second
	defaultWait        = 200 * time.Millisecond
	defaultMostWait    = 15 * time.Second
)

// outbox is the spool as the sender sees it.
type outbox interface {
	Take(ctx context.Context, from spool.Lane, maxBytes int) ([]spool.Frame, error)
	Done(frames []spool.Frame) error
	Return(frames []spool.Frame)
}

// senderOptions are what a sender is told. Zero values stand for defaults.
type senderOptions struct {
	log *zap.Logger
	// newCVE is called once a CVE, see store.Options. May be nil.
	newCVE func(store.CVE)
	// payloads and cves are the names of the indices. Default: "payloads", "ewscve".
	payloads, cves string
	// count is told of what becomes of alerts, for metrics. May be nil.
	count func(what counted, n int)
	// create asks the cluster to create an index as it is to be, and returns what is
	// answered. Default: indices are taken to exist.
	create func(ctx context.Context, index string) (status int, answer []byte, err error)
	// senders is how many requests with the oldest alerts are under way at once.
	// One more is for fresh ones. Default: 3.
	senders int
	// timeout is what one request may take. Default: 60s.
	timeout time.Duration
	// wait is how long a first failure is waited out, and mostWait the longest.
	// Default: 200ms, 15s.
	wait, mostWait time.Duration
}

// sender brings what waits in the spool to the cluster. It lets go of a frame when
// each of its alerts is in the cluster, with what hangs on it, or in the dead
// letters. DESIGN.md tells how.
type sender struct {
	outbox  outbox
	post    poster
	dead    *deadLetters
	log     *zap.Logger
	newCVE  func(store.CVE)
	tell    func(what counted, n int)
	senders int
	timeout time.Duration
	backoff backoff

	payloads, cves string // indices

	create   func(ctx context.Context, index string) (status int, answer []byte, err error)
	indices  knownIndices
	creating chan struct{} // held by whoever creates an index

	pace   *pace
	health *senderHealth
	// counting is held by whoever changes payload documents: two in one process
	// would only meet each other's conflicts.
	counting chan struct{}
	known    knownCVEs
	fields   foreignFields
}

func newSender(sp outbox, post poster, dead *deadLetters, o senderOptions) *sender {
	s := &sender{
		outbox: sp, post: post, dead: dead,
		log: o.log, newCVE: o.newCVE, tell: o.count,
		senders: or(o.senders, defaultSenders), timeout: or(o.timeout, defaultSendTimeout),
		backoff:  backoff{first: or(o.wait, defaultWait), most: or(o.mostWait, defaultMostWait)},
		payloads: or(o.payloads, "payloads"), cves: or(o.cves, "ewscve"),
		create: o.create, creating: make(chan struct{}, 1),
		pace: newPace(), counting: make(chan struct{}, 1),
	}
	if s.log == nil {
		s.log = zap.NewNop()
	}
	s.health = newSenderHealth(s.log)
	return s
}

func or[T comparable](value, byDefault T) T {
	var zero T
	if value == zero {
		return byDefault
	}
	return value
}

// run sends until ctx ends, or the spool is closed. Frames that are not done by
// then go back to the spool.
func (s *sender) run(ctx context.Context) {
	var workers sync.WaitGroup
	start := func(lane spool.Lane) {
		workers.Go(func() { (&worker{sender: s, lane: lane}).run(ctx) })
	}
	start(spool.Fresh)
	for range s.senders {
		start(spool.Oldest)
	}
	workers.Wait()
}

// status tells how the sender does.
func (s *sender) status() senderStatus { return s.health.now() }

func (s *sender) count(what counted, n int) {
	if n == 0 {
		return
	}
	s.health.count(what, n)
	if s.tell != nil {
		s.tell(what, n)
	}
}
