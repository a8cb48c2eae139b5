// Package stream sends new alerts to clients as server-sent events. One reader
// of the store feeds all clients of a process, whichever process received an
// alert. DESIGN.md has the reasons.
//
// The parts of the package, from the store to a client:
//
//   - reader reads the store about once a second, in a round, for both domains.
//   - tracker remembers the alerts found in one domain, so that late ones are noticed.
//   - channel holds the events of one domain: alerts (entry), the counts of arrivals
//     per second, and the rate.
//   - Feed owns the reader and the clients, and sends each round's events as a chunk.
//   - Client is one open stream.
//   - cursor is a client's position, sent as the id of an event; resume.go finds the
//     events after it when the client reconnects.
package stream

import (
	"errors"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
)

var (
	// ErrFull is returned if the total limit of clients is reached.
	ErrFull = errors.New("too many streams are open")
	// ErrShare is returned if the limit of clients per network is reached.
	ErrShare = errors.New("too many streams are open from this address")
	// ErrClosed ends the streams of a feed that was closed.
	ErrClosed = errors.New("the stream was closed")
	// ErrSlow ends the stream of a client that reads more slowly than it is
	// sent to.
	ErrSlow = errors.New("the client is too slow")
)

// Limits of what clients get.
const (
	// shownPerSecond is the maximum number of alerts per second of arrival shown
	// on a channel. Of more alerts an evenly spread selection is shown.
	shownPerSecond = 50
	// maxReplayed is the maximum number of alerts sent to a reconnecting client.
	maxReplayed = 1000
	// oldestResume is the maximum age of a client's last event; older ones are
	// ignored.
	oldestResume = 24 * time.Hour
	// heartbeatEvery is the maximum silence of a stream.
	heartbeatEvery = 15 * time.Second
	// rateSpan is the span over which the rate is averaged.
	rateSpan = 10 * time.Second
)

// How the store is read.
const (
	// settle is how long after its end a second is read, so that it is usually
	// complete.
	settle = store.Settle
	// shortLook is how far back each round looks for alerts that became visible
	// late (Elasticsearch's refresh, other edges). Every tenth round looks back
	// longLook.
	shortLook = 15
	longLook  = 120
	longEvery = 10
	// history is how long found alerts are remembered, in seconds.
	history = 600
	// readPerSecond is the maximum number of alerts per second that are read,
	// to select from.
	readPerSecond = 10 * shownPerSecond
	// secondsPerRound is the maximum number of seconds with new alerts that a
	// round reads; the next round reads the others.
	secondsPerRound = 10
	// linger is how long reading continues without clients: most reconnect at
	// once.
	linger = 30 * time.Second
)

// bufferedChunks is how many rounds a client may be behind.
const bufferedChunks = 16

// Options configures a feed.
type Options struct {
	// Reader is the store to read alerts from.
	Reader store.Reader
	// Encode returns the data of an alert's event: JSON in one line.
	Encode func(*alert.Document) ([]byte, error)
	// MaxClients is the maximum number of open streams.
	MaxClients int
	// MaxPerNetwork is the maximum number of open streams per network.
	MaxPerNetwork int
	// Failed is called with the first of a series of failures to read the
	// store. Clients get no alerts until the series ends.
	Failed func(error)
}
