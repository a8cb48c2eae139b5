package collector

import (
	"context"
	"errors"
	"net/netip"
	"os"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyevents"
	"go.uber.org/zap"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/query"
	"github.com/peba-edge/peba/store"
	"github.com/peba-edge/peba/stream"
)

// mostStreamed is how many bytes of a request are streamed: each goes to all
// clients, and an attacker may have sent 64 KB.
const mostStreamed = 1 << 10

// newFeed returns what tells clients of new alerts.
func (a *App) newFeed() *stream.Feed {
	return stream.New(stream.Options{
		Reader:        a.store,
		Encode:        func(d *alert.Document) ([]byte, error) { return query.EncodeAlert(d, a.settings, mostStreamed) },
		MaxClients:    a.MaxStreams,
		MaxPerNetwork: a.MaxStreamsPerAddress,
		Failed:        func(err error) { a.logger.Error("streams of new alerts", zap.Error(err)) },
	})
}

// Listener is a client of a stream.
type Listener struct {
	// From is the client's address.
	From netip.Addr
	// Reader is who it is; nil for one that has not logged in.
	Reader *Reader
	// Domain is whose alerts it asks for.
	Domain store.Domain
	// LastEventID is the id of the last event that it had; empty for a new one.
	LastEventID string
}

// CheckListener returns ErrPrivateDomain if a client may not see what it asks for.
func (a *App) CheckListener(l Listener) error {
	_, err := a.domainFor(l.Reader, l.Domain)
	return err
}

// Stream opens a stream of new alerts, and has send called with each chunk of it, until
// send or the stream fails or ctx ends. The error tells why the stream ended; it is, or
// wraps, one of package stream's when that was its end, or ErrPrivateDomain.
func (a *App) Stream(ctx context.Context, l Listener, send func([]byte) error) error {
	if err := a.wait(ctx); err != nil {
		return err
	}
	domain, err := a.domainFor(l.Reader, l.Domain)
	if err != nil {
		return err
	}
	client, err := a.feed.Subscribe(ctx, SourceNetwork(l.From), domain, l.LastEventID)
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

// endStreams ends the open streams, and lets no new ones in.
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
