// Package stream tells clients of new alerts, as server-sent events. One reader
// of the store feeds all clients of a process, whichever process took an alert
// in. DESIGN.md tells why it is built as it is.
package stream

import (
	"errors"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
)

var (
	// ErrFull is returned to one client too many.
	ErrFull = errors.New("too many streams are open")
	// ErrShare is returned to one client too many of the same network.
	ErrShare = errors.New("too many streams are open from this address")
	// ErrClosed ends the streams of a feed that was closed.
	ErrClosed = errors.New("the stream was closed")
	// ErrSlow ends the stream of a client that takes less than it is sent.
	ErrSlow = errors.New("the client is too slow")
)

// What clients get.
const (
	// shownPerSecond is how many alerts of one second, by the time received, are
	// shown on a channel; of more an even choice.
	shownPerSecond = 50
	// mostReplayed is how many alerts a client that comes back gets at most.
	mostReplayed = 1000
	// oldestResume is how long ago a client's last event may be; older ones are
	// as good as none.
	oldestResume = 24 * time.Hour
	// heartbeatEvery is how long a stream is silent at most.
	heartbeatEvery = 15 * time.Second
	// rateSpan is what the rate is an average of.
	rateSpan = 10 * time.Second
)

// How the store is read.
const (
	// settle is how long after its end a second is read, so that it is whole as
	// a rule.
	settle = 500 * time.Millisecond
	// shortLook is how far back each round looks for alerts that became visible
	// late (Elasticsearch's refresh, other edges), and longLook every tenth.
	shortLook = 15
	longLook  = 120
	longEvery = 10
	// history is how far back is known what was found, in seconds.
	history = 600
	// readPerSecond is how many alerts of a second are read, to choose from.
	readPerSecond = 10 * shownPerSecond
	// secondsPerRound is how many seconds with new alerts a round reads; the
	// others are left to the next one.
	secondsPerRound = 10
	// linger is how long reading goes on when nobody listens any more: most come
	// back at once.
	linger = 30 * time.Second
)

// bufferedChunks is how far a client may be behind, in rounds.
const bufferedChunks = 16

// Options are what a feed is made of.
type Options struct {
	// Reader is where alerts are read.
	Reader store.Reader
	// Encode returns what clients are told of an alert: JSON in one line.
	Encode func(*alert.Document) ([]byte, error)
	// MaxClients is how many streams may be open at once.
	MaxClients int
	// MaxPerNetwork is how many of them one network may have.
	MaxPerNetwork int
	// Failed hears of a failure to read the store, the first of a row of them;
	// clients hear nothing for that long.
	Failed func(error)
}
