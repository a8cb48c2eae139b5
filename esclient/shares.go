package esclient

import (
	"fmt"
	"slices"
)

// share is one store's reference to a spool.
type share struct {
	store   *esStore
	urls    []string // of its cluster
	yielded bool     // its configuration is being replaced
}

// join adds a store that shares the spool.
func (o *outgoing) join(m *Module, s *esStore) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if m.Index != o.names || m.Spool.MaxSize != o.maxSize || *m.Spool.Reserve != o.reserve {
		return fmt.Errorf("spool %s is in use with other index names, max_size or reserve: stop and start PEBA to change these", o.path)
	}
	o.change(func() { o.shares = append(o.shares, &share{store: s, urls: m.URLs}) })
	return nil
}

// yield records that a store's configuration is being replaced.
func (o *outgoing) yield(s *esStore) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.change(func() {
		for _, share := range o.shares {
			share.yielded = share.yielded || share.store == s
		}
	})
}

// leave undoes join; the last one to leave closes the spool.
func (o *outgoing) leave(s *esStore) error {
	o.mu.Lock()
	o.change(func() {
		o.shares = slices.DeleteFunc(o.shares, func(share *share) bool { return share.store == s })
	})
	o.mu.Unlock()
	_, err := spools.Delete(o.path)
	return err
}

// change changes the shares, and lets the sender continue with the then current
// store, which may have another cluster. The caller holds mu.
func (o *outgoing) change(shares func()) {
	before := o.first()
	shares()
	after := o.first()
	if after == before {
		return
	}
	if before != nil && (after == nil || !slices.Equal(before.urls, after.urls)) {
		o.seen.forget()
		o.sender.Forget()
	}
	close(o.turned)
	o.turned = make(chan struct{})
}

// first returns the share of the current store: the oldest whose configuration
// stays, so that a configuration that fails to start is never used, or the
// newest if all are being replaced; nil if the last one is leaving. The caller
// holds mu.
func (o *outgoing) first() *share {
	for _, share := range o.shares {
		if !share.yielded {
			return share
		}
	}
	if n := len(o.shares); n > 0 {
		return o.shares[n-1]
	}
	return nil
}

// current returns the store whose cluster receives alerts, and a channel that is
// closed when that changes.
func (o *outgoing) current() (*esStore, <-chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if share := o.first(); share != nil {
		return share.store, o.turned
	}
	return nil, o.turned
}
