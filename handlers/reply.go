// Package handlers has the HTTP handlers, one file each. Each works alone in a
// Caddyfile, on any path.
package handlers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/app"
	"github.com/peba-edge/peba/content"
	"github.com/peba-edge/peba/feed"
	"github.com/peba-edge/peba/intake"
	"github.com/peba-edge/peba/login"
	"github.com/peba-edge/peba/query"
	"github.com/peba-edge/peba/store"
	"github.com/peba-edge/peba/stream"
)

// maxParameters is the maximum size of a request's parameters in bytes: 100 honeypot
// types take 3 KB. Go's limit on headers would allow 500,000 parameters.
const maxParameters = 32 << 10

// parameters returns the parameters of a request.
func parameters(r *http.Request) (url.Values, error) {
	if n := len(r.URL.RawQuery); n > maxParameters {
		return nil, &refusal{
			status: http.StatusRequestURITooLong,
			reason: fmt.Sprintf("the parameters have %d bytes: must be at most %d", n, maxParameters),
		}
	}
	return r.URL.Query(), nil
}

// refusal is an error answer: a status, and a reason to show.
type refusal struct {
	status int
	// kind is one of a fixed set of words, for the log.
	kind   string
	reason string
	// retryAfter, if not zero, is when to retry.
	retryAfter time.Duration
	// internal is set if the error is to be logged for the operator.
	internal error
}

// Error returns the reason.
func (r *refusal) Error() string { return r.reason }

// retrySoon is for short problems: sensors retry only for minutes.
const retrySoon = 5 * time.Second

// retryCrowded is for limits that other clients have used up.
const retryCrowded = 30 * time.Second

// refuse is the only place where errors become answers (docs/CONTRACT.md §1, §2,
// §3).
func refuse(err error) *refusal {
	var (
		already *refusal
		body    *bodyError
		syntax  *alert.SyntaxError
		param   *query.ParamError
		auth    *login.Error
		tooBig  *http.MaxBytesError
		handler caddyhttp.HandlerError
	)
	switch {
	case errors.As(err, &already):
		return already
	case errors.As(err, &tooBig):
		return &refusal{
			status: http.StatusRequestEntityTooLarge, kind: "body_too_large",
			reason: "the body is larger than " + strconv.FormatInt(tooBig.Limit, 10) + " bytes",
		}
	case errors.As(err, &handler) && handler.StatusCode == http.StatusRequestEntityTooLarge:
		return &refusal{status: handler.StatusCode, kind: "body_too_large", reason: "the body is too large"}
	case errors.Is(err, intake.ErrCrowded):
		return unavailable("crowded", err.Error(), nil)
	case errors.Is(err, intake.ErrUnverified):
		return &refusal{
			status: http.StatusForbidden, kind: "credentials_late",
			reason: fmt.Sprintf("no credentials in the first %d bytes: a larger message must begin with its Authentication element",
				intake.MaxUnverified),
		}
	case errors.As(err, &body):
		return &refusal{status: body.status(), kind: body.kind(), reason: body.Error()}
	case errors.As(err, &syntax):
		return &refusal{status: http.StatusBadRequest, kind: "malformed", reason: syntax.Error()}
	case errors.As(err, &param):
		return &refusal{status: http.StatusBadRequest, kind: "parameter", reason: param.Error()}
	case errors.As(err, &auth) && auth.RetryAfter > 0:
		return &refusal{
			status: http.StatusTooManyRequests, kind: "too_many_wrong_logins", reason: auth.Reason, retryAfter: auth.RetryAfter,
		}
	case errors.As(err, &auth):
		return &refusal{status: http.StatusForbidden, kind: "credentials", reason: auth.Reason}
	case errors.Is(err, app.ErrPrivateDomain):
		return &refusal{status: http.StatusForbidden, kind: "private_domain", reason: app.ErrPrivateDomain.Error()}
	case errors.Is(err, login.ErrBusy):
		return unavailable("busy", login.ErrBusy.Error(), nil)
	case errors.Is(err, stream.ErrShare):
		return &refusal{
			status: http.StatusTooManyRequests, kind: "crowded", reason: stream.ErrShare.Error(), retryAfter: retryCrowded,
		}
	case errors.Is(err, stream.ErrFull):
		return &refusal{
			status: http.StatusServiceUnavailable, kind: "crowded", reason: stream.ErrFull.Error(), retryAfter: retryCrowded,
		}
	case errors.Is(err, feed.ErrTooMany):
		return &refusal{status: http.StatusTooManyRequests, kind: "feed_variants", reason: feed.ErrTooMany.Error(), retryAfter: retryCrowded}
	case errors.Is(err, app.ErrFeedStarting):
		return unavailable("feed_starting", app.ErrFeedStarting.Error(), nil)
	case errors.Is(err, store.ErrUnavailable):
		return unavailable("store_unavailable", "the store is unavailable", err)
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return unavailable("canceled", "the request took too long", nil)
	default:
		return &refusal{status: http.StatusInternalServerError, kind: "internal", reason: "internal error", internal: err}
	}
}

// log writes the error for the operator, if there is one; what says what failed.
func (r *refusal) log(logger *zap.Logger, what string, fields ...zap.Field) {
	if r.internal != nil {
		logger.Error(what, append(fields, zap.Error(r.internal))...)
	}
}

// unavailable returns a refusal of a request that may soon succeed.
func unavailable(kind, reason string, internal error) *refusal {
	return &refusal{
		status: http.StatusServiceUnavailable, kind: kind, reason: reason, retryAfter: retrySoon, internal: internal,
	}
}

// write sends the refusal as an XML result body, or as a JSON object if the
// client asked for JSON.
func (r *refusal) write(w http.ResponseWriter, media string) {
	r.setHeaders(w)
	if r.status == http.StatusNoContent {
		w.WriteHeader(r.status)
		return
	}
	if media == query.JSON {
		body, err := json.Marshal(map[string]string{"error": r.reason})
		if err != nil { // a map of texts can always be encoded
			body = nil
		}
		content.Write(w, r.status, query.JSON, body)
		return
	}
	content.Write(w, r.status, query.XML, alert.AppendResult(nil, alert.StatusError, r.reason))
}

// setHeaders sets the headers of the refusal.
func (r *refusal) setHeaders(w http.ResponseWriter) {
	if r.retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(r.retryAfter.Seconds()))))
	}
	w.Header().Set("Cache-Control", "no-store")
}

// checkMethod returns nil for an allowed method. Otherwise it lists the allowed
// ones: with 204 for OPTIONS, and with 405 and the reason, by default their list,
// for others.
func checkMethod(w http.ResponseWriter, r *http.Request, reason string, allowed ...string) error {
	if slices.Contains(allowed, r.Method) {
		return nil
	}
	list := strings.Join(allowed, ", ")
	w.Header().Set("Allow", list)
	if r.Method == http.MethodOptions {
		return &refusal{status: http.StatusNoContent}
	}
	if reason == "" {
		reason = "must be " + list
	}
	return &refusal{status: http.StatusMethodNotAllowed, kind: "method", reason: reason}
}

// sourceOf returns the client's address as seen by Caddy, considering trusted
// proxies; the zero Addr if there is none (a Unix socket).
func sourceOf(r *http.Request) netip.Addr {
	text, _ := caddyhttp.GetVar(r.Context(), caddyhttp.ClientIPVarKey).(string)
	if text == "" {
		text = r.RemoteAddr
		if addrPort, err := netip.ParseAddrPort(text); err == nil {
			return addrPort.Addr()
		}
	}
	addr, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Addr{}
	}
	return addr
}
