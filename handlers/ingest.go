package handlers

import (
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/netip"
	"strconv"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/dustin/go-humanize"
	"go.uber.org/zap"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/collector"
	"github.com/peba-edge/peba/query"
)

func init() {
	caddy.RegisterModule(new(Ingest))
}

// defaultMaxBody has room for a message with 18 of the largest payloads that sensors
// send (13.4 MB of text each, contract §1). Less of it is held: see alert.Limits.Held.
const defaultMaxBody = 256 << 20

// Ingest takes in the messages of honeypot sensors (EWS XML by POST) and answers
// OK when their alerts are stored durably, and only then.
type Ingest struct {
	// Maximum request body size in bytes; larger bodies get 413. Payloads that exceed
	// 16 MiB of base64, or 64 MiB in one message, are dropped and their alerts stored.
	// Default: 256 MiB.
	MaxBody int64 `json:"max_body,omitempty"`

	app    *collector.App
	logger *zap.Logger
}

// CaddyModule returns the Caddy module information.
func (*Ingest) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.handlers.peba_ingest",
		New: func() caddy.Module { return new(Ingest) },
	}
}

// Provision finds the app.
func (h *Ingest) Provision(ctx caddy.Context) error {
	h.logger = collector.RequestLogger(ctx)
	if h.MaxBody == 0 {
		h.MaxBody = defaultMaxBody
	}
	var err error
	if h.app, err = findApp(ctx); err != nil {
		return err
	}
	h.app.Intake().Fit(min(h.MaxBody, mostHeld()))
	return nil
}

// Validate checks the limit.
func (h *Ingest) Validate() error {
	if h.MaxBody < 0 {
		return fmt.Errorf("max_body is %d: allowed is 1 or more", h.MaxBody)
	}
	return nil
}

// ServeHTTP answers one message (contract §1).
func (h *Ingest) ServeHTTP(w http.ResponseWriter, r *http.Request, _ caddyhttp.Handler) error {
	from := delivery{source: sourceOf(r)}
	if err := h.ingest(w, r, &from); err != nil {
		refused := refuse(err)
		if refused.internal != nil {
			h.logger.Error("a message could not be taken in", zap.Error(refused.internal))
		}
		if refused.status >= http.StatusBadRequest {
			collector.CountRefused(strconv.Itoa(refused.status))
			h.app.Reject(collector.Rejection{
				Handler: "peba_ingest", Source: from.source, User: from.user, LoggedIn: from.sender != nil,
				Status: refused.status, Reason: refused.kind, Detail: refused.reason,
			})
		}
		refused.write(w, "")
		return nil
	}
	writeBody(w, http.StatusOK, "text/xml; charset=utf-8", alert.AppendResult(nil, alert.StatusOK, from.text))
	return nil
}

// delivery is what becomes known of who sends a message.
type delivery struct {
	source netip.Addr
	user   string
	sender *collector.Sender // nil until the log-in was right
	text   string            // of the answer to a message that was stored
	// wrong is why the log-in was not right, where the message is read all the same.
	wrong error
}

func (h *Ingest) ingest(w http.ResponseWriter, r *http.Request, from *delivery) error {
	b, err := h.begin(w, r)
	if err != nil {
		drainUnread(w, r)
		return err
	}
	defer b.leave()
	if err = checkContent(r.Header); err == nil {
		err = h.receive(b, from)
	}
	if err != nil {
		b.drain(err)
	}
	return err
}

// begin checks what can be checked before the body is read.
func (h *Ingest) begin(w http.ResponseWriter, r *http.Request) (*body, error) {
	if err := checkMethod(w, r, "POST is required for this action.", http.MethodPost); err != nil {
		return nil, err
	}
	return enter(h.app, w, r, h.MaxBody)
}

// receive reads a message and stores it.
func (h *Ingest) receive(b *body, from *delivery) error {
	ctx := b.request.Context()
	message, err := b.decode(func(user, token string) error {
		from.user = user
		err := h.logIn(b, from, user, token)
		if err == nil && from.sender != nil {
			err = b.admit()
		}
		return err
	})
	if err != nil {
		return err
	}
	if from.sender == nil && from.wrong == nil { // no credentials came
		if err := h.logIn(b, from, message.Username, message.Token); err != nil {
			return err
		}
	}
	if from.wrong != nil {
		h.app.CountWrong(message)
		return from.wrong
	}
	from.text = message.ResultText()
	return h.app.Ingest(ctx, message, from.sender, b.request.UserAgent())
}

// logIn checks credentials. If they are wrong, it returns the error and reading ends,
// but not for a message small enough to be read before: it may come from a sensor
// that is set up wrongly, for which its alerts are counted.
func (h *Ingest) logIn(b *body, from *delivery, user, token string) error {
	sender, err := h.app.LogInSender(b.request.Context(), user, token, from.source)
	from.sender = sender
	var wrong *collector.AuthError
	if errors.As(err, &wrong) && b.fitsUnverified() {
		from.wrong, err = err, nil
	}
	return err
}

// checkContent refuses bodies that say that they are not plain XML. Any other
// type is taken for XML: not all clients send one.
func checkContent(h http.Header) error {
	if encoding := h.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return &refusal{
			status: http.StatusBadRequest, kind: "content_encoding",
			reason: fmt.Sprintf("Content-Encoding is %q: allowed is none", query.Clip(encoding)),
		}
	}
	// What cannot be read is no form either: then media is empty.
	media, _, _ := mime.ParseMediaType(h.Get("Content-Type"))
	if media == "application/x-www-form-urlencoded" || strings.HasPrefix(media, "multipart/") {
		return &refusal{
			status: http.StatusBadRequest, kind: "content_type",
			reason: fmt.Sprintf("Content-Type is %q: allowed is text/xml", query.Clip(media)),
		}
	}
	return nil
}

// UnmarshalCaddyfile sets up the handler. Syntax:
//
//	peba_ingest [<matcher>] {
//	    max_body <size>
//	}
func (h *Ingest) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // the directive's name
	if d.NextArg() {
		return d.Errf("peba_ingest takes no argument: unexpected %q", d.Val())
	}
	for d.NextBlock(0) {
		switch d.Val() {
		case "max_body":
			if h.MaxBody != 0 {
				return d.Err("peba_ingest: max_body is given twice")
			}
			size, err := ParseSize(d)
			if err != nil {
				return err
			}
			h.MaxBody = size
		default:
			return collector.UnknownOption(d, "peba_ingest", "max_body")
		}
	}
	return nil
}

// ParseSize reads the one argument of the present option as a number of bytes.
func ParseSize(d *caddyfile.Dispenser) (int64, error) {
	option := d.Val()
	args := d.RemainingArgs()
	if len(args) != 1 {
		return 0, d.Errf("%s has %d arguments: allowed is %s <size>", option, len(args), option)
	}
	size, err := humanize.ParseBytes(args[0])
	if err != nil || size == 0 || size > 1<<40 {
		return 0, d.Errf("%s is %q: allowed is a size such as 64MiB, up to 1TiB", option, args[0])
	}
	return int64(size), nil
}

// findApp returns the app that all handlers share.
func findApp(ctx caddy.Context) (*collector.App, error) {
	app, err := ctx.App("peba")
	if err != nil {
		return nil, err
	}
	return app.(*collector.App), nil
}

var (
	_ caddy.Provisioner           = (*Ingest)(nil)
	_ caddy.Validator             = (*Ingest)(nil)
	_ caddyhttp.MiddlewareHandler = (*Ingest)(nil)
	_ caddyfile.Unmarshaler       = (*Ingest)(nil)
)
