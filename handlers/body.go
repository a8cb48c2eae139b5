package handlers

import (
	"errors"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/app"
	"github.com/peba-edge/peba/intake"
)

// patience is how long a message waits for room. Sensors wait 60 s for an answer.
const patience = 40 * time.Second

// The maximum part of a rejected request's body that is read and discarded; less
// for unverified credentials.
const (
	maxDrained           = 256 << 20 // bytes
	maxDrain             = time.Minute
	maxUnverifiedDrained = 16 << 20
	maxUnverifiedDrain   = 2 * time.Second
)

// body is the body of one request, counted with those of all handlers, with a
// minimum rate.
type body struct {
	request *http.Request
	reader  io.Reader // of the request's body, up to the limit
	most    int64     // the limit, in bytes
	place   *intake.Body
	pace    *pace

	read     int64
	admitted bool
	err      error // the error that ended the body, including io.EOF
}

// maxHeld is the maximum number of bytes of a body in memory, whatever its size.
func maxHeld() int64 { return alert.DefaultLimits().Held() }

// enter begins to receive a body with a limit in bytes. The caller must call leave.
func enter(app *app.App, w http.ResponseWriter, r *http.Request, most int64) (*body, error) {
	place, err := app.EnterBody(sourceOf(r))
	if err != nil {
		return nil, err
	}
	return &body{
		request: r, reader: http.MaxBytesReader(w, r.Body, most), most: most, place: place, pace: newPace(w, r),
	}, nil
}

// leave ends the counting, once nothing of the body is in memory.
func (b *body) leave() { b.place.Leave() }

// decode reads an EWS message. It calls check with the credentials, if any, before
// reading the rest.
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

// admit reserves room for the whole body, after its credentials were verified.
func (b *body) admit() error {
	b.admitted = true
	b.pace.pause = maxPause
	size := b.request.ContentLength
	if size > b.most {
		return &http.MaxBytesError{Limit: b.most}
	}
	return b.place.Admit(b.request.Context(), min(max(size, b.read), maxHeld()), patience)
}

// fitsUnverified reports whether the whole body may be read before its credentials
// are verified.
func (b *body) fitsUnverified() bool {
	size := b.request.ContentLength // negative if unknown
	return b.err == io.EOF || 0 <= size && size <= intake.MaxUnverified
}

// Read reads and counts the body, and keeps the error that ended it.
func (b *body) Read(p []byte) (int, error) {
	b.pace.next(b.read)
	n, err := b.reader.Read(p)
	b.read += int64(n)
	if err == nil {
		err = b.place.Grow(min(b.read, maxHeld()))
	}
	if err == io.EOF {
		b.pace.clear()
	}
	b.err = err
	return n, err
}

// drain discards the rest of the body of a request rejected for err. Clients such
// as Python's send the whole body before they read the answer, and would see a
// closed connection instead. The message must no longer be in memory.
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
	if b.request.ProtoMajor != 1 { // the client gets the answer while sending
		return
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(drained{b}, size)) // it may end early
}

// drainUnread discards the body of a request that is rejected before it is
// read.
func drainUnread(w http.ResponseWriter, r *http.Request) {
	(&body{request: r, pace: newPace(w, r)}).drain(nil)
}

// drained reads the rest of a body without counting it.
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

// bodyError is the error of an incomplete body. It is the client's or the
// network's fault, so it is not logged for the operator.
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
