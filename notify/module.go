// Package notify posts events of Caddy's events app to a webhook. See DESIGN.md
// for the reasons.
package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyevents"
	"go.uber.org/zap"
)

func init() {
	caddy.RegisterModule(new(Handler))
}

// maxEvent is the maximum size of an event as JSON, in bytes.
const maxEvent = 64 << 10

// errURL does not contain the URL: many have a secret in their path.
var errURL = errors.New("peba_notify: the URL is invalid: must be http://HOST/… or https://HOST/…")

// Handler posts each event to a URL, as JSON in the form of CloudEvents 1.0. It works in
// the background: events are queued in memory, at most 100, until the receiver answers
// with a 2xx status. There are up to four attempts within 31 seconds, plus at most ten
// seconds for each answer. When the configuration is replaced or the server stops, queued
// events are sent within five seconds or dropped.
type Handler struct {
	// URL that events are posted to. Placeholders such as {env.NAME} and {file.PATH} are
	// replaced when the configuration is loaded.
	URL string `json:"url"`

	logger *zap.Logger
	sender *sender
}

// CaddyModule returns the Caddy module information.
func (*Handler) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "events.handlers.peba_notify",
		New: func() caddy.Module { return new(Handler) },
	}
}

// Provision starts the sender, which does not connect before the first event.
func (h *Handler) Provision(ctx caddy.Context) error {
	h.logger = ctx.Logger()
	if err := registerMetrics(ctx.GetMetricsRegistry()); err != nil {
		return fmt.Errorf("registering metrics: %w", err)
	}
	target, err := parseURL(caddy.NewReplacer().ReplaceKnown(h.URL, ""))
	if err != nil {
		return err
	}
	h.sender = newSender(target, newClient(), h.logger)
	return nil
}

// parseURL parses and checks the webhook's URL.
func parseURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return nil, errURL
	}
	return u, nil
}

// Handle enqueues the event and never blocks, since it runs while alerts are processed.
// It returns an error for events that cannot be sent at all; Caddy logs it.
func (h *Handler) Handle(_ context.Context, e caddy.Event) error {
	event := e.CloudEvent()
	body, err := json.Marshal(event)
	if err != nil {
		return fmt.Errorf("encoding the event: %w", err)
	}
	if e.Data != nil && len(event.Data) == 0 {
		return errors.New("encoding the event: its data cannot be represented in JSON")
	}
	if len(body) > maxEvent {
		return fmt.Errorf("the event is too large to be sent: got %d bytes, must be at most %d", len(body), maxEvent)
	}
	h.sender.enqueue(body)
	return nil
}

// Cleanup sends or drops queued events. Only the end of the process waits for that.
func (h *Handler) Cleanup() error {
	if h.sender == nil {
		return nil
	}
	done := h.sender.close()
	if caddy.Exiting() {
		<-done
	}
	return nil
}

// UnmarshalCaddyfile sets up the handler, within the global option events. Syntax:
//
//	on <event> peba_notify <url>
func (h *Handler) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next() // the handler's name
	args := d.RemainingArgs()
	if len(args) != 1 {
		return d.Errf("peba_notify has %d arguments: must be one URL", len(args))
	}
	h.URL = args[0]
	if _, err := parseURL(h.URL); err != nil && !strings.Contains(h.URL, "{") { // no placeholder
		return d.WrapErr(err)
	}
	if d.NextBlock(d.Nesting()) {
		return d.Errf("peba_notify takes no block: unexpected %q", d.Val())
	}
	return nil
}

var (
	_ caddy.Provisioner     = (*Handler)(nil)
	_ caddy.CleanerUpper    = (*Handler)(nil)
	_ caddyfile.Unmarshaler = (*Handler)(nil)
	_ caddyevents.Handler   = (*Handler)(nil)
)
