package handlers

import (
	"errors"
	"io"
	"net/http"
	"os"
	"sync/atomic"

	"github.com/peba-edge/peba/alert"
)

// Bodies are in memory until the credentials in them are known to be right. So
// that nobody without any can fill it, what is beyond the small part of each
// body, which all of a sensor's usual messages fit into, is bounded over all of
// a handler's requests.
const (
	smallBody   = 1 << 20
	largeBodies = 256 << 20
)

// errCrowded is the error of a body for which there is no room just now.
var errCrowded = errors.New("the bytes of large bodies that are being read are at their limit")

// bodies reads the bodies of a handler's requests.
type bodies struct {
	most  int64 // bytes of one body
	large atomic.Int64
}

// message reads an EWS message.
func (b *bodies) message(w http.ResponseWriter, r *http.Request) (*alert.Message, error) {
	body := &bodyReader{r: http.MaxBytesReader(w, r.Body, b.most), all: b}
	defer body.release()
	message, err := alert.Decode(body, alert.DefaultLimits())
	switch {
	case err == nil || body.err == nil:
		return message, err
	case errors.Is(body.err, errCrowded):
		return nil, body.err
	default:
		return nil, &bodyError{body.err}
	}
}

// bodyReader counts what is read, and remembers the error that ended a body
// before its end.
type bodyReader struct {
	r    io.Reader
	all  *bodies
	read int64
	err  error
}

func (b *bodyReader) Read(p []byte) (int, error) {
	before := b.beyond()
	n, err := b.r.Read(p)
	b.read += int64(n)
	if more := b.beyond() - before; more > 0 && b.all.large.Add(more) > largeBodies {
		err = errCrowded
	}
	if err != nil && err != io.EOF {
		b.err = err
	}
	return n, err
}

// beyond is how much is held beyond the small part.
func (b *bodyReader) beyond() int64 {
	return max(0, min(b.read, alert.DefaultLimits().Held())-smallBody)
}

func (b *bodyReader) release() { b.all.large.Add(-b.beyond()) }

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

func (e *bodyError) status() int {
	if errors.Is(e.cause, os.ErrDeadlineExceeded) {
		return http.StatusRequestTimeout
	}
	return http.StatusBadRequest
}
