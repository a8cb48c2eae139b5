package handlers

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/peba-edge/peba/app"
	"github.com/peba-edge/peba/content"
	"github.com/peba-edge/peba/query"
	"github.com/peba-edge/peba/store"
)

func init() {
	caddy.RegisterModule(new(FeedAllow))
}

// maxAllowance is far above the size of an allowance, in bytes.
const maxAllowance = 8 << 10

// FeedAllow lets users change the list of networks that no feed lists. POST adds one, from
// a JSON object with cidr, reason and, optionally, until; DELETE with the parameter cidr
// removes one. It needs peba_auth before it. Users with get_only or community may not.
type FeedAllow struct{ base }

// CaddyModule returns the Caddy module information.
func (*FeedAllow) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "http.handlers.peba_feed_allow",
		New: func() caddy.Module { return new(FeedAllow) },
	}
}

// ServeHTTP changes the list.
func (h *FeedAllow) ServeHTTP(w http.ResponseWriter, r *http.Request, _ caddyhttp.Handler) error {
	err := h.serve(w, r)
	if err == nil {
		return nil
	}
	var invalid *app.AllowanceError
	refused := refuse(err)
	switch {
	case errors.As(err, &invalid):
		refused = &refusal{status: http.StatusBadRequest, kind: "parameter", reason: invalid.Error()}
	case errors.Is(err, store.ErrNotFound):
		refused = &refusal{status: http.StatusNotFound, kind: "parameter", reason: "there is no allowance for this network"}
	}
	refused.log(h.logger, "changing the allowed networks failed")
	refused.write(w, query.JSON)
	return nil
}

func (h *FeedAllow) serve(w http.ResponseWriter, r *http.Request) error {
	user := readerOf(r)
	if user == nil || user.ReadOnly || user.CommunityOnly {
		return &refusal{status: http.StatusForbidden, kind: "credentials", reason: "only users who may write can change the allowed networks"}
	}
	if err := checkMethod(w, r, "", http.MethodPost, http.MethodDelete); err != nil {
		return err
	}
	by := "user " + user.Name
	if r.Method == http.MethodDelete {
		values, err := parameters(r)
		if err != nil {
			return err
		}
		if err := h.app.RemoveAllowance(r.Context(), values.Get("cidr"), by); err != nil {
			return err
		}
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	wanted, err := readAllowance(r)
	if err != nil {
		return err
	}
	allowed, err := h.app.AllowInFeeds(r.Context(), wanted, by)
	if err != nil {
		return err
	}
	body, err := json.Marshal(map[string]string{"network": allowed.CIDR})
	if err != nil {
		return fmt.Errorf("encoding the answer: %w", err)
	}
	w.Header().Set("Cache-Control", "no-store")
	content.Write(w, http.StatusOK, query.JSON, body)
	return nil
}

// readAllowance reads the body of a POST. Its media type is one that browsers do not send
// to other sites without asking them.
func readAllowance(r *http.Request) (app.NewFeedAllowance, error) {
	var wanted app.NewFeedAllowance
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != query.JSON {
		return wanted, &refusal{status: http.StatusUnsupportedMediaType, kind: "media_type", reason: "Content-Type: must be " + query.JSON}
	}
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxAllowance))
	if err != nil {
		return wanted, err
	}
	if err := json.Unmarshal(body, &wanted); err != nil {
		return wanted, &refusal{status: http.StatusBadRequest, kind: "malformed", reason: "the body must be a JSON object with cidr, reason and, optionally, until: " + err.Error()}
	}
	return wanted, nil
}

// UnmarshalCaddyfile sets up the handler. Syntax:
//
//	peba_feed_allow [<matcher>]
func (h *FeedAllow) UnmarshalCaddyfile(d *caddyfile.Dispenser) error { return noOptions(d) }

var (
	_ caddy.Provisioner           = (*FeedAllow)(nil)
	_ caddyhttp.MiddlewareHandler = (*FeedAllow)(nil)
	_ caddyfile.Unmarshaler       = (*FeedAllow)(nil)
)
