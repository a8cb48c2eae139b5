package handlers

import (
	"context"
	"io"
	"net/http"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/peba-edge/peba/app"
	"github.com/peba-edge/peba/query"
	"github.com/peba-edge/peba/store"
)

func init() {
	caddy.RegisterModule(new(Auth))
}

// maxAuthBody is far above the size of an Authentication element.
const maxAuthBody = 64 << 10

// Auth admits only private users (docs/CONTRACT.md §2). They log in with HTTP Basic,
// or with the Authentication element of an EWS message as the body of a POST. It sets
// the placeholder {http.auth.user.id} to the user's name.
type Auth struct{ base }

// CaddyModule returns the Caddy module information.
func (*Auth) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.handlers.peba_auth",
		New: func() caddy.Module { return new(Auth) },
	}
}

// ServeHTTP calls the next handler for authenticated users.
func (h *Auth) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	var user string
	reader, err := h.logIn(w, r, &user)
	if err != nil {
		refused := refuse(err)
		refused.log(h.logger, "checking a login failed")
		if refused.status >= http.StatusBadRequest {
			h.app.Reject(app.Rejection{
				Handler: "peba_auth", Source: sourceOf(r), User: user,
				Status: refused.status, Reason: refused.kind, Detail: refused.reason,
			})
		}
		media := query.XML
		if values, _ := parameters(r); values.Get("out") == "json" {
			media = query.JSON // as the question would answer
		}
		refused.write(w, media)
		return nil
	}
	if repl, ok := r.Context().Value(caddy.ReplacerCtxKey).(*caddy.Replacer); ok {
		repl.Set("http.auth.user.id", reader.Name)
	}
	return next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), readerKey{}, reader)))
}

// logIn authenticates the request. It sets name to the user name sent.
func (h *Auth) logIn(w http.ResponseWriter, r *http.Request, name *string) (reader *app.Reader, err error) {
	check := func(user, token string) error {
		*name = user
		reader, err = h.app.LogIn(r.Context(), user, token, sourceOf(r))
		return err
	}
	if user, token, ok := r.BasicAuth(); ok {
		err = check(user, token)
		return reader, err
	}
	if err := checkMethod(w, r, "POST with an Authentication element is required, or HTTP Basic authentication.",
		http.MethodPost); err != nil {
		w.Header().Set("WWW-Authenticate", `Basic realm="PEBA", charset="UTF-8"`)
		return nil, err
	}
	b, err := enter(h.app, w, r, maxAuthBody)
	if err != nil {
		return nil, err
	}
	defer b.leave()
	message, err := b.decode(check)
	if b.read == 0 && b.err == io.EOF {
		return nil, &refusal{status: http.StatusForbidden, kind: "credentials", reason: "no credentials: expected an Authentication element or HTTP Basic authentication"}
	}
	if err == nil && reader == nil { // no credentials came
		err = check(message.Username, message.Token)
	}
	if err != nil {
		b.drain(err)
		return nil, err
	}
	return reader, nil
}

// UnmarshalCaddyfile sets up the handler. Syntax:
//
//	peba_auth [<matcher>]
func (h *Auth) UnmarshalCaddyfile(d *caddyfile.Dispenser) error { return noOptions(d) }

// readerKey is the context key of the authenticated private user.
type readerKey struct{}

// readerOf returns the user authenticated by Auth, or nil.
func readerOf(r *http.Request) *app.Reader {
	reader, _ := r.Context().Value(readerKey{}).(*app.Reader)
	return reader
}

// readerFor returns the user who asks for a domain's alerts, authenticated by Auth or, if
// the operator hides that domain, by HTTP Basic; otherwise nil.
func readerFor(app *app.App, r *http.Request, domain store.Domain) (*app.Reader, error) {
	if reader := readerOf(r); reader != nil || !app.Hides(domain) {
		return reader, nil
	}
	user, token, ok := r.BasicAuth()
	if !ok {
		return nil, nil
	}
	return app.LogIn(r.Context(), user, token, sourceOf(r))
}

// noOptions parses a directive without arguments and block.
func noOptions(d *caddyfile.Dispenser) error {
	d.Next()
	name := d.Val()
	if d.NextArg() {
		return d.Errf("%s takes no argument: unexpected %q", name, d.Val())
	}
	for d.NextBlock(0) {
		return d.Errf("%s takes no block: unexpected %q", name, d.Val())
	}
	return nil
}

var (
	_ caddy.Provisioner           = (*Auth)(nil)
	_ caddyhttp.MiddlewareHandler = (*Auth)(nil)
	_ caddyfile.Unmarshaler       = (*Auth)(nil)
)
