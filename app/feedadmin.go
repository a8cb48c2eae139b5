package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/caddyserver/caddy/v2"

	"github.com/peba-edge/peba/feed"
	"github.com/peba-edge/peba/query"
	"github.com/peba-edge/peba/store"
)

// Paths of the feeds in the admin API. GET lists, POST adds; DELETE below a path removes
// the named one.
const (
	FeedsPath          = "/peba/feeds"
	FeedLookupPath     = "/peba/feed-lookup" // with the parameter ip
	FeedTokensPath     = "/peba/feed-tokens"
	FeedAllowancesPath = "/peba/feed-allowances"
)

// Bounds of what operators write.
const (
	maxTokenName = 64
	maxReason    = 500
)

// FeedInfo describes a feed in the admin API.
type FeedInfo struct {
	Name string `json:"name"`
	// At is the time up to which alerts count; zero if it was never computed.
	At     time.Time `json:"at"`
	Size   int       `json:"size"`
	Access string    `json:"access"`
}

// NewFeedToken is the body of a POST for a token.
type NewFeedToken struct {
	Name string `json:"name"`
	// Feed is the only feed that the token admits to; empty: all.
	Feed string `json:"feed,omitempty"`
}

// FeedTokenInfo describes a token in the admin API.
type FeedTokenInfo struct {
	Name    string    `json:"name"`
	Feed    string    `json:"feed,omitempty"`
	Created time.Time `json:"created"`
	// LastUsed is zero if the token was never used. Its resolution is a minute.
	LastUsed time.Time `json:"last_used,omitzero"`
	// Token is the token itself, only in the answer to POST.
	Token string `json:"token,omitempty"`
}

// NewFeedAllowance is the body of a POST for an allowance.
type NewFeedAllowance struct {
	// CIDR is an address or a network.
	CIDR   string `json:"cidr"`
	Reason string `json:"reason"`
	// Until is when the allowance ends; zero: never.
	Until time.Time `json:"until,omitzero"`
}

func (api *AdminAPI) serveFeeds(w http.ResponseWriter, r *http.Request) error {
	app, err := api.running(r)
	if err != nil {
		return err
	}
	if r.Method != http.MethodGet {
		return methodNotAllowed(r, "GET")
	}
	infos := make([]FeedInfo, 0, len(app.feedDefinitions))
	for i := range app.feedDefinitions {
		d := &app.feedDefinitions[i]
		info := FeedInfo{Name: d.Name, Access: accessToken}
		if d.Public {
			info.Access = accessPublic
		}
		if s := app.feeds.engine.Snapshot(d.Name); s != nil {
			info.At, info.Size = s.At, len(s.Members)
		}
		infos = append(infos, info)
	}
	return writeJSON(w, infos)
}

// serveFeedLookup answers as the question feedLookup does.
func (api *AdminAPI) serveFeedLookup(w http.ResponseWriter, r *http.Request) error {
	app, err := api.running(r)
	if err != nil {
		return err
	}
	if r.Method != http.MethodGet {
		return methodNotAllowed(r, "GET")
	}
	q, _ := query.Named("feedLookup")
	args, err := q.Parse(r.URL.Query())
	if err != nil {
		return badRequest(err)
	}
	body, err := q.Ask(r.Context(), app.input(args, time.Now().UTC()))
	if err != nil {
		return apiError(err)
	}
	return writeJSON(w, json.RawMessage(body))
}

func (api *AdminAPI) serveFeedTokens(w http.ResponseWriter, r *http.Request) error {
	app, err := api.running(r)
	if err != nil {
		return err
	}
	name, err := nameBelow(r, FeedTokensPath)
	if err != nil {
		return err
	}
	switch {
	case r.Method == http.MethodGet && name == "":
		return app.listFeedTokens(w, r)
	case r.Method == http.MethodPost && name == "":
		return app.addFeedToken(w, r)
	case r.Method == http.MethodDelete && name != "":
		err := store.Delete[store.FeedToken](r.Context(), app.store, name)
		app.feeds.tokens.Forget()
		return deleted(w, "feed token", name, err)
	default:
		return methodNotAllowed(r, "GET, POST, or DELETE of a name")
	}
}

func (a *App) listFeedTokens(w http.ResponseWriter, r *http.Request) error {
	infos := []FeedTokenInfo{}
	err := store.Each(r.Context(), a.store, store.Listing{}, func(t store.FeedToken) error {
		infos = append(infos, FeedTokenInfo{Name: t.Name, Feed: t.Feed, Created: t.Created, LastUsed: a.feeds.clients.LastUsed(t.Name)})
		return nil
	})
	if err != nil {
		return apiError(err)
	}
	return writeJSON(w, infos)
}

func (a *App) addFeedToken(w http.ResponseWriter, r *http.Request) error {
	var wanted NewFeedToken
	if err := readBody(r, "feed token", &wanted); err != nil {
		return err
	}
	if err := checkTokenName(wanted.Name); err != nil {
		return badRequest(err)
	}
	if wanted.Feed != "" && !slices.Contains(a.feedNames(), wanted.Feed) {
		return badRequest(fmt.Errorf("feed: unknown feed %q: must be one of %s", wanted.Feed, strings.Join(a.feedNames(), ", ")))
	}
	switch _, err := store.Get[store.FeedToken](r.Context(), a.store, wanted.Name); {
	case err == nil:
		return caddy.APIError{HTTPStatus: http.StatusConflict, Err: fmt.Errorf("feed token %q exists; revoke it first, or choose another name", wanted.Name)}
	case !errors.Is(err, store.ErrNotFound):
		return apiError(err)
	}
	token, record, err := feed.NewToken(wanted.Name, wanted.Feed, time.Now())
	if err != nil {
		return err
	}
	if err := a.store.PutRecords(r.Context(), record); err != nil {
		return apiError(err)
	}
	a.feeds.tokens.Forget()
	return writeJSON(w, FeedTokenInfo{Name: record.Name, Feed: record.Feed, Created: record.Created, Token: token})
}

func (a *App) feedNames() []string {
	var names []string
	for i := range a.feedDefinitions {
		names = append(names, a.feedDefinitions[i].Name)
	}
	return names
}

func (api *AdminAPI) serveFeedAllowances(w http.ResponseWriter, r *http.Request) error {
	app, err := api.running(r)
	if err != nil {
		return err
	}
	name, err := nameBelow(r, FeedAllowancesPath)
	if err != nil {
		return err
	}
	switch {
	case r.Method == http.MethodGet && name == "":
		list, err := app.FeedAllowances(r.Context())
		if err != nil {
			return apiError(err)
		}
		return writeJSON(w, list)
	case r.Method == http.MethodPost && name == "":
		var wanted NewFeedAllowance
		if err := readBody(r, "allowance", &wanted); err != nil {
			return err
		}
		allowed, err := app.AllowInFeeds(r.Context(), wanted, "the command line")
		if err != nil {
			return allowanceError(err)
		}
		return writeJSON(w, allowed)
	case r.Method == http.MethodDelete && name != "":
		err := app.RemoveAllowance(r.Context(), name, "the command line")
		if err == nil || errors.Is(err, store.ErrNotFound) {
			return deleted(w, "allowance for", name, err)
		}
		return allowanceError(err)
	default:
		return methodNotAllowed(r, "GET, POST, or DELETE of a network")
	}
}

func allowanceError(err error) error {
	var invalid *AllowanceError
	if errors.As(err, &invalid) {
		return badRequest(err)
	}
	return apiError(err)
}

// nameBelow returns the rest of the path below a prefix.
func nameBelow(r *http.Request, prefix string) (string, error) {
	name, err := url.PathUnescape(strings.TrimPrefix(strings.TrimPrefix(r.URL.EscapedPath(), prefix), "/"))
	if err != nil {
		return "", badRequest(fmt.Errorf("path: %w", err))
	}
	return name, nil
}

// deleted answers a DELETE.
func deleted(w http.ResponseWriter, what, name string, err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return caddy.APIError{HTTPStatus: http.StatusNotFound, Err: fmt.Errorf("there is no %s %q", what, name)}
	}
	if err != nil {
		return apiError(err)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// readBody decodes the JSON body of a request, which is what.
func readBody(r *http.Request, what string, to any) error {
	decoder := json.NewDecoder(http.MaxBytesReader(nil, r.Body, 64<<10))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(to); err != nil {
		return badRequest(fmt.Errorf("reading the %s: %w", what, err))
	}
	return nil
}

func checkTokenName(name string) error {
	if name == "" || len(name) > maxTokenName {
		return fmt.Errorf("token name has %d bytes: must have 1 to %d", len(name), maxTokenName)
	}
	return checkPrintable("token name", name)
}

// checkPrintable rejects texts that are not one line of printable characters.
func checkPrintable(what, text string) error {
	for _, r := range text {
		if !unicode.IsPrint(r) || r == unicode.ReplacementChar {
			return fmt.Errorf("%s %q has the character %q: must be printable", what, text, r)
		}
	}
	return nil
}
