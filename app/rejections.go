package app

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/intake"
)

// Rejected requests are logged once a minute. Anyone can cause them, so the lines
// per minute are limited, with a separate limit for senders with a correct login.
const (
	logRejectionsEvery = time.Minute
	maxRejections      = 100
	maxRejectedUser    = 64  // characters
	maxRejectedDetail  = 200 // characters
)

// Rejection is a request that was not accepted.
type Rejection struct {
	// Handler is the name of the handler that rejected it.
	Handler string
	// Source is the client's address; it may be the zero Addr.
	Source netip.Addr
	// User is the user name sent; empty if none was read.
	User string
	// LoggedIn reports whether the login was correct.
	LoggedIn bool
	// Status is the HTTP status of the answer.
	Status int
	// Reason is one of a fixed set of words.
	Reason string
	// Detail is the text of the answer. It may quote the request.
	Detail string
}

// Reject records a rejected request for the log.
func (a *App) Reject(r Rejection) { a.rejections.note(r) }

// EnterBody counts a new request body from source (see intake.Gate.Enter).
func (a *App) EnterBody(source netip.Addr) (*intake.Body, error) {
	return a.intake.Enter(intake.SourceNetwork(source))
}

// Intake counts the request bodies of all handlers.
func (a *App) Intake() *intake.Gate { return a.intake }

// rejections counts rejected requests until they are logged.
type rejections struct {
	logger *zap.Logger

	mu     sync.Mutex
	counts map[Rejection]*rejected // by all but Detail
	// others counts requests not tracked, by LoggedIn.
	others [2]rejected
	// tracked is the number of keys in counts, by LoggedIn.
	tracked [2]int
}

// rejected counts requests with the same key.
type rejected struct {
	count int
	// detail is the Detail of the first.
	detail string
}

func newRejections(logger *zap.Logger) *rejections {
	return &rejections{logger: logger, counts: make(map[Rejection]*rejected)}
}

func (j *rejections) note(r Rejection) {
	detail := r.Detail
	r.Detail, r.User = "", alert.Printable(r.User, maxRejectedUser)
	class := 0
	if r.LoggedIn {
		class = 1
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	to := j.counts[r]
	if to == nil {
		to = &j.others[class]
		if j.tracked[class] < maxRejections {
			j.tracked[class]++
			to = &rejected{detail: alert.Printable(detail, maxRejectedDetail)}
			j.counts[r] = to
		}
	}
	to.count++
}

// keepLogging logs every minute, and at the end.
func (j *rejections) keepLogging(ctx context.Context) {
	ticker := time.NewTicker(logRejectionsEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			j.log()
		case <-ctx.Done():
			j.log()
			return
		}
	}
}

// log writes one line for each sender and reason since the last call.
func (j *rejections) log() {
	j.mu.Lock()
	counts, others := j.counts, j.others
	j.counts, j.others, j.tracked = make(map[Rejection]*rejected), [2]rejected{}, [2]int{}
	j.mu.Unlock()

	keys := make([]Rejection, 0, len(counts))
	for key := range counts {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(x, y Rejection) int { // most frequent first
		return cmp.Or(cmp.Compare(counts[y].count, counts[x].count), x.Source.Compare(y.Source), cmp.Compare(x.Reason, y.Reason))
	})
	const line = "requests were rejected"
	for _, key := range keys {
		source := ""
		if key.Source.IsValid() {
			source = key.Source.String()
		}
		j.logger.Warn(line,
			zap.String("handler", key.Handler),
			zap.String("source", source),
			zap.String("user", key.User),
			zap.Bool("logged_in", key.LoggedIn),
			zap.Int("status", key.Status),
			zap.String("reason", key.Reason),
			zap.Int("count", counts[key].count),
			zap.String("detail", counts[key].detail))
	}
	for class, o := range others {
		if o.count > 0 {
			j.logger.Warn(line+" of further sources or reasons, not logged individually",
				zap.Bool("logged_in", class == 1), zap.Int("count", o.count))
		}
	}
}
