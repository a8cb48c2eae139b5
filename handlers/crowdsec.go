package handlers

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/peba-edge/peba/app"
	"github.com/peba-edge/peba/feed"
	"github.com/peba-edge/peba/feed/lapi"
)

func init() {
	caddy.RegisterModule(new(CrowdSec))
}

// CrowdSec answers CrowdSec's bouncers as CrowdSec's local API does: they ban the members of
// a feed. It serves v1/decisions, v1/decisions/stream, v1/usage-metrics and health, below / and
// below the name of each feed. Without a name the feed is the first that the client's token
// admits to. The token is the bouncer's api_key.
type CrowdSec struct {
	base
	clock *lapi.Clock
}

// CaddyModule returns the Caddy module information.
func (*CrowdSec) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.handlers.peba_crowdsec",
		New: func() caddy.Module { return new(CrowdSec) },
	}
}

// Provision finds the app.
func (h *CrowdSec) Provision(ctx caddy.Context) error {
	h.clock = lapi.NewClock()
	return h.base.Provision(ctx)
}

// ServeHTTP answers a path of the local API.
func (h *CrowdSec) ServeHTTP(w http.ResponseWriter, r *http.Request, _ caddyhttp.Handler) error {
	hideKey(r) // also on paths that need none
	// Some bouncers cannot decompress.
	w.Header().Set("Cache-Control", "no-store, no-transform")
	if err := h.serve(w, r); err != nil {
		refused := crowdSecError(err)
		refused.log(h.logger, "answering a bouncer failed")
		refused.writeMessage(w)
	}
	return nil
}

// serve answers a path, or returns an error before it answered.
func (h *CrowdSec) serve(w http.ResponseWriter, r *http.Request) error {
	feedName, endpoint := splitCrowdSecPath(r.URL.Path)
	switch endpoint {
	case "health", "v1/health":
		if err := checkMethod(w, r, "", http.MethodGet, http.MethodHead); err != nil {
			return err
		}
		writeCrowdSec(w, r, []byte(lapi.Health))
		return nil
	case "v1/usage-metrics":
		if err := checkMethod(w, r, "", http.MethodPost); err != nil {
			return err
		}
		if _, err := h.admit(r); err != nil {
			return err
		}
		w.WriteHeader(http.StatusCreated)
		return nil
	case "v1/decisions", "v1/decisions/stream":
		if err := checkMethod(w, r, "", http.MethodGet, http.MethodHead); err != nil {
			return err
		}
		return h.decisions(w, r, feedName, endpoint == "v1/decisions/stream")
	default:
		return &refusal{status: http.StatusNotFound, kind: "path", reason: "the local API for bouncers has no such path"}
	}
}

// splitCrowdSecPath returns the name of the feed in a path, if there is one, and the rest.
func splitCrowdSecPath(path string) (feedName, endpoint string) {
	endpoint = strings.Trim(path, "/")
	if name, rest, found := strings.Cut(endpoint, "/"); found && name != "v1" {
		return name, rest
	}
	return "", endpoint
}

// admit returns the pass of a client. Like CrowdSec it needs a key, also for public feeds:
// otherwise strangers would have cursors.
func (h *CrowdSec) admit(r *http.Request) (*feed.Pass, error) {
	pass, err := admitToFeeds(h.app, r, "")
	if err == nil && pass.Name == "" {
		return nil, feed.ErrToken
	}
	return pass, err
}

// decisions answers with decisions, or with their changes.
func (h *CrowdSec) decisions(w http.ResponseWriter, r *http.Request, feedName string, changes bool) error {
	pass, err := h.admit(r)
	if err != nil {
		return err
	}
	if feedName == "" {
		readable := h.app.FeedsFor(pass)
		if len(readable) == 0 { // its feed is no longer configured
			return app.ErrUnknownFeed
		}
		feedName = readable[0].Name
	}
	open, err := h.app.Feed(r.Context(), pass, feedName)
	if err != nil {
		return err
	}
	values, err := parameters(r)
	if err != nil {
		return err
	}
	filter, err := lapi.ParseFilter(values)
	if err != nil {
		return &refusal{status: http.StatusBadRequest, kind: "parameter", reason: err.Error()}
	}
	if changes {
		return h.stream(w, r, open.Snapshot, pass, lapi.Poll{Startup: values.Get("startup") == "true", Filter: filter})
	}
	if !filter.Within.IsSingleIP() { // what bouncers in live mode ask, for each visitor
		if err := pass.Wait(r.Context()); err != nil {
			return err
		}
	}
	body := lapi.Decisions(open.Snapshot, time.Now(), filter)
	pass.Charge(len(body))
	writeCrowdSec(w, r, body)
	return nil
}

// stream answers with changes. The client's cursor moves only if it received them.
func (h *CrowdSec) stream(w http.ResponseWriter, r *http.Request, s *feed.Snapshot, pass *feed.Pass, poll lapi.Poll) error {
	// Bouncers may share a token; each has its own address.
	key := "crowdsec/" + pass.Name + "/" + s.Feed.Name + "/" + sourceOf(r).String()
	if at, known := h.app.FeedCursor(key, s.Feed.Name); known {
		poll.Cursor = at
	}
	if poll.Startup || poll.Cursor.IsZero() { // the whole feed
		if err := pass.Wait(r.Context()); err != nil {
			return err
		}
	}
	now := time.Now()
	poll.Slack = h.clock.Slack(now, s.Feed.Duration)
	body, cursor := lapi.Stream(s, now.Round(0), poll)
	pass.Charge(len(body))
	if writeCrowdSec(w, r, body) && r.Method == http.MethodGet {
		h.app.SetFeedCursor(key, s.Feed.Name, cursor)
	}
	return nil
}

// writeCrowdSec sends an answer, and reports whether the whole was sent.
func writeCrowdSec(w http.ResponseWriter, r *http.Request, body []byte) bool {
	w.Header().Set("Content-Type", lapi.ContentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return true
	}
	if _, err := w.Write(body); err != nil {
		return false
	}
	return supported(http.NewResponseController(w).Flush()) == nil
}

// crowdSecError returns the refusal for an error. A wrong or missing key is 403, as
// bouncers expect.
func crowdSecError(err error) *refusal {
	switch {
	case errors.Is(err, feed.ErrToken):
		return &refusal{status: http.StatusForbidden, kind: "feed_token", reason: "access forbidden"}
	case errors.Is(err, app.ErrUnknownFeed):
		return &refusal{status: http.StatusNotFound, kind: "feed", reason: app.ErrUnknownFeed.Error()}
	default:
		return refuse(err)
	}
}

// writeMessage sends the refusal in the form of CrowdSec's local API.
func (r *refusal) writeMessage(w http.ResponseWriter) {
	if r.retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(r.retryAfter.Seconds())))
	}
	if r.status == http.StatusNoContent {
		w.WriteHeader(r.status)
		return
	}
	body, err := json.Marshal(map[string]string{"message": r.reason})
	if err != nil { // a map of texts can always be encoded
		body = nil
	}
	w.Header().Set("Content-Type", lapi.ContentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(r.status)
	_, _ = w.Write(body) // an error means that the client is gone
}

// UnmarshalCaddyfile sets up the handler. Syntax:
//
//	peba_crowdsec [<matcher>]
//
// Use it within handle_path.
func (h *CrowdSec) UnmarshalCaddyfile(d *caddyfile.Dispenser) error { return noOptions(d) }

var (
	_ caddy.Provisioner           = (*CrowdSec)(nil)
	_ caddyhttp.MiddlewareHandler = (*CrowdSec)(nil)
	_ caddyfile.Unmarshaler       = (*CrowdSec)(nil)
)
