package handlers

import (
	"errors"
	"net/http"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/peba-edge/peba/app"
	"github.com/peba-edge/peba/query"
	"github.com/peba-edge/peba/stream"
)

func init() {
	caddy.RegisterModule(new(Stream))
}

// sendTimeout limits how long a client may take to receive a chunk.
const sendTimeout = 10 * time.Second

// Stream sends new alerts as they arrive, as server-sent events.
type Stream struct{ base }

// CaddyModule returns the Caddy module information.
func (*Stream) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.handlers.peba_stream",
		New: func() caddy.Module { return new(Stream) },
	}
}

// ServeHTTP answers GET with the stream, and HEAD without.
func (h *Stream) ServeHTTP(w http.ResponseWriter, r *http.Request, _ caddyhttp.Handler) error {
	if err := checkMethod(w, r, "", http.MethodGet, http.MethodHead); err != nil {
		refuse(err).write(w, query.JSON)
		return nil
	}
	events := newEventWriter(w, r)
	err := h.stream(r, events)
	switch {
	case err == nil:
	case events.begun: // it ended for whatever reason; the client reconnects
	case errors.Is(err, stream.ErrClosed):
		// This configuration is being replaced. Browsers never reconnect after
		// an answer other than 200.
		events.begin()
	default:
		refused := refuse(err)
		refused.log(h.logger, "opening a stream failed")
		refused.write(w, query.JSON)
	}
	return nil
}

// stream sends events until the stream ends; for HEAD only the header.
func (h *Stream) stream(r *http.Request, events *eventWriter) error {
	values, err := parameters(r)
	if err != nil {
		return err
	}
	l := app.Listener{From: sourceOf(r), Domain: query.ParseDomain(values), LastEventID: r.Header.Get("Last-Event-ID")}
	if l.Reader, err = readerFor(h.app, r, l.Domain); err != nil {
		return err
	}
	if r.Method == http.MethodHead {
		if err = h.app.CheckListener(l); err == nil {
			events.begin()
		}
		return err
	}
	return h.app.Stream(r.Context(), l, events.send)
}

// eventWriter sends events to one client.
type eventWriter struct {
	w http.ResponseWriter
	// conn is the client's connection; request is the same for reading
	// requests.
	conn, request *http.ResponseController
	begun         bool
}

func newEventWriter(w http.ResponseWriter, r *http.Request) *eventWriter {
	conn := http.NewResponseController(w)
	e := &eventWriter{w: w, conn: conn, request: conn}
	// If Caddy has a timeout for bodies, its writer enforces that regardless of
	// the handler.
	if reader, _ := caddyhttp.IdleTimeoutsFromContext(r.Context()); reader != nil {
		e.request = reader.Ctrl
	}
	return e
}

// begin sends the header.
func (e *eventWriter) begin() {
	e.begun = true
	h := e.w.Header()
	h.Set("Content-Type", "text/event-stream")
	// A compressor would take more memory per stream than everything else, and
	// proxies that wait for more data to compress would delay events.
	h.Set("Cache-Control", "no-store, no-transform")
	h.Set("X-Accel-Buffering", "no")
	h.Set("X-Content-Type-Options", "nosniff")
	e.w.WriteHeader(http.StatusOK)
}

// send sends a chunk immediately.
func (e *eventWriter) send(chunk []byte) error {
	if !e.begun {
		// The deadline for reading a request also ends it while it is answered.
		if err := supported(e.request.SetReadDeadline(time.Time{})); err != nil {
			return err
		}
		e.begin()
	}
	if err := supported(e.conn.SetWriteDeadline(time.Now().Add(sendTimeout))); err != nil {
		return err
	}
	if _, err := e.w.Write(chunk); err != nil {
		return err
	}
	if err := e.conn.Flush(); err != nil {
		return err
	}
	// HTTP/2 ends a stream whose deadline passes, even when nothing is written.
	return supported(e.conn.SetWriteDeadline(time.Time{}))
}

// supported ignores the error of connections without deadlines.
func supported(err error) error {
	if errors.Is(err, http.ErrNotSupported) {
		return nil
	}
	return err
}

// UnmarshalCaddyfile sets up the handler. Syntax:
//
//	peba_stream [<matcher>]
func (h *Stream) UnmarshalCaddyfile(d *caddyfile.Dispenser) error { return noOptions(d) }

var (
	_ caddy.Provisioner           = (*Stream)(nil)
	_ caddyhttp.MiddlewareHandler = (*Stream)(nil)
	_ caddyfile.Unmarshaler       = (*Stream)(nil)
)
