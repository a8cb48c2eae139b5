package app

import (
	"context"
	"sync"

	"github.com/peba-edge/peba/content"
	"github.com/peba-edge/peba/feed"
)

// maxBodies and maxBodyBytes bound the bodies that are kept of one snapshot, besides the
// common ones. There are as many variants as clients can think of.
const (
	maxBodies    = 64
	maxBodyBytes = 128 << 20
)

// OpenFeed is a snapshot of a feed with the bodies made of it, which all clients share.
type OpenFeed struct {
	*feed.Snapshot

	encoder *content.Encoder
	mu      sync.Mutex
	bodies  map[string]*madeBody
	bytes   int // of all bodies that are kept and not common
	memos   map[string]func() any
}

// madeBody is a body, once it is made.
type madeBody struct {
	once sync.Once
	body content.Body
}

func newOpenFeed(s *feed.Snapshot, encoder *content.Encoder) *OpenFeed {
	return &OpenFeed{Snapshot: s, encoder: encoder, bodies: make(map[string]*madeBody), memos: make(map[string]func() any)}
}

// Variant is a body of a snapshot.
type Variant struct {
	// Key is the same for all requests for it.
	Key string
	// Common is set for those that clients do not choose by parameters, of which there are
	// few. They are always kept and cost clients nothing: nobody who asks for many variants
	// can take them from others.
	Common bool
	Render func() []byte
}

// Body returns a body, which is made once for a snapshot. A client that has much made
// waits, or gets feed.ErrTooMany.
func (o *OpenFeed) Body(ctx context.Context, pass *feed.Pass, v Variant) (*content.Body, error) {
	o.mu.Lock()
	made, known := o.bodies[v.Key]
	o.mu.Unlock()
	if !known {
		if !v.Common {
			if err := pass.Wait(ctx); err != nil {
				return nil, err
			}
		}
		made = o.reserve(v)
	}
	// Clients that ask for the same body at once wait for the first.
	made.once.Do(func() {
		made.body = o.encoder.Lazy(v.Render())
		if !v.Common {
			pass.Charge(len(made.body.Value))
			o.account(v.Key, made)
		}
	})
	return &made.body, nil
}

// reserve returns the place for a body. It is kept if it is common, or if there is room.
func (o *OpenFeed) reserve(v Variant) *madeBody {
	o.mu.Lock()
	defer o.mu.Unlock()
	if made, known := o.bodies[v.Key]; known {
		return made
	}
	made := new(madeBody)
	if v.Common || len(o.bodies) < maxBodies && o.bytes < maxBodyBytes {
		o.bodies[v.Key] = made
	}
	return made
}

// account counts a body that was made, and drops it if it is too much.
func (o *OpenFeed) account(key string, made *madeBody) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.bodies[key] != made {
		return
	}
	if o.bytes += len(made.body.Value); o.bytes > maxBodyBytes {
		o.bytes -= len(made.body.Value)
		delete(o.bodies, key)
	}
}

// Memo returns the value of a key, which make makes once for a snapshot. The number of keys
// must be small.
func (o *OpenFeed) Memo(key string, make func() any) any {
	o.mu.Lock()
	once, known := o.memos[key]
	if !known {
		once = sync.OnceValue(make)
		o.memos[key] = once
	}
	o.mu.Unlock()
	return once()
}
