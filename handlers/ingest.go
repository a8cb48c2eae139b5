package handlers

import (
	"fmt"
	"mime"
	"net/http"
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
	bodies bodies
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
	h.bodies.most = h.MaxBody
	var err error
	h.app, err = findApp(ctx)
	return err
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
	text, err := h.ingest(w, r)
	if err != nil {
		refused := refuse(err)
		if refused.internal != nil {
			h.logger.Error("a message could not be taken in", zap.Error(refused.internal))
		}
		if refused.status >= http.StatusBadRequest {
			collector.CountRefused(strconv.Itoa(refused.status))
		}
		refused.write(w, "")
		return nil
	}
	writeBody(w, http.StatusOK, "text/xml; charset=utf-8", alert.AppendResult(nil, alert.StatusOK, text))
	return nil
}

// ingest takes in a message, and returns the text to answer.
func (h *Ingest) ingest(w http.ResponseWriter, r *http.Request) (text string, err error) {
	if err := checkMethod(w, r, "POST is required for this action.", http.MethodPost); err != nil {
		return "", err
	}
	if err := checkContent(r.Header); err != nil {
		return "", err
	}
	message, err := h.bodies.message(w, r)
	if err != nil {
		return "", err
	}
	return message.ResultText(), h.app.Ingest(r.Context(), message, sourceOf(r), r.UserAgent())
}

// checkContent refuses bodies that say that they are not plain XML. Any other
// type is taken for XML: not all clients send one.
func checkContent(h http.Header) error {
	if encoding := h.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return &refusal{
			status: http.StatusBadRequest,
			reason: fmt.Sprintf("Content-Encoding is %q: allowed is none", query.Clip(encoding)),
		}
	}
	// What cannot be read is no form either: then media is empty.
	media, _, _ := mime.ParseMediaType(h.Get("Content-Type"))
	if media == "application/x-www-form-urlencoded" || strings.HasPrefix(media, "multipart/") {
		return &refusal{
			status: http.StatusBadRequest,
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
			return d.Errf("peba_ingest: unknown option %q: allowed is max_body", d.Val())
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
