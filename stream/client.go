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
	// after is where it comes back from; nil for one that is new.
	after *cursor
	// earlier is how many alerts it missed between after and countedTo, where
	// that is not zero; uncounted if the store did not say.
	earlier, countedTo int64
	uncounted          bool

	chunks chan []byte
	// gone is closed when the feed has ended the stream, for a cause.
	gone  chan struct{}
	cause error
	// admitted clients are sent what rounds find.
	admitted bool
}

// heartbeat is a comment: it keeps connections open and tells of broken ones.
var heartbeat = []byte(": still here\n\n")

// Next returns what is to be sent next, whole events that other clients are sent
// as well: it is not to be changed. After a while of silence that is a comment. The
// error is ctx's, or tells why the feed ended the stream: ErrSlow or ErrClosed.
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

// Close gives the client's place back.
func (c *Client) Close() {
	c.feed.mu.Lock()
	defer c.feed.mu.Unlock()
	c.feed.end(c, ErrClosed)
}

// welcome is what the first chunk after a client's admission depends on.
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
