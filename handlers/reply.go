// Package handlers is the HTTP edge: one file a handler, each usable alone in a
// Caddyfile on any path.
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

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/collector"
	"github.com/peba-edge/peba/intake"
	"github.com/peba-edge/peba/query"
	"github.com/peba-edge/peba/store"
	"github.com/peba-edge/peba/stream"
)

// maxParameters is how many bytes the parameters of a request have at most: 100 honeypot
// types take 3 KB. Go's limit on a header would let 500,000 of them through.
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

// refusal is an answer that does not give what was asked for: a status, and a
// reason to show.
type refusal struct {
	status int
	// kind is one of a fixed set of words, for the log.
	kind   string
	reason string
	// retryAfter, if not zero, tells when to come again.
	retryAfter time.Duration
	// internal is set when the operator should hear of it.
	internal error
}

// Error returns the reason.
func (r *refusal) Error() string { return r.reason }

// retrySoon is for what may be over in a moment: sensors try again for minutes
// at the most.
const retrySoon = 5 * time.Second

// retryCrowded is for what others have to leave first.
const retryCrowded = 30 * time.Second

// refuse is the one place where errors become answers (contract §1, §2, §3).
func refuse(err error) *refusal {
	var (
		already *refusal
		body    *bodyError
		syntax  *alert.SyntaxError
		param   *query.ParamError
		auth    *collector.AuthError
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
	case errors.Is(err, collector.ErrPrivateDomain):
		return &refusal{status: http.StatusForbidden, kind: "private_domain", reason: collector.ErrPrivateDomain.Error()}
	case errors.Is(err, collector.ErrBusy):
		return unavailable("busy", collector.ErrBusy.Error(), nil)
	case errors.Is(err, stream.ErrShare):
		return &refusal{
			status: http.StatusTooManyRequests, kind: "crowded", reason: stream.ErrShare.Error(), retryAfter: retryCrowded,
		}
	case errors.Is(err, stream.ErrFull):
		return &refusal{
			status: http.StatusServiceUnavailable, kind: "crowded", reason: stream.ErrFull.Error(), retryAfter: retryCrowded,
		}
	case errors.Is(err, store.ErrUnavailable):
		return unavailable("store_unavailable", "the store is unavailable", err)
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return unavailable("canceled", "the request took too long", nil)
	default:
		return &refusal{status: http.StatusInternalServerError, kind: "internal", reason: "internal error", internal: err}
	}
}

// unavailable is a refusal of what may soon succeed.
func unavailable(kind, reason string, internal error) *refusal {
	return &refusal{
		status: http.StatusServiceUnavailable, kind: kind, reason: reason, retryAfter: retrySoon, internal: internal,
	}
}

// write sends the refusal as an XML result body, or as a JSON object where the
// client asked for JSON.
func (r *refusal) write(w http.ResponseWriter, media string) {
	if r.retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(r.retryAfter.Seconds()))))
	}
	w.Header().Set("Cache-Control", "no-store")
	if r.status == http.StatusNoContent {
		w.WriteHeader(r.status)
		return
	}
	if media == query.JSON {
		body, err := json.Marshal(map[string]string{"error": r.reason})
		if err != nil { // a map of texts can always be encoded
			body = nil
		}
		writeBody(w, r.status, query.JSON, body)
		return
	}
	writeBody(w, r.status, query.XML, alert.AppendResult(nil, alert.StatusError, r.reason))
}

func writeBody(w http.ResponseWriter, status int, media string, body []byte) {
	h := w.Header()
	h.Set("Content-Type", media)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	// An error here means that the client has gone: nobody is left to tell.
	_, _ = w.Write(body)
}

// checkMethod returns nil if the method is one of those allowed. Otherwise it
// tells which are: with 405 and the reason, by default their list, or with 204 to
// OPTIONS, which asks for nothing else.
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
		reason = "allowed is " + list
	}
	return &refusal{status: http.StatusMethodNotAllowed, kind: "method", reason: reason}
}

// sourceOf returns the client's address as Caddy sees it, trusted proxies
// considered; the zero Addr if it has none (a Unix socket).
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
