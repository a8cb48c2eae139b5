package app

import (
	"context"
	"errors"
	"net/netip"
	"os"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyevents"
	"go.uber.org/zap"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/intake"
	"github.com/peba-edge/peba/query"
	"github.com/peba-edge/peba/store"
	"github.com/peba-edge/peba/stream"
)

// maxStreamed is the maximum number of bytes of a request in the stream: every
// client gets it, and an attacker may have sent 64 KB.
const maxStreamed = 1 << 10

// newFeed returns the feed of new alerts.
func (a *App) newFeed() *stream.Feed {
	return stream.New(stream.Options{
		Reader:        a.store,
		Encode:        func(d *alert.Document) ([]byte, error) { return query.EncodeAlert(d, a.settings, maxStreamed) },
		MaxClients:    a.MaxStreams,
		MaxPerNetwork: a.MaxStreamsPerAddress,
		Failed:        func(err error) { a.logger.Error("streams of new alerts", zap.Error(err)) },
	})
}

// Listener is a client of a stream.
type Listener struct {
	// From is the client's address.
	From netip.Addr
	// Reader is the user; nil without a login.
	Reader *Reader
	// Domain is the requested domain.
	Domain store.Domain
	// LastEventID is the id of the client's last event; empty for a new client.
	LastEventID string
}

// CheckListener returns ErrPrivateDomain if the client may not see the domain.
func (a *App) CheckListener(l Listener) error {
	_, err := a.domainFor(l.Reader, l.Domain)
	return err
}

// Stream opens a stream of new alerts and calls send with each chunk, until send or the
// stream fails or ctx ends. The error is the reason: it is or wraps that of send, ctx
// or package stream, or is ErrPrivateDomain.
func (a *App) Stream(ctx context.Context, l Listener, send func([]byte) error) error {
	if err := a.wait(ctx); err != nil {
		return err
	}
	domain, err := a.domainFor(l.Reader, l.Domain)
	if err != nil {
		return err
	}
	client, err := a.feed.Subscribe(ctx, intake.SourceNetwork(l.From), domain, l.LastEventID)
	if err != nil {
		return err
	}
	defer client.Close()
	metrics.streams.Inc()
	defer metrics.streams.Dec()
	for {
		chunk, err := client.Next(ctx)
		if err == nil {
			err = send(chunk)
		}
		if err != nil {
			if errors.Is(err, stream.ErrSlow) || errors.Is(err, os.ErrDeadlineExceeded) {
				metrics.slowStreams.Inc()
			}
			return err
		}
	}
}

// endStreams ends the open streams and rejects new ones.
func (a *App) endStreams() {
	if a.started() {
		a.feed.Close()
	}
}

// stopping ends the streams when Caddy is about to stop the apps of this
// configuration: the HTTP server, which may be stopped first, waits for them.
type stopping struct{ app *App }

// Handle handles the event "stopping".
func (s stopping) Handle(context.Context, caddy.Event) error {
	s.app.endStreams()
	return nil
}

var _ caddyevents.Handler = stopping{}
