package handlers

import (
	"net/http"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/peba-edge/peba/app"
	"github.com/peba-edge/peba/content"
	"github.com/peba-edge/peba/feed/taxii"
)

func init() {
	caddy.RegisterModule(new(TAXII))
}

// TAXII serves feeds to TAXII 2.1 clients, which can read only. Each feed that the client may
// read is a collection. Clients send their token as the password of HTTP Basic, as a Bearer
// token, or in the header X-Api-Key. It must be served below /taxii2/.
type TAXII struct{ base }

// CaddyModule returns the Caddy module information.
func (*TAXII) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.handlers.peba_taxii",
		New: func() caddy.Module { return new(TAXII) },
	}
}

// ServeHTTP answers a TAXII client.
func (h *TAXII) ServeHTTP(w http.ResponseWriter, r *http.Request, _ caddyhttp.Handler) error {
	response, err := h.answer(w, r)
	if err == nil {
		err = response.Err
	}
	if err != nil {
		refused := refuse(err)
		refused.log(h.logger, "answering a TAXII client failed")
		refused.setHeaders(w)
		response = taxii.Error(refused.status, http.StatusText(refused.status), refused.reason)
	}
	for name, values := range response.Header {
		w.Header()[name] = values
	}
	if err == nil {
		w.Header().Set("Cache-Control", "private, no-store")
	}
	content.Write(w, response.Status, taxii.MediaType, response.Body)
	return nil
}

// answer returns the answer for the feeds that the client may read.
func (h *TAXII) answer(w http.ResponseWriter, r *http.Request) (taxii.Response, error) {
	pass, err := admitToFeeds(h.app, r, "")
	if err != nil {
		return taxii.Response{}, feedError(w, pass, err)
	}
	values, err := parameters(r)
	if err != nil {
		return taxii.Response{}, err
	}
	readable := h.app.FeedsFor(pass)
	if len(readable) == 0 {
		return taxii.Response{}, feedError(w, pass, app.ErrUnknownFeed)
	}
	collections := make([]taxii.Collection, 0, len(readable))
	for i := range readable {
		d := &readable[i]
		collections = append(collections, taxii.Collection{Feed: d, Index: func() (*taxii.Index, error) {
			open, err := h.app.Feed(r.Context(), pass, d.Name)
			if err != nil {
				return nil, feedError(w, pass, err)
			}
			return open.Memo("taxii", func() any { return taxii.NewIndex(open.Snapshot) }).(*taxii.Index), nil
		}})
	}
	if err := pass.Wait(r.Context()); err != nil {
		return taxii.Response{}, err
	}
	response := taxii.Answer(&taxii.Request{
		Method: r.Method, Path: "/taxii2" + r.URL.Path, Seen: folderOf(r), Query: values, Accept: r.Header.Values("Accept"),
	}, collections)
	pass.Charge(len(response.Body))
	if response.Status == http.StatusNotFound && pass.Name == "" {
		return taxii.Response{}, feedError(w, pass, app.ErrUnknownFeed) // it may exist for those with a token
	}
	return response, nil
}

// UnmarshalCaddyfile sets up the handler. Syntax:
//
//	peba_taxii [<matcher>]
//
// It uses the path with its prefix stripped:
//
//	handle_path /taxii2/* {
//	    peba_taxii
//	}
func (h *TAXII) UnmarshalCaddyfile(d *caddyfile.Dispenser) error { return noOptions(d) }

var (
	_ caddy.Provisioner           = (*TAXII)(nil)
	_ caddyhttp.MiddlewareHandler = (*TAXII)(nil)
	_ caddyfile.Unmarshaler       = (*TAXII)(nil)
)
