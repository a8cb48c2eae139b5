package handlers

import (
	"errors"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/collector"
	"github.com/peba-edge/peba/intake"
)

// patience is how long a message waits for room. Sensors wait for an answer for 60 s.
const patience = 40 * time.Second

// The rest of a body whose request is refused is discarded, up to so much: less of
// one whose credentials are not verified.
const (
	maxDrained           = 256 << 20 // bytes
	maxDrain             = time.Minute
	maxUnverifiedDrained = 16 << 20
	maxUnverifiedDrain   = 2 * time.Second
)

// body is the body of one request, counted with those of all handlers, and held to
// its pace.
type body struct {
	request *http.Request
	reader  io.Reader // of the request's body, up to the limit
	most    int64     // the limit, in bytes
	place   *intake.Body
	pace    *pace

	read     int64
	admitted bool
	err      error // what ended the body, io.EOF included
}

// mostHeld is how many bytes of a body are held at most, whatever its size.
func mostHeld() int64 { return alert.DefaultLimits().Held() }

// enter begins to receive a body of most bytes at most. The caller must call leave.
func enter(app *collector.App, w http.ResponseWriter, r *http.Request, most int64) (*body, error) {
	place, err := app.EnterBody(sourceOf(r))
	if err != nil {
		return nil, err
	}
	return &body{
		request: r, reader: http.MaxBytesReader(w, r.Body, most), most: most, place: place, pace: newPace(w, r),
	}, nil
}

// leave ends the counting, when nothing of the body is held any more.
func (b *body) leave() { b.place.Leave() }

// decode reads an EWS message. check is called with its credentials, if it has any,
// before the rest is read.
func (b *body) decode(check alert.Check) (*alert.Message, error) {
	message, err := alert.DecodeChecked(b, alert.DefaultLimits(), func(user, token string) error {
		return b.pace.rest(func() error { return check(user, token) })
	})
	var tooBig *http.MaxBytesError
	switch {
	case err == nil, b.err == nil, !errors.Is(err, b.err):
		return message, err
	case errors.Is(err, intake.ErrCrowded), errors.Is(err, intake.ErrUnverified), errors.As(err, &tooBig):
		return nil, b.err
	default:
		return nil, &bodyError{b.err}
	}
}

// admit makes room for the whole body, after its credentials were found right.
func (b *body) admit() error {
	b.admitted = true
	b.pace.pause = maxPause
	size := b.request.ContentLength
	if size > b.most {
		return &http.MaxBytesError{Limit: b.most}
	}
	return b.place.Admit(b.request.Context(), min(max(size, b.read), mostHeld()), patience)
}

// fitsUnverified reports whether all of the body may be read before its credentials
// are verified.
func (b *body) fitsUnverified() bool {
	size := b.request.ContentLength // negative if it is unknown
	return b.err == io.EOF || 0 <= size && size <= intake.MaxUnverified
}

// Read reads the body, counts it, and remembers what ended it.
func (b *body) Read(p []byte) (int, error) {
	b.pace.next(b.read)
	n, err := b.reader.Read(p)
	b.read += int64(n)
	if err == nil {
		err = b.place.Grow(min(b.read, mostHeld()))
	}
	if err == io.EOF {
		b.pace.clear()
	}
	b.err = err
	return n, err
}

// drain discards the rest of a body whose request is refused for err: clients such
// as Python's send all of it before they read the answer, and would see a closed
// connection instead. Nothing is to hold the message any more.
func (b *body) drain(err error) {
	var broken *bodyError
	if b.err == io.EOF || errors.As(err, &broken) || b.pace.unsupported {
		return
	}
	if b.place != nil {
		b.place.Shrink()
	}
	size, span := int64(maxDrained), maxDrain
	if !b.admitted {
		size, span = maxUnverifiedDrained, maxUnverifiedDrain
	}
	b.pace.endBy(span)
	if b.request.ProtoMajor != 1 { // the client gets the answer while it sends
		return
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(drained{b}, size)) // it may end early
}

// drainUnread discards the body of a request that is refused before it is read.
func drainUnread(w http.ResponseWriter, r *http.Request) {
	(&body{request: r, pace: newPace(w, r)}).drain(nil)
}

// drained reads the rest of a body, which is not counted.
type drained struct{ *body }

func (d drained) Read(p []byte) (int, error) {
	d.pace.next(d.read)
	n, err := d.request.Body.Read(p)
	d.read += int64(n)
	if err == io.EOF {
		d.pace.clear()
	}
	return n, err
}

// bodyError is a body that did not arrive whole: the client's or the network's
// fault, of which the operator need not hear.
type bodyError struct{ cause error }

// Error does not repeat the cause, which may name addresses.
func (e *bodyError) Error() string {
	if e.status() == http.StatusRequestTimeout {
		return "the body did not arrive in time"
	}
	return "the body ended early"
}

func (e *bodyError) Unwrap() error { return e.cause }

func (e *bodyError) kind() string {
	if e.status() == http.StatusRequestTimeout {
		return "body_slow"
	}
	return "body_incomplete"
}

func (e *bodyError) status() int {
	if errors.Is(e.cause, os.ErrDeadlineExceeded) {
		return http.StatusRequestTimeout
	}
	return http.StatusBadRequest
}
