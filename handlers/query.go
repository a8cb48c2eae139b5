package handlers

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"

	"github.com/peba-edge/peba/app"
	"github.com/peba-edge/peba/content"
	"github.com/peba-edge/peba/query"
)

func init() {
	caddy.RegisterModule(new(Query))
}

// Query answers one of the questions of docs/CONTRACT.md §3. Private questions need
// peba_auth before it.
type Query struct {
	// Name of the question, the last part of its usual path, such as "retrieveIPs";
	// docs/API.md lists them.
	Name string `json:"name"`

	base
	question *query.Question
	methods  []string
}

// CaddyModule returns the Caddy module information.
func (*Query) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.handlers.peba_query",
		New: func() caddy.Module { return new(Query) },
	}
}

// Provision finds the question and the app.
func (h *Query) Provision(ctx caddy.Context) error {
	var ok bool
	if h.question, ok = query.Named(h.Name); !ok {
		return unknownQuestion(h.Name)
	}
	h.methods = []string{http.MethodGet, http.MethodHead}
	if h.question.Private {
		h.methods = append(h.methods, http.MethodPost)
	}
	return h.base.Provision(ctx)
}

// ServeHTTP answers the question with the parameters of the request.
func (h *Query) ServeHTTP(w http.ResponseWriter, r *http.Request, _ caddyhttp.Handler) error {
	values, err := parameters(r)
	if err == nil {
		err = h.answer(w, r, values)
	}
	if err != nil {
		refused := refuse(err)
		refused.log(h.logger, "answering a question failed", zap.String("question", h.Name))
		refused.write(w, h.question.ErrorMedia(values))
	}
	return nil
}

func (h *Query) answer(w http.ResponseWriter, r *http.Request, values url.Values) error {
	if h.question.Private && readerOf(r) == nil {
		return &refusal{status: http.StatusForbidden, reason: "this question is answered to private users only"}
	}
	if err := checkMethod(w, r, "", h.methods...); err != nil {
		return err
	}
	args, err := h.question.Parse(values)
	if err != nil {
		return err
	}
	reader, err := readerFor(h.app, r, args.Domain)
	if err != nil {
		return err
	}
	answer, err := h.app.Answer(r.Context(), h.question, args, reader)
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", h.cacheControl(&answer, reader))
	w.Header().Set("Last-Modified", time.Now().Add(-answer.Age).UTC().Format(http.TimeFormat))
	w.Header().Set("Server-Timing", `cache;desc="`+answer.Status.String()+`"`)
	content.Serve(w, r, h.question.Media(args), &answer.Body)
	return nil
}

// cacheControl returns how long browsers and CDNs may cache the answer. Answers
// that need a login must not be cached.
func (h *Query) cacheControl(answer *app.Answer, reader *app.Reader) string {
	seconds := int64(answer.Fresh / time.Second)
	switch {
	case reader != nil:
		return "private, no-store"
	case seconds == 0:
		return "no-cache"
	default:
		return "public, max-age=" + strconv.FormatInt(seconds, 10)
	}
}

// UnmarshalCaddyfile sets up the handler. Syntax:
//
//	peba_query [<matcher>] <name>
func (h *Query) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // the directive's name
	args := d.RemainingArgs()
	if len(args) != 1 {
		return d.Errf("peba_query has %d arguments: expected the name of one question: %s", len(args), strings.Join(query.Names(), ", "))
	}
	h.Name = args[0]
	if _, ok := query.Named(h.Name); !ok {
		return d.WrapErr(unknownQuestion(h.Name))
	}
	for d.NextBlock(0) {
		return d.Errf("peba_query takes no block: unexpected %q", d.Val())
	}
	return nil
}

func unknownQuestion(name string) error {
	return fmt.Errorf("unknown question %q: must be one of %s", name, strings.Join(query.Names(), ", "))
}

var (
	_ caddy.Provisioner           = (*Query)(nil)
	_ caddyhttp.MiddlewareHandler = (*Query)(nil)
	_ caddyfile.Unmarshaler       = (*Query)(nil)
)
