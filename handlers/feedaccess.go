package handlers

import (
	"errors"
	"net/http"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/peba-edge/peba/app"
	"github.com/peba-edge/peba/content"
	"github.com/peba-edge/peba/feed"
	"github.com/peba-edge/peba/query"
)

// feedFiles is what the handlers have in common that serve feeds as files.
type feedFiles struct {
	base
	modified *feedTimes
}

// Provision finds the app.
func (h *feedFiles) Provision(ctx caddy.Context) error {
	h.modified = newFeedTimes()
	return h.base.Provision(ctx)
}

// refuse answers with an error.
func (h *feedFiles) refuse(w http.ResponseWriter, err error) {
	refused := refuse(err)
	refused.log(h.logger, "serving a feed failed")
	refused.write(w, query.JSON)
}

// file sends a variant of a feed.
func (h *feedFiles) file(w http.ResponseWriter, r *http.Request, pass *feed.Pass, open *app.OpenFeed, media string, v app.Variant) error {
	body, err := open.Body(r.Context(), pass, v)
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", feedCaching(pass))
	content.ServeModified(w, r, media, body, h.modified.since(open.Feed.Name+" "+v.Key, body, open.At))
	return nil
}

// feedToken returns the feed token of a request: the header X-Api-Key, a Bearer token, or the
// password of HTTP Basic, whose user name does not matter; empty if there is none.
func feedToken(r *http.Request) string {
	if key := r.Header.Get("X-Api-Key"); key != "" {
		return key
	}
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(token)
	}
	_, password, _ := r.BasicAuth()
	return password
}

// admitToFeeds returns the pass of a request, by its headers or by the token in its path,
// if there is one. The error wraps feed.ErrToken if the token is wrong.
func admitToFeeds(a *app.App, r *http.Request, inPath string) (*feed.Pass, error) {
	token := inPath
	if token == "" {
		token = feedToken(r)
	}
	if inPath != "" {
		skipLog(r)
	}
	hideKey(r)
	return a.AdmitToFeeds(r.Context(), token)
}

// cutToken splits a path without its first slash, such as t/TOKEN/rest, into the token, if
// there is one, and the rest.
func cutToken(path string) (token, rest string) {
	if after, found := strings.CutPrefix(path, "t/"); found {
		token, rest, _ = strings.Cut(after, "/")
		return token, rest
	}
	return "", path
}

// hideKey keeps a request with the header X-Api-Key out of Caddy's access log, which would
// show it.
func hideKey(r *http.Request) {
	if r.Header.Get("X-Api-Key") != "" {
		skipLog(r)
	}
}

func skipLog(r *http.Request) { caddyhttp.SetVar(r.Context(), caddyhttp.LogSkipVar, true) }

// feedError returns the refusal for an error of admitToFeeds or of App.Feed. Clients
// without a token are asked for one, and firewalls stop using a list that answers 401:
// so only a wrong or missing token does.
func feedError(w http.ResponseWriter, pass *feed.Pass, err error) *refusal {
	switch {
	case errors.Is(err, feed.ErrToken), errors.Is(err, app.ErrUnknownFeed) && pass.Name == "":
		w.Header().Add("WWW-Authenticate", `Basic realm="PEBA feeds", charset="UTF-8"`)
		w.Header().Add("WWW-Authenticate", `Bearer realm="PEBA feeds"`)
		return &refusal{status: http.StatusUnauthorized, kind: "feed_token", reason: "a feed token is missing or wrong: " +
			"send it as the password of HTTP Basic, as a Bearer token, or in the header X-Api-Key"}
	case errors.Is(err, app.ErrUnknownFeed):
		return &refusal{status: http.StatusNotFound, kind: "feed", reason: app.ErrUnknownFeed.Error()}
	default:
		return refuse(err)
	}
}
