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

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/app"
	"github.com/peba-edge/peba/content"
	"github.com/peba-edge/peba/login"
	"github.com/peba-edge/peba/query"
)

func init() {
	caddy.RegisterModule(new(Ingest))
}

// defaultMaxBody has room for a message with 18 of the largest payloads that sensors send
// (13.4 MB of text each, docs/CONTRACT.md §1). Only a part is held in memory: see
// alert.Limits.Held.
const defaultMaxBody = 256 << 20

// Ingest accepts messages of honeypot sensors (EWS XML by POST) and answers OK only if
// their alerts are stored durably.
type Ingest struct {
	// Maximum request body size in bytes; larger bodies get 413. Payloads that exceed
	// 16 MiB of base64, or 64 MiB in one message, are dropped and their alerts stored.
	// Default: 256 MiB.
	MaxBody int64 `json:"max_body,omitempty"`

	base
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
	if h.MaxBody == 0 {
		h.MaxBody = defaultMaxBody
	}
	if err := h.base.Provision(ctx); err != nil {
		return err
	}
	h.app.Intake().Fit(min(h.MaxBody, maxHeld()))
	return nil
}

// Validate checks the limit.
func (h *Ingest) Validate() error {
	if h.MaxBody < 0 {
		return fmt.Errorf("max_body: got %d, must be at least 1", h.MaxBody)
	}
	return nil
}

// ServeHTTP answers one message (docs/CONTRACT.md §1).
func (h *Ingest) ServeHTTP(w http.ResponseWriter, r *http.Request, _ caddyhttp.Handler) error {
	from := delivery{source: sourceOf(r)}
	if err := h.ingest(w, r, &from); err != nil {
		refused := refuse(err)
		refused.log(h.logger, "accepting a message failed")
		if refused.status >= http.StatusBadRequest {
			app.CountRefused(strconv.Itoa(refused.status))
			h.app.Reject(app.Rejection{
				Handler: "peba_ingest", Source: from.source, User: from.user, LoggedIn: from.sender != nil,
				Status: refused.status, Reason: refused.kind, Detail: refused.reason,
			})
		}
		refused.write(w, "")
		return nil
	}
	content.Write(w, http.StatusOK, "text/xml; charset=utf-8", alert.AppendResult(nil, alert.StatusOK, from.text))
	return nil
}

// delivery describes the sender of a message.
type delivery struct {
	source netip.Addr
	user   string
	sender *app.Sender // nil before a correct login
	text   string      // of the answer to a stored message
	// wrong is the login error of a message that is still read.
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

// begin checks everything that does not need the body.
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

// logIn checks credentials. If they are wrong, it returns the error, and reading
// ends. A message small enough to be read without verification is still read: it may
// come from a misconfigured sensor, whose alerts are counted.
func (h *Ingest) logIn(b *body, from *delivery, user, token string) error {
	sender, err := h.app.LogInSender(b.request.Context(), user, token, from.source)
	from.sender = sender
	var wrong *login.Error
	if errors.As(err, &wrong) && b.fitsUnverified() {
		from.wrong, err = err, nil
	}
	return err
}

// checkContent rejects bodies with a type or encoding other than plain XML. A
// missing type is accepted: not all clients send one.
func checkContent(h http.Header) error {
	if encoding := h.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return &refusal{
			status: http.StatusBadRequest, kind: "content_encoding",
			reason: fmt.Sprintf("Content-Encoding: got %q, must be none", query.Clip(encoding)),
		}
	}
	// An invalid type is not a form either: media is then empty.
	media, _, _ := mime.ParseMediaType(h.Get("Content-Type"))
	if media == "application/x-www-form-urlencoded" || strings.HasPrefix(media, "multipart/") {
		return &refusal{
			status: http.StatusBadRequest, kind: "content_type",
			reason: fmt.Sprintf("Content-Type: got %q, must be text/xml", query.Clip(media)),
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
			size, err := parseSize(d)
			if err != nil {
				return err
			}
			h.MaxBody = size
		default:
			return app.UnknownOption(d, "peba_ingest", "max_body")
		}
	}
	return nil
}

// parseSize parses the only argument of the current option as a number of
// bytes.
func parseSize(d *caddyfile.Dispenser) (int64, error) {
	option := d.Val()
	args := d.RemainingArgs()
	if len(args) != 1 {
		return 0, d.Errf("%s has %d arguments: expected %s <size>", option, len(args), option)
	}
	size, err := humanize.ParseBytes(args[0])
	if err != nil || size == 0 || size > 1<<40 {
		return 0, d.Errf("%s: got %q, must be a size such as 64MiB, up to 1TiB", option, args[0])
	}
	return int64(size), nil
}

var (
	_ caddy.Provisioner           = (*Ingest)(nil)
	_ caddy.Validator             = (*Ingest)(nil)
	_ caddyhttp.MiddlewareHandler = (*Ingest)(nil)
	_ caddyfile.Unmarshaler       = (*Ingest)(nil)
)
