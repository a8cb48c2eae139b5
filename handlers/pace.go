package handlers

import (
	"net/http"
	"time"
)

// The pace of a request body. It must never pause for longer than pause, keep an
// average of minRate after an initial pause, and arrive within maxReceive. A sensor
// behind 256 kbit/s sends at twice minRate, and its 13 MB in seven minutes.
const (
	minRate         = 16 << 10 // bytes per second
	maxPause        = 30 * time.Second
	unverifiedPause = 15 * time.Second
	maxReceive      = 10 * time.Minute
)

// pace maintains the read deadline of a request's body. It does nothing on
// connections without deadlines, as in tests.
type pace struct {
	control *http.ResponseController
	now     func() time.Time
	// began is the start of the body, plus the time in which nothing was read on
	// purpose.
	began time.Time
	pause time.Duration
	end   time.Time
	// armed is the current deadline.
	armed       time.Time
	unsupported bool
}

func newPace(w http.ResponseWriter, r *http.Request) *pace {
	p := &pace{control: http.NewResponseController(w), now: time.Now, pause: unverifiedPause}
	p.began = p.now()
	p.end = p.began.Add(maxReceive)
	// If Caddy has no idle timeout, ours would replace its timeout for bodies.
	if server, ok := r.Context().Value(http.ServerContextKey).(*http.Server); ok && server.ReadTimeout > 0 {
		p.endBy(server.ReadTimeout)
	}
	return p
}

// endBy moves the end to at most so much time from now.
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

// rest calls f while nothing is read, without a deadline: on HTTP/2 it would
// end the body even then.
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
