package handlers

import (
	"net/http"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/peba-edge/peba/app"
)

func init() {
	caddy.RegisterModule(new(MISP))
}

// MISP serves feeds as the directories that MISP reads: /NAME/manifest.json, /NAME/hashes.csv,
// and an event for each day. Clients send their token as the password of HTTP Basic, as a
// Bearer token, in the header X-Api-Key, or before the rest of the path, as in
// /t/TOKEN/NAME/manifest.json.
type MISP struct{ feedFiles }

// CaddyModule returns the Caddy module information.
func (*MISP) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.handlers.peba_misp",
		New: func() caddy.Module { return new(MISP) },
	}
}

// ServeHTTP answers with a file.
func (h *MISP) ServeHTTP(w http.ResponseWriter, r *http.Request, _ caddyhttp.Handler) error {
	if err := h.serve(w, r); err != nil {
		h.refuse(w, err)
	}
	return nil
}

// serve answers, or returns an error before it answered. The token comes first: only then
// is a path with one kept out of the access log.
func (h *MISP) serve(w http.ResponseWriter, r *http.Request) error {
	token, name, file := splitMISPPath(r.URL.Path)
	pass, err := admitToFeeds(h.app, r, token)
	if err != nil {
		return feedError(w, pass, err)
	}
	if err := checkMethod(w, r, "", http.MethodGet, http.MethodHead); err != nil {
		return err
	}
	open, err := h.app.Feed(r.Context(), pass, name)
	if err != nil {
		return feedError(w, pass, err)
	}
	directory, err := h.app.MISP(r.Context(), open)
	if err != nil {
		return err
	}
	media, known := directory.Media(file)
	if !known {
		return &refusal{status: http.StatusNotFound, kind: "file", reason: "the feed has no such file: it has manifest.json, hashes.csv, and the events in the manifest"}
	}
	return h.file(w, r, pass, open, media, app.Variant{Key: "misp/" + file, Common: true, Render: func() []byte { return directory.File(file) }})
}

// splitMISPPath returns the token in a path, if there is one, the name of the feed, and that
// of the file.
func splitMISPPath(path string) (token, name, file string) {
	token, rest := cutToken(strings.TrimPrefix(path, "/"))
	name, file, _ = strings.Cut(rest, "/")
	return token, name, file
}

// UnmarshalCaddyfile sets up the handler. Syntax:
//
//	peba_misp [<matcher>]
//
// It uses the path with its prefix stripped:
//
//	handle_path /misp/* {
//	    peba_misp
//	}
func (h *MISP) UnmarshalCaddyfile(d *caddyfile.Dispenser) error { return noOptions(d) }

var (
	_ caddy.Provisioner           = (*MISP)(nil)
	_ caddyhttp.MiddlewareHandler = (*MISP)(nil)
	_ caddyfile.Unmarshaler       = (*MISP)(nil)
)
