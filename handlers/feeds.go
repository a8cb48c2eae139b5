package handlers

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/peba-edge/peba/app"
	"github.com/peba-edge/peba/content"
	"github.com/peba-edge/peba/feed"
	"github.com/peba-edge/peba/feed/lists"
	"github.com/peba-edge/peba/query"
)

func init() {
	caddy.RegisterModule(new(Feeds))
}

// publicFeedAge is how long others may keep a public feed, such as a CDN.
const publicFeedAge = "public, max-age=30"

// Feeds serves feeds as lists for firewalls, SIEMs and scripts. /NAME.SUFFIX is the feed of
// that name in the format with that suffix, such as /blocklist.txt; docs/FEEDS.md has the
// formats. / lists the feeds that the client may read. Clients send their token as the
// password of HTTP Basic, as a Bearer token, in the header X-Api-Key, or before the rest of
// the path, as in /t/TOKEN/blocklist.txt.
type Feeds struct{ feedFiles }

// CaddyModule returns the Caddy module information.
func (*Feeds) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.handlers.peba_feeds",
		New: func() caddy.Module { return new(Feeds) },
	}
}

// ServeHTTP answers with a feed, or with the list of feeds.
func (h *Feeds) ServeHTTP(w http.ResponseWriter, r *http.Request, _ caddyhttp.Handler) error {
	if err := h.serve(w, r); err != nil {
		h.refuse(w, err)
	}
	return nil
}

// serve answers, or returns an error before it answered. The token comes first: only then
// is a path with one kept out of the access log.
func (h *Feeds) serve(w http.ResponseWriter, r *http.Request) error {
	token, name, suffix := splitFeedPath(r.URL.Path)
	pass, err := admitToFeeds(h.app, r, token)
	if err != nil {
		return feedError(w, pass, err)
	}
	if err := checkMethod(w, r, "", http.MethodGet, http.MethodHead); err != nil {
		return err
	}
	if name == "" && suffix == "" {
		return h.list(w, r, pass)
	}
	open, err := h.app.Feed(r.Context(), pass, name)
	if err != nil {
		return feedError(w, pass, err)
	}
	format, found := lists.WithSuffix(suffix)
	if !found {
		return &refusal{status: http.StatusNotFound, kind: "format", reason: "feeds have no format ." + query.Clip(suffix)}
	}
	return h.feed(w, r, pass, open, &format)
}

// splitFeedPath returns the token in a path, if there is one, the name of the feed, and the
// suffix of the format. All are empty for the list of feeds.
func splitFeedPath(path string) (token, name, suffix string) {
	token, rest := cutToken(strings.Trim(path, "/"))
	name, suffix, _ = strings.Cut(rest, ".")
	return token, name, suffix
}

// feed answers with a feed in a format.
func (h *Feeds) feed(w http.ResponseWriter, r *http.Request, pass *feed.Pass, open *app.OpenFeed, format *lists.Format) error {
	values, err := parameters(r)
	if err != nil {
		return err
	}
	options, err := format.ParseOptions(values)
	if err != nil {
		return err
	}
	standard, err := format.ParseOptions(nil)
	if err != nil {
		return err
	}
	key := format.Key(options)
	return h.file(w, r, pass, open, format.Media, app.Variant{
		Key: key, Common: key == format.Key(standard), Render: func() []byte { return format.Write(open.Snapshot, options) },
	})
}

// feedCaching returns how answers may be cached: those to clients with a token only by
// themselves, who must ask whether they changed.
func feedCaching(pass *feed.Pass) string {
	if pass.Name == "" {
		return publicFeedAge
	}
	return "private, no-cache"
}

// feedListing is a feed in the list of feeds.
type feedListing struct {
	Name string `json:"name"`
	// At is the time up to which alerts count, and Entries the number of addresses and
	// networks; both are missing until it was computed.
	At      *time.Time      `json:"at,omitempty"`
	Entries *int            `json:"entries,omitempty"`
	Licence string          `json:"licence,omitempty"`
	Public  bool            `json:"public"`
	Formats []formatListing `json:"formats"`
}

// formatListing is a format in the list of feeds. URL is the path on this server.
type formatListing struct {
	Format string `json:"format"`
	Name   string `json:"name"`
	Media  string `json:"media"`
	URL    string `json:"url"`
}

// list answers with the feeds that the client may read.
func (h *Feeds) list(w http.ResponseWriter, r *http.Request, pass *feed.Pass) error {
	readable := h.app.FeedsFor(pass)
	if len(readable) == 0 {
		return feedError(w, pass, app.ErrUnknownFeed)
	}
	listings := make([]feedListing, 0, len(readable))
	for i := range readable {
		listing := feedListing{Name: readable[i].Name, Licence: readable[i].Licence, Public: readable[i].Public}
		open, err := h.app.Feed(r.Context(), pass, listing.Name)
		switch {
		case err == nil:
			entries := len(open.Entries)
			listing.At, listing.Entries = &open.At, &entries
		case !errors.Is(err, app.ErrFeedStarting):
			return err
		}
		for _, f := range lists.All() {
			listing.Formats = append(listing.Formats, formatListing{
				Format: f.Suffix, Name: f.Name, Media: f.Media, URL: folderOf(r) + listing.Name + "." + f.Suffix,
			})
		}
		listings = append(listings, listing)
	}
	text, err := json.Marshal(listings)
	if err != nil {
		return err
	}
	body := content.Plain(append(text, '\n'))
	w.Header().Set("Cache-Control", feedCaching(pass))
	content.Serve(w, r, query.JSON, &body)
	return nil
}

// folderOf returns the path that the client asked for, with a trailing slash. A prefix that
// Caddy stripped from it belongs to it.
func folderOf(r *http.Request) string {
	path := r.URL.EscapedPath()
	if original, ok := r.Context().Value(caddyhttp.OriginalRequestCtxKey).(http.Request); ok {
		path = original.URL.EscapedPath()
	}
	return strings.TrimRight(path, "/") + "/"
}

// UnmarshalCaddyfile sets up the handler. Syntax:
//
//	peba_feeds [<matcher>]
//
// Outside of the root use it within handle_path.
func (h *Feeds) UnmarshalCaddyfile(d *caddyfile.Dispenser) error { return noOptions(d) }

var (
	_ caddy.Provisioner           = (*Feeds)(nil)
	_ caddyhttp.MiddlewareHandler = (*Feeds)(nil)
	_ caddyfile.Unmarshaler       = (*Feeds)(nil)
)
