package handlers

import (
	"net/http"
	"time"
)

// The pace of a request body. It must never pause longer than its pause, keep up
// minRate on the average, after a start that may be as long as a pause, and arrive
// within maxReceive. A sensor behind 256 kbit/s sends twice minRate, and its 13 MB in
// seven minutes.
const (
	minRate         = 16 << 10 // bytes per second
	maxPause        = 30 * time.Second
	unverifiedPause = 15 * time.Second
	maxReceive      = 10 * time.Minute
)

// pace keeps a read deadline on a request's body. Where the connection supports
// none, as in tests, it does nothing.
type pace struct {
	control *http.ResponseController
	now     func() time.Time
	// began is when the body began, later by the time in which nothing was to be read.
	began time.Time
	pause time.Duration
	end   time.Time
	// armed is the deadline that is set.
	armed       time.Time
	unsupported bool
}

func newPace(w http.ResponseWriter, r *http.Request) *pace {
	p := &pace{control: http.NewResponseController(w), now: time.Now, pause: unverifiedPause}
	p.began = p.now()
	p.end = p.began.Add(maxReceive)
	// Where Caddy sets no idle timeout, ours would replace its timeout for bodies.
	if server, ok := r.Context().Value(http.ServerContextKey).(*http.Server); ok && server.ReadTimeout > 0 {
		p.endBy(server.ReadTimeout)
	}
	return p
}

// endBy moves the end forward, to so much time from now, if it is later.
func (p *pace) endBy(d time.Duration) {
	if end := p.now().Add(d); end.Before(p.end) {
		p.end = end
	}
}

// next sets the deadline of the next read, after so many bytes.
func (p *pace) next(read int64) {
	now := p.now()
	deadline := now.Add(p.pause)
	if slowest := p.began.Add(p.pause + time.Duration(read)*time.Second/minRate); slowest.Before(deadline) {
		deadline = slowest
	}
	if p.end.Before(deadline) {
		deadline = p.end
	}
	const step = time.Second // not to set it for every read of a fast body
	if p.armed.IsZero() || deadline.Before(p.armed) || deadline.Sub(p.armed) >= step {
		p.arm(deadline)
	}
}

// rest calls f, while which nothing is read: on HTTP/2 a deadline ends the body
// then too.
func (p *pace) rest(f func() error) error {
	p.clear()
	start := p.now()
	err := f()
	p.began = p.began.Add(p.now().Sub(start))
	return err
}

// clear removes the deadline, which must not outlive the body.
func (p *pace) clear() { p.arm(time.Time{}) }

func (p *pace) arm(deadline time.Time) {
	p.armed = deadline
	if p.control.SetReadDeadline(deadline) != nil {
		p.unsupported = true
	}
}
