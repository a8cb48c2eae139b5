package stream

import (
	"context"
	"net/netip"
	"time"

	"github.com/peba-edge/peba/store"
)

// Client is one open stream.
type Client struct {
	feed   *Feed
	from   netip.Prefix
	domain store.Domain
	// after is the position at which it resumes; nil for a new client.
	after *cursor
	// earlier is the number of alerts it missed between after and countedTo, if
	// countedTo is not zero; uncounted if the store failed.
	earlier, countedTo int64
	uncounted          bool

	chunks chan []byte
	// gone is closed when the feed has ended the stream; cause is the reason.
	gone  chan struct{}
	cause error
	// admitted clients get the events of each round.
	admitted bool
	// warned clients were told that the store cannot be read.
	warned bool
}

// heartbeat is a comment that keeps connections open and reveals broken ones.
var heartbeat = []byte(": still here\n\n")

// Next returns the next bytes to send: complete events, shared with other clients
// and not to be changed, or a comment after some silence. The error is ctx's or the
// reason why the feed ended the stream: ErrSlow or ErrClosed.
func (c *Client) Next(ctx context.Context) ([]byte, error) {
	select {
	case <-c.gone:
		return nil, c.cause
	default:
	}
	silence := time.NewTimer(heartbeatEvery)
	defer silence.Stop()
	select {
	case chunk := <-c.chunks:
		return chunk, nil
	case <-silence.C:
		return heartbeat, nil
	case <-c.gone:
		return nil, c.cause
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Close removes the client from the feed.
func (c *Client) Close() {
	c.feed.mu.Lock()
	defer c.feed.mu.Unlock()
	c.feed.end(c, ErrClosed)
}

// welcome is the key of a client's first chunk, which equal clients share.
type welcome struct {
	domain             store.Domain
	resumes            bool
	after              cursor
	earlier, countedTo int64
	uncounted          bool
}

func (c *Client) welcome() welcome {
	w := welcome{domain: c.domain, earlier: c.earlier, countedTo: c.countedTo, uncounted: c.uncounted}
	if c.after != nil {
		w.resumes, w.after = true, *c.after
	}
	return w
}
